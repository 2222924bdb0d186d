"""Measures rank better images higher, and give all people the same weight."""

from __future__ import annotations

import numpy as np
from pretraining_helpers import FACES

from deepface_models.media import read_image
from deepface_models.pretraining import measures
from deepface_models.pretraining.compression import PCA, jpegs


def test_components_that_are_there_are_found():
    rng = np.random.default_rng(0)
    basis, codes = rng.normal(0, 1, (3, 192)), rng.normal(0, 1, (40, 3))
    images = (0.5 + 0.05 * codes @ basis).clip(0, 1).reshape(40, 8, 8, 3)
    images = images.astype("float32")
    rendered = [PCA(images[:30], n)(images[30:]) for n in (1, 2, 3)]
    errors = [float(np.mean(np.square(images[30:] - one))) for one in rendered]
    assert errors[0] > errors[1] > 10 * errors[2]
    assert PCA(images[:30], 99).components == 30


def test_jpegs_keep_to_their_bytes_and_get_better_with_more():
    photo = read_image(FACES / "london_005_neutral.jpg")[None, 100:164, 100:164]
    small, large = (jpegs(photo, size) for size in (700, 2000))
    assert small[1] <= 700 < large[1] <= 2000
    gray, size = jpegs(photo[..., :1], 2000)
    assert gray.shape == (1, 64, 64, 1) and size <= 2000
    assert measures.scores(photo[..., :1], gray)["PSNR"][0] > 30
    psnr = [measures.scores(photo, one[0])["PSNR"][0] for one in (small, large)]
    assert 15 < psnr[0] < psnr[1]
    assert jpegs(photo, 10)[1] > 10  # no JPEG is so small


def test_people_count_once_and_groups_are_of_two_or_more():
    values = {"SSIM": np.array([0.0, 0.5, 1.0])}
    assert measures.mean_of(values, ["a", "a", "b"]) == {"SSIM": 0.625}
    groups = [("x",), ("x",), ("x", "y")]
    assert measures.by_group(values, ["a", "a", "b"], groups) == {
        "x, 2 people": {"SSIM": 0.625}
    }

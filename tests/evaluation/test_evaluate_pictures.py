from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from deepface_models.evaluation import pictures

RNG = np.random.default_rng(0)
DISC = np.zeros((80, 80), np.float32)
cv2.circle(DISC, (40, 40), 25, 1.0, -1)


@pytest.fixture(scope="module")
def picture(held_out):
    return held_out.images[0][:80, :80]


def test_ssim_equals_scikit_images(picture):
    other = np.clip(picture + RNG.normal(0, 20, picture.shape), 0, 255)
    a, b = pictures.as_float(picture), (other / 255).astype(np.float32)
    ours = pictures.ssim(b, a, np.ones((80, 80)))
    full = structural_similarity(
        a,
        b,
        data_range=1.0,
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )[1]
    assert ours == pytest.approx(float(full.mean()), abs=1e-4)


def test_psnr_of_a_known_error(picture):
    a = pictures.as_float(picture) * 0.5
    assert pictures.psnr(a + 0.1, a, DISC) == pytest.approx(20, abs=0.01)
    assert pictures.psnr(a, a, DISC) == pytest.approx(pictures.BEST_PSNR)
    assert np.isnan(pictures.psnr(a, a, 0 * DISC))


def test_only_the_mask_counts(picture):
    spoiled = picture.copy()
    spoiled[DISC == 0] = 0
    assert pictures.psnr(spoiled, picture, DISC) == pytest.approx(100)
    inside = cv2.erode(DISC, np.ones((13, 13)))
    assert pictures.ssim(spoiled, picture, inside) == pytest.approx(1)
    np.testing.assert_allclose(
        pictures.mean_colour(picture, DISC), picture[DISC > 0].mean(0) / 255, rtol=1e-5
    )


def test_seam_energy_of_a_visible_edge(picture):
    assert pictures.seam_energy(picture, picture, picture, DISC) == 1
    dark = pictures.as_float(picture) * 0.7
    bright = dark + 0.3
    hard = pictures.seam_energy(dark + 0.3 * DISC[..., None], dark, bright, DISC)
    soft = cv2.GaussianBlur(DISC, (0, 0), 5)
    softly = dark + 0.3 * soft[..., None]
    assert hard > 2
    assert 1 < pictures.seam_energy(softly, dark, bright, soft) < hard
    black = 0 * picture
    assert pictures.seam_energy(black, black, black, DISC) == 1  # no edge at all


def test_what_the_drawn_face_has_of_its_own_is_no_seam(picture):
    """A jaw across the mask's edge, which a blurred face does not have."""
    jaw = picture.copy()
    jaw[DISC.shape[0] // 2 :] //= 2
    result = np.where(DISC[..., None] > 0, jaw, picture)
    with_jaw = pictures.seam_energy(result, picture, jaw, DISC)
    assert with_jaw < pictures.seam_energy(result, picture, picture, DISC)


def test_seam_energy_does_not_see_what_is_far_from_the_edge(picture):
    blank = picture.copy()
    blank[35:45, 35:45] = 0
    assert pictures.seam_energy(blank, picture, picture, DISC) == pytest.approx(1)


def test_a_mask_without_edge_has_no_seam(picture):
    assert np.isnan(pictures.seam_energy(picture, picture, picture, np.ones_like(DISC)))

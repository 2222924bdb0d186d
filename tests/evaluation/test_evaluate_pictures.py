from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from deepface_models.core.arrays import as_float
from deepface_models.evaluation import colors

RNG = np.random.default_rng(0)
DISC = np.zeros((80, 80), np.float32)
cv2.circle(DISC, (40, 40), 25, 1.0, -1)


@pytest.fixture(scope="module")
def image(held_out):
    return held_out.images[0][:80, :80]


def test_ssim_equals_scikit_images(image):
    other = np.clip(image + RNG.normal(0, 20, image.shape), 0, 255)
    a, b = as_float(image), (other / 255).astype(np.float32)
    ours = colors.ssim(b, a, np.ones((80, 80)))
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


def test_psnr_of_a_known_error(image):
    a = as_float(image) * 0.5
    assert colors.psnr(a + 0.1, a, DISC) == pytest.approx(20, abs=0.01)
    assert colors.psnr(a, a, DISC) == pytest.approx(colors.BEST_PSNR)
    assert np.isnan(colors.psnr(a, a, 0 * DISC))


def test_only_the_mask_counts(image):
    spoiled = image.copy()
    spoiled[DISC == 0] = 0
    assert colors.psnr(spoiled, image, DISC) == pytest.approx(100)
    inside = cv2.erode(DISC, np.ones((13, 13)))
    assert colors.ssim(spoiled, image, inside) == pytest.approx(1)
    np.testing.assert_allclose(
        colors.mean_color(image, DISC), image[DISC > 0].mean(0) / 255, rtol=1e-5
    )


def test_seam_energy_of_a_visible_edge(image):
    assert colors.seam_energy(image, image, image, DISC) == 1
    dark = as_float(image) * 0.7
    bright = dark + 0.3
    hard = colors.seam_energy(dark + 0.3 * DISC[..., None], dark, bright, DISC)
    soft = cv2.GaussianBlur(DISC, (0, 0), 5)
    softly = dark + 0.3 * soft[..., None]
    assert hard > 2
    assert 1 < colors.seam_energy(softly, dark, bright, soft) < hard
    black = 0 * image
    assert colors.seam_energy(black, black, black, DISC) == 1  # no edge at all


def test_what_the_decoded_face_has_of_its_own_is_no_seam(image):
    """A jaw across the mask's edge, which a blurred face does not have."""
    jaw = image.copy()
    jaw[DISC.shape[0] // 2 :] //= 2
    result = np.where(DISC[..., None] > 0, jaw, image)
    with_jaw = colors.seam_energy(result, image, jaw, DISC)
    assert with_jaw < colors.seam_energy(result, image, image, DISC)


def test_seam_energy_does_not_see_what_is_far_from_the_edge(image):
    blank = image.copy()
    blank[35:45, 35:45] = 0
    assert colors.seam_energy(blank, image, image, DISC) == pytest.approx(1)


def test_a_mask_without_edge_has_no_seam(image):
    assert np.isnan(colors.seam_energy(image, image, image, np.ones_like(DISC)))

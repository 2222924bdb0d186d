from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.data import target_masks
from deepface_models.data.masks import soften
from deepface_models.faces import MEAN_FACE_68, Box, Face, FaceSet

SIZE = 64


@pytest.fixture
def full() -> FaceSet:
    """Three faces with 68 landmarks."""
    made = FaceSet(image_size=SIZE)
    for shift in (0, 2, 4):
        points = np.float32(MEAN_FACE_68 * 36 + 14 + shift)
        face = Face(Box(0, 0, SIZE, SIZE), points, 1.0, "hand", np.eye(2, 3), SIZE)
        made.append(face, np.zeros((SIZE, SIZE, 3), "uint8"))
    return made


def test_face_is_the_sets_own_mask(full, people):
    for faces in (full, people["ana"]):
        for dilation in (0.0, 0.1, -0.1):
            made = target_masks(faces, "face", dilation)
            np.testing.assert_array_equal(made, faces.masks(dilation))


def test_hull_and_ellipse_differ_and_are_where_the_face_is(full):
    hull, ellipse = (target_masks(full, name) for name in ("hull", "ellipse"))
    np.testing.assert_array_equal(hull, full.masks())
    for masks in (hull, ellipse):
        assert masks.shape == (3, SIZE, SIZE)
        assert masks.dtype == np.float32
        assert (masks.min(), masks.max()) == (0.0, 1.0)
    both, either = np.minimum(hull, ellipse).sum(), np.maximum(hull, ellipse).sum()
    assert 0.75 < both / either < 0.99


def test_five_points_have_an_ellipse_and_no_hull(people):
    faces = people["ana"]
    np.testing.assert_array_equal(target_masks(faces, "ellipse"), faces.masks())
    with pytest.raises(ValueError, match=r"mask='hull'.*landmarks=5\. Expected 68"):
        target_masks(faces, "hull")


def test_full_is_all(full):
    assert (target_masks(full, "full") == 1.0).all()


@pytest.mark.parametrize("name", ["face", "hull", "ellipse"])
def test_dilation_grows_and_shrinks(full, name):
    small, plain, large = (target_masks(full, name, d) for d in (-0.1, 0.0, 0.1))
    assert (small <= plain).all()
    assert (plain <= large).all()
    assert small.sum() < 0.8 * plain.sum() < 0.8 * 0.9 * large.sum()


def test_masks_of_ones_own_are_taken_as_they_are(full):
    own = np.random.default_rng(0).random((3, SIZE, SIZE), "float32")
    np.testing.assert_array_equal(target_masks(full, own), own)
    np.testing.assert_array_equal(target_masks(full, own > 0.5), own > 0.5)
    levels = np.rint(own * 255).astype("uint8")
    np.testing.assert_allclose(target_masks(full, levels), levels / 255, atol=1e-6)


def test_masks_that_do_not_fit_are_named(full):
    own = np.zeros((2, SIZE, SIZE), "float32")
    with pytest.raises(
        ValueError, match=r"shape \(2, 64, 64\).*Expected \(3, 64, 64\)"
    ):
        target_masks(full, own)
    with pytest.raises(ValueError, match=r"mask_dilation=0\.1 were given"):
        target_masks(full, np.zeros((3, SIZE, SIZE)), 0.1)
    with pytest.raises(ValueError, match=r"mask='elipse'.*Did you mean 'ellipse'"):
        target_masks(full, "elipse")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 0.5))
def test_softening_keeps_range_shape_and_type(seed, amount):
    mask = np.random.default_rng(seed).random((32, 32), "float32")
    soft = soften(mask, amount)
    assert soft.shape == mask.shape
    assert soft.dtype == np.float32
    assert 0 <= soft.min() <= soft.max() <= 1
    if amount == 0:
        assert soft is mask


@pytest.mark.parametrize("amount", [0.1, 0.25])
def test_a_soft_edge_is_as_wide_as_stated_and_stays_in_place(amount):
    step = np.zeros((128, 128), "float32")
    step[:, 64:] = 1.0
    edge = soften(step, amount)[64]
    np.testing.assert_allclose(edge, 1 - edge[::-1], atol=1e-5)
    width = np.count_nonzero((edge > 0.023) & (edge < 0.977))
    assert width == pytest.approx(amount * 128, abs=2)

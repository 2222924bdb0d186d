"""Masks are in [0, 1], are eroded inwards and exclude the border of the crop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deepface_models.conversion import masks

any_mask = arrays(
    np.float32,
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    elements=st.floats(0, 1, width=32),
)


@settings(max_examples=40, deadline=None)
@given(any_mask, st.floats(0, 1), st.floats(-0.5, 0.5))
def test_values_stay_in_range(mask, feather, erode):
    for result in (masks.feather(mask, feather), masks.erode(mask, erode)):
        assert result.shape == mask.shape and result.dtype == np.float32
        assert result.min() >= 0 and result.max() <= 1


@settings(max_examples=25, deadline=None)
@given(any_mask, st.floats(0, 1))
def test_feather_stays_within_the_mask(mask, amount):
    assert not masks.feather(mask, amount)[mask == 0].any()


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 50), st.floats(0, 1), st.floats(-1, 1))
def test_a_zero_mask_stays_zero(size, feather, erode):
    zero = np.zeros((size, size), np.float32)
    assert not masks.feather(masks.erode(zero, erode), feather).any()


def test_a_feathered_full_mask_fades_at_the_border():
    soft = masks.feather(np.ones((100, 100), np.float32), 0.2)
    edge = [soft[0], soft[-1], soft[:, 0], soft[:, -1]]
    assert np.max(edge) < 0.05 and soft[50, 50] == pytest.approx(1)


def test_erode_shrinks_and_grows():
    mask = np.zeros((90, 90), np.float32)
    mask[30:60, 30:60] = 1
    assert masks.erode(mask, 0.1).sum() < mask.sum() < masks.erode(mask, -0.1).sum()
    np.testing.assert_array_equal(masks.erode(mask, 0), mask)


def test_learned_mask_loses_its_haze():
    image = np.zeros((4, 4, 4), np.float32)
    image[..., 3] = [0.02, 0.5, 0.98, 1.0]
    face, points = image[..., :3], np.zeros((5, 2))
    mask = masks.learned(image, face, points)
    np.testing.assert_allclose(mask[0], [0, 0.5, 1, 1], atol=1e-6)
    assert (masks.learned(face, face, points) == 1).all()


def test_intersection_lies_in_all(face):
    points = face.landmarks_aligned
    predicted = np.ones((96, 96, 4), np.float32)
    predicted[:, 48:, 3] = 0
    both = masks.make_mask("learned*hull", predicted, predicted, points)
    hull = masks.make_mask("hull", predicted, predicted, points)
    np.testing.assert_array_equal(both[:, :48], hull[:, :48])
    assert not both[:, 48:].any() and hull[:, 48:].any()


def test_ellipse_needs_only_five_points(face):
    points = face.landmarks_aligned
    five = points[[45, 42, 36, 39, 33]]
    image = np.zeros((96, 96, 3), np.float32)
    hull, oval, same = (
        mask(image, image, p)
        for mask, p in (
            (masks.hull, points),
            (masks.ellipse, five),
            (masks.ellipse, points),
        )
    )
    np.testing.assert_array_equal(oval, same)
    hull, oval = hull > 0.5, oval > 0.5
    assert (hull & oval).sum() / (hull | oval).sum() > 0.7


def test_unknown_masks_are_refused():
    with pytest.raises(ValueError, match=r"mask='hul' was given\. .*mean 'hull'"):
        masks.mask_names("learned*hul")

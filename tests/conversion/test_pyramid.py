"""Blending near the mask only gives what blending the whole image gives."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from deepface_models.conversion import paste, pyramid
from deepface_models.conversion.blend import laplacian_blend
from deepface_models.conversion.sharpen import Sharpener, sharpen
from deepface_models.core.arrays import as_float

PLACES = [(150, 120), (20, 30), (330, 250), (-20, 288), (361, 100)]


def oval(shape, x, y, radius):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    distance = np.hypot((rows - y) * 0.8, columns - x)
    return np.clip((radius - distance) / 9, 0, 1).astype(np.float32)


def slow_blend(face, frame, alpha, levels):
    """The same steps on the whole image."""
    difference = pyramid.extend(as_float(face) - as_float(frame), alpha)
    return as_float(frame) + pyramid.masked_pyramid(difference, alpha, levels)


@pytest.mark.parametrize("x, y", PLACES)
@pytest.mark.parametrize("radius", [11, 50, 120])
@pytest.mark.parametrize("odd", [0, 1])
def test_as_blending_the_whole_frame(frame, other_frame, x, y, radius, odd):
    size = min(len(frame), len(other_frame)) - odd, 360 - odd
    ours, theirs = (one[: size[0], : size[1]] for one in (frame, other_frame))
    alpha = oval(size, x, y, radius)
    expected = np.clip(slow_blend(theirs, ours, alpha, 4), 0, 1) * 255
    blended = laplacian_blend(theirs, ours, alpha, reach=64)
    assert np.abs(blended - expected).max() < 1.01
    assert np.abs(blended - expected).mean() < 0.3
    exact = laplacian_blend(as_float(theirs), as_float(ours), alpha, reach=64)
    assert np.abs(exact * 255 - expected)[4:-4, 4:-4].max() < 0.05


@pytest.mark.parametrize("amount", [0.0, 1.4])
@pytest.mark.parametrize("shift", [(0, 0), (-120, -90), (150, 60)])
def test_a_face_placed_beside_its_mask_is_not_computed(frame, face, amount, shift):
    there = np.roll(frame, shift, (1, 0))
    matrix = face.matrix.copy()
    matrix[:, 2] -= matrix[:, :2] @ np.array(shift)
    drawn = np.float32(face_image(frame, face)) / 255
    mask = oval(drawn.shape, 48, 48, 30)
    made = paste._located(drawn, mask, there, matrix, "laplacian", amount, None)
    aligned, blend, region = made
    whole = aligned.placed(region)
    near = aligned.placed_inside(region, there.shape)
    np.testing.assert_allclose(near.mask, whole.mask, atol=0.01)
    shown = whole.mask[..., None]
    assert np.abs((near.image - whole.image) * shown).max() < 0.5 / 255
    one, other = (
        blend(placed.image, there[region.slices], placed.mask)
        for placed in (near, whole)
    )
    assert np.abs(one.astype(int) - other).max() <= 1


def face_image(frame, face):
    from deepface_models.faces.align import align

    return align(frame, face.matrix, face.image_size)


@pytest.mark.parametrize("radius", [1.0, 3.0, 4.3, 6.5])
def test_wide_blurs_are_gaussian(frame, radius):
    image = as_float(frame[:201, :251])
    soft = Sharpener(image, radius)._soft
    apart = np.abs(soft - cv2.GaussianBlur(image, (0, 0), radius))
    assert apart.max() < 1 / 255
    change = 2 * (image - cv2.GaussianBlur(image, (0, 0), radius))
    plain = image + np.clip(change, -0.06, 0.06)
    side = 2 * max(1, round(radius)) + 1
    window = np.ones((side, side), np.uint8)
    limits = cv2.erode(image, window), cv2.dilate(image, window)
    expected = np.clip(plain, *limits)
    np.testing.assert_allclose(sharpen(image, 2.0, radius), expected, atol=3 / 255)

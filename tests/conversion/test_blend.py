"""Blends change no pixels beyond their reach, and hide the edge of the mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepface_models.conversion.blend import (
    BLENDS,
    alpha_blend,
    laplacian_blend,
    poisson_blend,
    pyramid_reach,
)
from deepface_models.conversion.sharpen import sharpen

every_blend = pytest.mark.parametrize("name", sorted(BLENDS))


def image(seed: int, height: int = 61, width: int = 83) -> NDArray[np.uint8]:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return values.astype(np.uint8)


def disc(height: int = 61, width: int = 83, radius: float = 18) -> NDArray[np.float32]:
    y, x = np.mgrid[:height, :width]
    distance = np.hypot(y - height / 2, x - width / 2)
    return np.clip((radius - distance) / 4, 0, 1).astype(np.float32)


@every_blend
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 70), st.integers(1, 70))
def test_zero_mask_keeps_every_byte(name: str, seed: int, height: int, width: int):
    frame, face = image(seed, height, width), image(seed + 1, height, width)
    zero = np.zeros((height, width), np.float32)
    np.testing.assert_array_equal(BLENDS[name](face, frame, zero), frame)
    as_float = (frame / 255).astype(np.float32)
    np.testing.assert_array_equal(BLENDS[name](face, as_float, zero), as_float)


@every_blend
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_an_image_blended_with_itself_is_itself(name: str, seed: int):
    frame = image(seed)
    mask = np.random.default_rng(seed).random(frame.shape[:2]).astype(np.float32)
    np.testing.assert_array_equal(BLENDS[name](frame, frame, mask), frame)


@pytest.mark.parametrize("name", ["alpha", "poisson"])
def test_outside_the_mask_every_byte_stays(name: str):
    frame, mask = image(0), disc()
    result = BLENDS[name](image(1), frame, mask)
    np.testing.assert_array_equal(result[mask == 0], frame[mask == 0])
    assert (result[mask > 0.9] != frame[mask > 0.9]).mean() > 0.6


def test_laplacian_reaches_no_further_than_it_says():
    frame, mask = image(0, 200, 220), disc(200, 220, 20)
    result = laplacian_blend(image(1, 200, 220), frame, mask, reach=16)
    rows, columns = np.nonzero((result != frame).any(-1))
    inside = np.argwhere(mask > 0)
    low, high = inside.min(0) - 16, inside.max(0) + 16
    assert rows.min() >= low[0] and rows.max() <= high[0]
    assert columns.min() >= low[1] and columns.max() <= high[1]


def test_laplacian_ignores_what_lies_beyond_the_mask():
    frame = np.full((120, 120, 3), 0.5, np.float32)
    mask = disc(120, 120, 25)
    shown = np.where(mask > 0, np.float32(0.6), np.float32(0))
    face = np.repeat(shown[..., None], 3, axis=2)
    result = laplacian_blend(face, frame, mask)
    assert result.min() >= 0.499  # black beyond the mask makes no dark rim


def test_laplacian_inside_is_the_face():
    frame = np.full((160, 160, 3), 0.3, np.float32)
    face = np.full_like(frame, 0.7)
    result = laplacian_blend(face, frame, disc(160, 160, 60))
    np.testing.assert_allclose(result[75:85, 75:85], 0.7, atol=0.01)


def test_poisson_removes_a_constant_difference_of_color():
    frame = image(3, 90, 90)
    frame = np.clip(frame.astype(int) // 4 + 90, 0, 255).astype(np.uint8)
    brighter = (frame + 40).astype(np.uint8)
    result = poisson_blend(brighter, frame, disc(90, 90, 30))
    assert np.abs(result.astype(int) - frame).max() <= 1


def test_poisson_membrane_is_harmonic():
    x = np.linspace(0, 0.4, 100, dtype=np.float32)
    frame = np.broadcast_to((0.3 + x)[None, :, None], (100, 100, 3)).copy()
    flat = np.full_like(frame, 0.5)
    result = poisson_blend(flat, frame, disc(100, 100, 35))
    # A slope is harmonic: the membrane over a flat face is the slope itself.
    assert np.abs(result - frame).max() < 0.03


def test_full_mask_shows_the_face():
    frame, face = image(0), image(1)
    ones = np.ones(frame.shape[:2], np.float32)
    np.testing.assert_array_equal(alpha_blend(face, frame, ones), face)
    np.testing.assert_array_equal(poisson_blend(face, frame, ones), face)
    difference = laplacian_blend(face, frame, ones).astype(int) - face
    assert np.abs(difference).max() <= 1


@every_blend
def test_sizes_that_differ_are_refused(name: str):
    with pytest.raises(ValueError, match=r"same height and width"):
        BLENDS[name](image(0), image(1), np.zeros((3, 3)))


def test_more_levels_for_larger_faces():
    reach = [pyramid_reach(side) for side in (0, 40, 200, 1000, 10_000)]
    assert reach == sorted(reach) and reach[0] == 8 and reach[-1] == 256


def test_sharpen_by_zero_is_the_image():
    one = image(5)
    assert sharpen(one, 0) is one


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(0.1, 5), st.floats(0.5, 3))
def test_sharpen_never_overshoots(seed: int, amount: float, radius: float):
    step = np.full((30, 30, 3), 60, np.uint8)
    step[:, 15:] = 180
    result = sharpen(step, amount, radius)
    assert result.min() == 60 and result.max() == 180
    flat = np.full((9, 9, 3), seed % 256, np.uint8)
    np.testing.assert_array_equal(sharpen(flat, amount, radius), flat)


def test_sharpen_makes_a_soft_edge_steeper():
    ramp = np.tile(np.linspace(0, 1, 30, dtype=np.float32)[None, :, None], (9, 1, 3))
    soft = 1 / (1 + np.exp(-20 * (ramp - 0.5)))
    crisp = sharpen(soft, 1.0, 2.0)
    assert np.diff(crisp[4, :, 0]).max() > 1.2 * np.diff(soft[4, :, 0]).max()


def test_sharpen_leaves_teeth_their_texture():
    """Ridges 30 levels high on a bright ground do not become plain white."""
    x = np.arange(60, dtype=np.float32)
    teeth = 0.3 + 0.55 / (1 + np.exp(20 - x)) + 0.06 * np.sin(x) ** 2 * (x > 20)
    image = np.tile(teeth[None, :, None], (9, 1, 3))
    for crisp in (sharpen(image, amount, 1.5) for amount in (1.0, 2.0)):
        assert np.abs(crisp - image).max() <= 0.06 + 1e-6
        assert crisp[4, 24:].std() > 0.9 * image[4, 24:].std()


def test_sharpen_refuses_nonsense():
    with pytest.raises(ValueError, match=r"amount=-2"):
        sharpen(image(0), -2)

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.data import Augmentation, augmentation
from deepface_models.data.augmentation import (
    compose,
    grid_to_map,
    grid_to_similarity,
    random_grid,
    random_similarity,
    warp_pair,
)
from deepface_models.faces import umeyama

SIZES = (64, 96, 128, 192)
PUBLISHED = Augmentation()


def pixels(size: int) -> np.ndarray:
    """Where each pixel of an image is, (size, size, 2), x first."""
    line = np.arange(size)
    return np.stack(np.meshgrid(line, line), axis=-1).astype("float64")


def corners(size: int) -> np.ndarray:
    """The grid's nodes at rest: the image's borders are at -0.5 and size - 0.5."""
    line = np.linspace(-0.5, size - 0.5, 5)
    return np.stack(np.meshgrid(line, line), axis=-1)


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


def similarity(angle: float, scale: float, x: float, y: float) -> np.ndarray:
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, x], [s, c, y]])


def smooth_face(size: int, seed: int = 0) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype="uint8")
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


def published_shift(noise: np.ndarray) -> np.ndarray:
    """How far the published warp moves 64 x 64 pixels, in widths of the image.

    noise: (..., 5, 5) in its pixels, 160 of which are the image's width.
    """
    return np.stack([cv2.resize(n, (80, 80))[8:72, 8:72] for n in noise]) / 160


def test_defaults_are_the_published_numbers():
    a = PUBLISHED
    assert (a.rotation, a.zoom, a.shift, a.flip) == (10.0, 0.05, 0.05, 0.4)
    assert a.warp == 5 / 160


# The grid warp


@pytest.mark.parametrize("size", SIZES)
def test_without_noise_the_grid_leaves_every_pixel_in_place(size):
    grid = random_grid(np.random.default_rng(0), Augmentation.none(), size)
    np.testing.assert_allclose(grid, corners(size), atol=1e-9)
    np.testing.assert_allclose(grid_to_map(grid, size), pixels(size), atol=1e-4)
    np.testing.assert_allclose(
        grid_to_similarity(grid, size), [[1, 0, 0], [0, 1, 0]], atol=1e-6
    )


def test_the_same_noise_moves_pixels_as_published():
    noise = np.random.default_rng(1).normal(0, 5.0, (4, 5, 5))
    for n in noise:
        grid = corners(64) + np.stack([n, -n], axis=-1) * 64 / 160
        moved = (grid_to_map(grid, 64) - pixels(64)) / 64
        expected = published_shift(n[None])[0]
        np.testing.assert_allclose(moved[..., 0], expected, atol=1e-5)
        np.testing.assert_allclose(moved[..., 1], -expected, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_noise_is_as_strong_as_published_at_every_size_borders_included(size):
    rng, count = np.random.default_rng(2), 600
    rest = pixels(size)
    some, some_known = (
        np.linspace(0, n - 1, 33).round().astype(int) for n in (size, 64)
    )
    shifts = []
    for _ in range(count):
        moved = grid_to_map(random_grid(rng, PUBLISHED, size), size)
        shifts.append(((moved - rest) / size)[np.ix_(some, some)])
    shifts = np.stack(shifts)
    known = published_shift(rng.normal(0, 5.0, (2 * count, 5, 5)))
    known = known[:, some_known[:, None], some_known]
    assert np.abs(shifts.mean(0)).max() < 5 * PUBLISHED.warp / np.sqrt(count)
    # The grid's nodes: pixels lie up to half a pixel beside them.
    np.testing.assert_allclose(shifts.std(0)[::8, ::8], 5 / 160, rtol=0.16)
    border = np.concatenate([shifts[:, 0], shifts[:, -1]])
    border_known = np.concatenate([known[:, 0], known[:, -1]])
    for ours, theirs in ((shifts, known), (border, border_known)):
        assert ours.std() == pytest.approx(theirs.std(), rel=0.04)
        assert np.abs(ours).mean() == pytest.approx(np.abs(theirs).mean(), rel=0.04)


# What the target follows


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(SIZES),
    st.floats(-0.5, 0.5),
    st.floats(0.8, 1.25),
    st.floats(-0.1, 0.1),
    st.floats(-0.1, 0.1),
)
def test_target_follows_the_global_part_of_a_warp(size, angle, scale, x, y):
    """A grid that is only turned, sized and moved warps input and target alike."""
    matrix = similarity(angle, scale, x * size, y * size)
    grid = apply(matrix, corners(size))
    found = grid_to_similarity(grid, size)
    np.testing.assert_allclose(found, matrix, atol=1e-4 * size)
    np.testing.assert_allclose(
        grid_to_map(grid, size), apply(found, pixels(size)), atol=2e-4 * size
    )


@pytest.mark.parametrize("size", SIZES)
def test_what_is_left_of_the_warp_has_no_global_part(size):
    rng = np.random.default_rng(3)
    for _ in range(20):
        grid = random_grid(rng, PUBLISHED, size)
        rest = np.linalg.inv(np.vstack([grid_to_similarity(grid, size), [0, 0, 1]]))[:2]
        left = umeyama(corners(size).reshape(-1, 2), apply(rest, grid).reshape(-1, 2))
        np.testing.assert_allclose(left[:, 0], [1, 0], atol=0.03)
        middle = np.full(2, (size - 1) / 2)
        np.testing.assert_allclose(apply(left, middle), middle, atol=0.002 * size)


def test_compose_applies_inner_first():
    inner, outer = similarity(0.3, 1.1, 2, 3), similarity(-0.2, 0.7, 5, -1)
    points = np.random.default_rng(0).normal(size=(7, 2))
    np.testing.assert_allclose(
        apply(compose(outer, inner), points), apply(outer, apply(inner, points))
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_tiny_warp_keeps_input_on_target(size):
    """No shift between the two, which the network would learn to undo."""
    face = smooth_face(size)
    layers = face[..., :2]
    a = Augmentation(rotation=5, flip=0.5, warp=1e-7)
    for seed in range(6):
        warped, target, moved = warp_pair(face, layers, np.random.default_rng(seed), a)
        assert np.abs(warped.astype(int) - target).max() <= 2
        assert np.abs(target[..., :2].astype(int) - moved).max() <= 1
    assert np.abs(target.astype(int) - face).max() > 5


@pytest.mark.parametrize("size", SIZES)
def test_a_pair_is_alike_where_the_warp_is_global(size, monkeypatch):
    grid = apply(similarity(0.3, 0.8, 0.25 * size, -0.05 * size), corners(size))
    monkeypatch.setattr(augmentation, "random_grid", lambda *_: grid)
    face = smooth_face(size)
    for seed in range(4):  # of which some are mirrored
        warped, target, moved = warp_pair(
            face, face[..., :2], np.random.default_rng(seed), PUBLISHED
        )
        # Sub-pixel places are rounded to 1/32 on both ways.
        assert np.abs(warped.astype(int) - target).max() <= 8
        assert np.abs(warped[..., :2].astype(int) - moved).max() <= 8
        assert np.abs(target.astype(int) - face).mean() > 15


# Rotation, zoom, shift, flip


def test_similarities_stay_in_their_ranges_and_fill_them():
    rng, size = np.random.default_rng(4), 100
    matrices = np.stack([random_similarity(rng, size, PUBLISHED) for _ in range(3000)])
    determinants = np.linalg.det(matrices[:, :, :2])
    assert np.mean(determinants < 0) == pytest.approx(0.4, abs=0.03)
    scales = np.sqrt(np.abs(determinants))
    assert 0.95 <= scales.min() < 0.952
    assert 1.048 < scales.max() <= 1.05
    angles = np.degrees(np.arctan2(matrices[:, 0, 1], matrices[:, 1, 1]))
    assert 9.8 < np.abs(angles).max() <= 10.001
    middle = np.full(2, (size - 1) / 2)
    moved = np.abs(matrices[:, :, :2] @ middle + matrices[:, :, 2] - middle)
    assert 4.9 < moved.max() <= 5.001


def test_flip_is_a_mirror_to_the_bit():
    face = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype="uint8")
    a = Augmentation(0, 0, 0, flip=1, warp=0, color=0, color_match=0)
    warped, target, layers = warp_pair(face, face[..., :2], np.random.default_rng(0), a)
    np.testing.assert_array_equal(warped, face[:, ::-1])
    np.testing.assert_array_equal(target, face[:, ::-1])
    np.testing.assert_array_equal(layers, face[:, ::-1, :2])


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([16, 64, 96, 128]), st.integers(0, 2**32 - 1))
def test_none_leaves_the_image_to_the_bit(size, seed):
    rng = np.random.default_rng(seed)
    face = rng.integers(0, 256, (size, size, 3), dtype="uint8")
    layers = rng.integers(0, 256, (size, size, 2), dtype="uint8")
    for out, expected in zip(
        warp_pair(face, layers, rng, Augmentation.none()),
        (face, face, layers),
        strict=True,
    ):
        np.testing.assert_array_equal(out, expected)


def test_light_is_smaller_than_published_everywhere():
    light = Augmentation.light()
    for name in ("rotation", "zoom", "shift", "flip", "warp"):
        assert 0 <= getattr(light, name) < getattr(PUBLISHED, name)
    assert light.warp > 0

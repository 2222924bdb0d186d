"""Faces are pasted at their place in the frame, also at its edge."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from deepface_models.conversion import masks, paste, regions
from deepface_models.conversion.blend import BLENDS
from deepface_models.conversion.grain import Grain
from deepface_models.faces.align import align, resize_matrix


def matrix_at(x: float, y: float, side: float, size: int = 96, turn: float = 0.0):
    """Frame -> aligned, of a square of `side` px around (x, y)."""
    scale = size / side
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    rotation = np.array([[cos, sin], [-sin, cos]])
    shift = (size - 1) / 2 - rotation @ np.array([x, y])
    return np.column_stack([rotation, shift])


def disc(size: int = 96):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip(size * 0.35 - np.hypot(x, y), 0, 1).astype(np.float32)


def smooth_frame(height: int = 240, width: int = 320):
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 23) * np.cos(y / 31), np.sin(x / 41 + 1), np.cos(y / 19)]
    return np.rint(127 + 100 * np.stack(waves, -1)).astype(np.uint8)


@pytest.mark.parametrize("blend", sorted(BLENDS))
@pytest.mark.parametrize("side", [60, 96, 190])
@pytest.mark.parametrize("turn", [0.0, 0.6])
def test_a_face_put_back_unchanged_is_the_frame(blend, side, turn):
    frame, matrix = smooth_frame(), matrix_at(150.3, 110.6, side, turn=turn)
    face = align(frame, matrix, 96)
    result = paste.paste_face(face, disc(), frame, matrix, blend)
    assert np.abs(result.astype(int) - frame).max() <= 3


@pytest.mark.parametrize("blend", sorted(BLENDS))
@pytest.mark.parametrize("x, y", [(0, 0), (318, 120), (150, 239), (-20, 100)])
def test_faces_partly_outside(blend, x, y):
    frame, matrix = smooth_frame(), matrix_at(x, y, 140)
    face = align(frame, matrix, 96)
    result = paste.paste_face(face, disc(), frame, matrix, blend)
    assert np.abs(result.astype(int) - frame).max() <= 4
    bright = paste.paste_face(np.ones((96, 96, 3)), disc(), frame, matrix, "alpha")
    assert bright.shape == frame.shape and (bright != frame).any()


@pytest.mark.parametrize("blend", sorted(BLENDS))
def test_only_the_region_changes(blend):
    frame, matrix = smooth_frame(), matrix_at(160, 120, 80)
    face = np.zeros((96, 96, 3), np.float32)
    region = regions.region_of(disc(), matrix, frame.shape, BLENDS[blend])
    result = paste.paste_face(face, disc(), frame, matrix, blend)
    outside = np.ones(frame.shape[:2], bool)
    outside[region.slices] = False
    np.testing.assert_array_equal(result[outside], frame[outside])
    assert 0 < (~outside).sum() < outside.size / 2
    assert (result != frame).any()


def test_nothing_to_do_returns_the_frame_itself():
    frame, zero = smooth_frame(), np.zeros((96, 96), np.float32)
    face = np.zeros((96, 96, 3), np.float32)
    assert paste.paste_face(face, zero, frame, matrix_at(160, 120, 80)) is frame
    assert paste.paste_face(face, disc(), frame, matrix_at(900, 120, 80)) is frame
    assert paste.tint(zero, frame, matrix_at(160, 120, 80)) is frame


def test_no_dark_halo_around_a_face_of_the_frames_color():
    frame = np.full((200, 200, 3), 180, np.uint8)
    face = np.full((96, 96, 3), 180, np.uint8)
    for side in (50, 150):
        for blend in BLENDS:
            soft = masks.feather(disc(), 0.2)
            result = paste.paste_face(
                face, soft, frame, matrix_at(100, 100, side), blend
            )
            np.testing.assert_array_equal(result, frame)


def test_resized_matrix_cuts_the_same_square():
    frame, matrix = smooth_frame(), matrix_at(150, 110, 100)
    large = align(frame, resize_matrix(matrix, 96, 192), 192)
    halves = large.reshape(96, 2, 96, 2, 3).mean((1, 3))
    assert np.abs(halves - align(frame, matrix, 96)).max() < 2


def test_inside_frame_counts_the_visible_part():
    inside = regions.inside_frame(matrix_at(0, 100, 96), 96, (200, 300, 3))
    assert inside[:, 60].all() and not inside[:, 30].any()


def test_tint_shows_the_mask():
    frame = smooth_frame()
    shown = paste.tint(disc(), frame, matrix_at(160, 120, 80))
    assert shown[120, 160, 1] > shown[120, 160, 0]
    np.testing.assert_array_equal(shown[:40], frame[:40])


def pasted_large(
    monkeypatch, blend, large, sharpen=0.0, frame=None, noise=3.0, halved=False
):
    """A small model's face in a noisy frame that is 1,300 px wide, and the peak."""
    monkeypatch.setattr(paste, "LARGE", large)
    monkeypatch.setattr(paste, "_ENLARGED", 4.0 if halved else 1e9)
    monkeypatch.setattr(paste, "_REDUCED", 2**19)
    monkeypatch.setattr(paste, "_STRIP", 2**16)
    if frame is None:
        grain = np.random.default_rng(0).normal(0, noise, (1000, 1300, 1))
        frame = np.clip(np.rint(smooth_frame(1000, 1300) + grain), 0, 255)
        frame = frame.astype(np.uint8)
    matrix = matrix_at(640.3, 480.6, 900, turn=0.2)
    face = align(smooth_frame(1000, 1300)[::-1, ::-1], matrix, 96)
    soft = masks.feather(disc(), 0.2)
    tracemalloc.start()
    result = paste.paste_face(face, soft, frame, matrix, blend, sharpen)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return frame, result, peak


@pytest.mark.parametrize(
    "blend, most, sharpen",
    [
        ("alpha", 1, 0.0),
        ("laplacian", 2, 0.0),
        ("laplacian", 2, 1.0),
        ("poisson", 20, 0.0),
    ],
)
@pytest.mark.slow
def test_a_large_region_takes_little_memory(monkeypatch, blend, most, sharpen):
    """One image of 108 megapixels took 4.2 GB."""
    frame, whole, much = pasted_large(monkeypatch, blend, 10**9, sharpen)
    _, strips, little = pasted_large(monkeypatch, blend, 0, sharpen)
    assert little < much / 1.3
    off = np.abs(strips.astype(int) - whole)
    assert off.max() <= most and off.mean() < 0.5
    assert (whole != frame).mean() > 0.2


@pytest.mark.slow
def test_a_large_region_of_a_float_frame(monkeypatch):
    frame = pasted_large(monkeypatch, "alpha", 0)[0].astype(np.float32) / 255
    _, whole, _ = pasted_large(monkeypatch, "laplacian", 10**9, frame=frame)
    _, strips, _ = pasted_large(monkeypatch, "laplacian", 0, frame=frame)
    assert strips.dtype == np.float32 and np.abs(strips - whole).max() < 2 / 255
    np.testing.assert_array_equal(strips[0], frame[0])


@pytest.mark.parametrize("blend", ["alpha", "laplacian"])
@pytest.mark.parametrize("sharpen", [0.0, 1.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_an_enlarged_face_is_blended_at_half_the_size(
    monkeypatch, blend, sharpen, dtype
):
    frame = pasted_large(monkeypatch, "alpha", 10**9)[0]
    frame = frame if dtype == np.uint8 else frame.astype(np.float32) / 255
    told = {"sharpen": sharpen, "frame": frame}
    _, whole, much = pasted_large(monkeypatch, blend, 10**9, **told)
    _, reduced, little = pasted_large(monkeypatch, blend, 10**9, halved=True, **told)
    assert reduced.dtype == dtype and little < 1.1 * much
    off = np.abs(reduced.astype(float) - whole) * (1 if dtype == np.uint8 else 255)
    assert off.max() < 2.5 and (off > 1.01).mean() < 0.005 and off.mean() < 0.1
    np.testing.assert_array_equal(reduced[0], frame[0])


@pytest.mark.parametrize("blend", ["alpha", "laplacian"])
def test_grain_of_an_enlarged_face_is_that_of_the_whole(monkeypatch, blend):
    frame = smooth_frame(1000, 1300)
    matrix, grain = matrix_at(640.3, 480.6, 900), Grain(0.02, 1.0, 3)
    face = align(frame[::-1, ::-1], matrix, 96)
    mask = masks.feather(disc(), 0.2)
    results = []
    for scale in (1e9, 4.0):
        monkeypatch.setattr(paste, "_ENLARGED", scale)
        results.append(paste.paste_face(face, mask, frame, matrix, blend, 0.0, grain))
    off = np.abs(results[0].astype(int) - results[1])
    assert (off > 1).mean() < 0.02 and off.mean() < 0.15


def test_regions_grow_to_even_ends_within_the_frame():
    within = regions.Region(0, 0, 10, 7)
    assert regions.Region(5, 2, 9, 5).even(within) == regions.Region(4, 2, 10, 6)
    assert regions.Region(4, 2, 10, 6).even(within) == regions.Region(4, 2, 10, 6)
    assert regions.Region(0, 0, 5, 7).even(within) is None


def test_frames_of_4k_video_are_not_large():
    assert paste.LARGE >= 3840 * 2160

"""Smoothing along time keeps what is steady, calms what flickers, stops at cuts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deepface_models.conversion.decoded import DecodedFace
from deepface_models.conversion.smoothing import smooth_faces
from deepface_models.media import ColorStatistics


def decoded(level: float, track: int = 0) -> DecodedFace:
    image = np.full((8, 8, 3), level, np.float32)
    mask = np.full((8, 8), level, np.float32)
    colors = ColorStatistics(np.full(3, 100 * level), np.eye(3) * level)
    matrix = np.eye(2, 3)
    return DecodedFace(matrix, image, mask, image, mask, colors, colors, track)


def smoothed(faces, **options):
    return [face for _, face in smooth_faces(enumerate(faces), **options)]


def test_a_steady_face_stays_as_it_is():
    for face in smoothed([decoded(0.5)] * 20):
        np.testing.assert_allclose(face.mask, 0.5, atol=1e-6)
        np.testing.assert_allclose(face.frame_colors.mean, 50)
        np.testing.assert_allclose(face.image_colors.covariance, np.eye(3) * 0.5)


def test_flicker_is_calmed_without_delay():
    rng = np.random.default_rng(0)
    levels = np.clip(0.5 + rng.normal(0, 0.1, 60), 0, 1)
    after = [face.frame_colors.mean[0] / 100 for face in smoothed(map(decoded, levels))]
    assert np.std(np.diff(after)) < np.std(np.diff(levels)) / 4
    ramp = np.linspace(0.2, 0.8, 40)
    calm = [face.frame_colors.mean[0] / 100 for face in smoothed(map(decoded, ramp))]
    np.testing.assert_allclose(calm[10:30], ramp[10:30], atol=1e-6)


def test_tracks_are_never_mixed():
    faces = [decoded(0.2, 0)] * 6 + [decoded(0.9, 1)] * 6
    result = [face.frame_colors.mean[0] for face in smoothed(faces)]
    np.testing.assert_allclose(result, [20] * 6 + [90] * 6)


def test_masks_stay_in_range_and_zero_stays_zero():
    faces = [decoded(level) for level in (0.0, 1.0, 1.0, 0.0, 1.0)]
    for face in smoothed(faces):
        assert face.mask.min() >= 0 and face.mask.max() <= 1
    assert not any(face.mask.any() for face in smoothed([decoded(0.0)] * 5))


def test_frames_without_a_face_pass_in_order():
    faces = [None, decoded(0.4), None, None, decoded(0.4), None]
    pairs = list(smooth_faces(enumerate(faces)))
    assert [number for number, _ in pairs] == list(range(6))
    assert [face is None for _, face in pairs] == [f is None for f in faces]
    assert list(smooth_faces([])) == []


def test_unknown_colors_come_from_the_neighbors():
    blind = replace(decoded(0.5), image_colors=None, frame_colors=None)
    faces = smoothed([decoded(0.5), blind, decoded(0.5)])
    np.testing.assert_allclose(faces[1].frame_colors.mean, 50)
    assert smoothed([blind])[0].frame_colors is None


def test_no_more_frames_are_held_than_foreseen():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield taken, decoded(0.5)

    stream = smooth_faces(endless(), lookahead=8)
    for given in range(1, 200):
        next(stream)
        assert taken - given <= 8


def test_switched_off_it_changes_nothing():
    faces = [decoded(level) for level in (0.1, 0.9, 0.3)]
    result = smoothed(faces, mask_frames=0, color_frames=0)
    for one, other in zip(result, faces, strict=True):
        np.testing.assert_array_equal(one.mask, other.mask)
        np.testing.assert_array_equal(one.frame_colors.mean, other.frame_colors.mean)

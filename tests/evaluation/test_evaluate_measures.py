from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepface_models.evaluation import measures
from deepface_models.faces import template

FACE = template(68, 100)
RNG = np.random.default_rng(0)


def moved(points, angle=0.0, scale=1.0, shift=(0.0, 0.0)):
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return points @ np.array([[c, s], [-s, c]]) + shift


def test_identity_distance_is_the_mean_over_known_faces():
    person = np.zeros((3, 128))
    person[1, 0], person[2] = 2.0, np.nan
    faces = np.zeros((2, 128))
    faces[1] = np.nan
    near, unknown = measures.embedding_distance(faces, person)
    assert near == 1.0 and np.isnan(unknown)


def test_pose_error_goes_the_short_way_round():
    result = np.array([[10.0, 0.0, 179.0], [np.nan] * 3])
    source = np.array([[4.0, 3.0, -178.0], [0.0] * 3])
    error = measures.pose_error(result, source)
    assert error[0] == pytest.approx((6 + 3 + 3) / 3) and np.isnan(error[1])


def test_poses_follow_the_roll_and_skip_missing_faces():
    faces = np.stack([FACE, moved(FACE, np.radians(10)), np.full((68, 2), np.nan)])
    found = measures.poses(faces, np.full((3, 2), 100))
    assert found[1, 2] - found[0, 2] == pytest.approx(10, abs=1.5)
    assert np.isnan(found[2]).all()


def test_eye_distance_of_68_and_5_points_agree():
    five = template(5, 100)
    assert measures.eye_distance(FACE) == pytest.approx(
        float(measures.eye_distance(five)), rel=0.02
    )


@given(st.floats(-3, 3), st.floats(0.2, 5), st.floats(-500, 500), st.floats(-500, 500))
def test_aligned_shapes_drop_place_size_and_roll(angle, scale, x, y):
    face = FACE + np.random.default_rng(1).normal(0, 1, FACE.shape)
    there = np.stack([face, moved(face, angle, scale, (x, y))])
    first, second = measures.aligned_shapes(there)
    np.testing.assert_allclose(first, second, atol=1e-6)
    assert measures.eye_distance(first) == pytest.approx(1, abs=0.1)


def test_landmark_error_is_in_eye_distances():
    eyes = float(measures.eye_distance(FACE))
    shifted = FACE[None] + [0.1 * eyes, 0]
    assert measures.landmark_error(shifted, FACE[None]) == pytest.approx(0.1)
    assert measures.landmark_error(FACE[None], FACE[None]) == 0


def test_expression_error_ignores_the_people_s_own_shapes():
    target_faces, source_faces = FACE + RNG.normal(0, 2, FACE.shape), FACE
    smile = RNG.normal(0, 1, (5, 68, 2))
    same = measures.expression_offsets(
        target_faces + smile, source_faces + smile, target_faces, source_faces
    )
    np.testing.assert_allclose(measures.expression_error(same), 0, atol=1e-9)
    none = measures.expression_offsets(
        np.repeat(target_faces[None], 5, 0),
        source_faces + smile,
        target_faces,
        source_faces,
    )
    moves = np.linalg.norm(smile[:, measures.EYES_AND_MOUTH], axis=-1).mean(-1)
    np.testing.assert_allclose(measures.expression_error(none), moves)


def test_motion_error_ignores_what_is_constant_in_a_clip():
    offsets = np.repeat(RNG.normal(0, 1, (1, 32, 2)), 6, axis=0)
    clips = np.array([0, 0, 0, 1, 1, 2])
    error = measures.motion_error(offsets, clips)
    np.testing.assert_allclose(error[:5], 0, atol=1e-12)
    assert np.isnan(error[5])
    offsets[0] += 1
    assert measures.motion_error(offsets, clips)[0] > 0.1


def test_openings_are_in_eye_distances():
    face = FACE[None].copy()
    eyes = float(measures.eye_distance(face)[0])
    before = measures.mouth_opening(face)[0], measures.eye_opening(face)[0]
    face[:, [65, 66, 67], 1] += 0.1 * eyes
    assert measures.mouth_opening(face)[0] - before[0] == pytest.approx(0.1, rel=0.05)
    assert measures.eye_opening(face)[0] == before[1]


def test_correlation_takes_off_each_clips_mean():
    source = np.array([0.0, 1, 2, 3, 0, 1, 2, 3])
    clips = np.repeat([0, 1], 4)
    far_apart = source + 100 * clips
    assert measures.correlation(far_apart, source, clips) == pytest.approx(1)
    assert measures.correlation(-source, source, clips) == pytest.approx(-1)
    assert np.isnan(measures.correlation(np.ones(8), source, clips))
    source[2] = np.nan
    assert measures.correlation(far_apart, source, clips) == pytest.approx(1)


@given(st.floats(-9, 9), st.floats(-9, 9))
def test_steady_movement_has_no_second_difference(speed, start):
    values = start + speed * np.arange(6.0)
    change = measures.second_difference(values, np.zeros(6))
    assert np.isnan(change[[0, 5]]).all()
    np.testing.assert_allclose(change[1:5], 0, atol=1e-9)


def test_second_difference_stops_at_the_ends_of_runs():
    change = measures.second_difference(np.arange(7.0) ** 2, [0, 0, 0, 1, 1, 1, 2])
    assert np.isfinite(change).tolist() == [False, True, False] * 2 + [False]
    assert change[1] == 2


def test_jitter_and_flicker_have_known_sizes():
    runs = np.zeros(5)
    eyes = float(measures.eye_distance(FACE))
    shake = (
        FACE
        + 0.01 * eyes * np.array([[1, 0], [-1, 0], [1, 0], [-1, 0], [1, 0]])[:, None]
    )
    assert np.nanmean(measures.jitter(shake, runs)) == pytest.approx(0.04)
    colors = np.array([0, 1, 0, 1, 0])[:, None] * np.ones(3) / 255
    assert np.nanmean(measures.flicker(colors, runs)) == pytest.approx(2)


def test_ratio_counts_frames_that_both_know():
    assert measures.ratio(np.array([4, 9, np.nan]), np.array([2, np.nan, 5])) == 2
    assert np.isnan(measures.ratio(np.ones(2), np.zeros(2)))

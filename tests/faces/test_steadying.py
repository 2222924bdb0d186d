"""Jitter is removed from live faces, movements are kept."""

from __future__ import annotations

import numpy as np
import pytest
from faces_helpers import CLIPS

from deepface_models.faces import Box, Face, FaceAligner, alignment_matrix, template
from deepface_models.faces.following import FaceFollower
from deepface_models.faces.steadying import FaceSteadier, OneEuro
from deepface_models.media import read_video

SIZE = 96


def face_at(x=200.0, y=150.0, width=120.0, angle=0.0):
    """A face whose 68 landmarks are the mean face's, somewhere in a frame."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = ((template(68, SIZE) - SIZE / 2) * width / SIZE) @ turn.T + [x, y]
    points = points.astype(np.float32)
    matrix = alignment_matrix(points, SIZE)
    return Face(Box(0, 0, 1, 1), points, 1.0, "made", matrix, SIZE)


def center(face):
    return np.linalg.solve(face.matrix[:, :2], SIZE / 2 - 0.5 - face.matrix[:, 2])


def test_the_filter_keeps_what_does_not_move():
    smooth = OneEuro(1.0, 10.0)
    for _ in range(5):
        np.testing.assert_array_equal(smooth(np.array([3.0, 4.0]), 0.04), [3.0, 4.0])


def test_the_filter_removes_noise_and_follows_movements():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.002, (200, 2))
    smooth = OneEuro(1.5, 20.0)
    still = np.array([smooth(one, 0.04) for one in noise])[20:]
    assert still.std() < 0.5 * noise.std()
    smooth = OneEuro(1.5, 20.0)
    for number in range(100):  # a width of the face in a second
        value = smooth(np.array([0.04 * number, 0.0]), 0.04)
    assert 0.04 * 99 - value[0] < 0.02  # half a frame behind


def test_a_resting_face_stays_and_a_moving_one_is_followed():
    steady = FaceSteadier()
    for number in range(30):
        moved = face_at(200 + 4 * number, 150 - 2 * number, angle=0.01 * number)
        shown = steady(moved, 0, number / 25)
    assert np.linalg.norm(center(shown) - center(moved)) < 0.03 * 120
    assert np.abs(shown.landmarks - moved.landmarks).max() < 0.04 * 120
    for number in range(30, 60):
        shown = steady(moved, 0, number / 25)
    np.testing.assert_allclose(shown.matrix, moved.matrix, atol=0.2)


def test_a_turn_beyond_half_a_circle_goes_on():
    steady = FaceSteadier()
    for number in range(20):
        angle = np.pi - 0.2 + 0.02 * number
        shown, moved = (
            steady(face_at(angle=angle), 0, number / 25),
            face_at(angle=angle),
        )
        assert np.abs(shown.landmarks - moved.landmarks).max() < 10


@pytest.mark.parametrize(("track", "time"), [(1, 0.08), (0, 5.0)])
def test_another_face_begins_anew(track, time):
    steady = FaceSteadier()
    steady(face_at(), 0, 0.0)
    steady(face_at(), 0, 0.04)
    other = face_at(500, 80, 60)
    np.testing.assert_allclose(steady(other, track, time).matrix, other.matrix)


def test_a_real_talker_jitters_less_and_moves_the_mouth_as_much():
    aligner = FaceAligner(SIZE, embeddings=False, repeats=1)
    follower, steady = FaceFollower(aligner), FaceSteadier()
    raw, shown = [], []
    for frame in read_video(CLIPS[1], stop=50):
        (number, place), *_ = follower.find(frame.image)
        raw.append(follower.face(frame.image, place))
        shown.append(steady(raw[-1], number, frame.time))

    def jitter(faces):
        return np.diff([center(face) for face in faces], 2, axis=0).std()

    def mouth(faces):
        return np.array([one.landmarks[66, 1] - one.landmarks[62, 1] for one in faces])

    assert jitter(shown) < 0.5 * jitter(raw)
    assert np.corrcoef(mouth(shown), mouth(raw))[0, 1] > 0.95
    assert mouth(shown).std() > 0.8 * mouth(raw).std()

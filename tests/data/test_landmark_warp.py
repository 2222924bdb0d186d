from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.data import Augmentation
from deepface_models.data.augmentation import random_similarity, warp_pair
from deepface_models.data.landmark_warp import landmark_map, nearest_faces
from deepface_models.faces import MEAN_FACE_5, MEAN_FACE_68

MEANS = {68: MEAN_FACE_68, 5: MEAN_FACE_5}


def face_points(count: int, size: int, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    points = MEANS[count] * 0.6 + [0.2, 0.25] + rng.normal(0, noise, (count, 2))
    return points * size


def pixels(size: int) -> np.ndarray:
    line = np.arange(size)
    return np.stack(np.meshgrid(line, line), axis=-1).astype("float64")


def at(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The map's values at points between pixels."""
    x, y = (points[:, i].astype("float32")[None] for i in range(2))
    return cv2.remap(field, x, y, cv2.INTER_LINEAR)[0]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([68, 5]), st.sampled_from([32, 64, 100]), st.integers(0, 10**6))
def test_the_same_landmarks_leave_every_pixel_to_the_bit(count, size, seed):
    points = face_points(count, size, 0.01, seed)
    field = landmark_map(points, points, size)
    assert field.dtype == np.float32
    np.testing.assert_allclose(field, pixels(size), atol=1e-3)
    face = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype="uint8")
    moved, target, layers = warp_pair(
        face,
        face[..., :2],
        np.random.default_rng(seed),
        Augmentation.none(),
        landmarks=(points, points),
    )
    for out, expected in ((moved, face), (target, face), (layers, face[..., :2])):
        np.testing.assert_array_equal(out, expected)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([68, 5]), st.integers(0, 10**6))
def test_the_same_landmarks_leave_only_the_similarity(count, seed):
    size, rng = 64, np.random.default_rng(seed)
    matrix = random_similarity(rng, size, Augmentation(rotation=30, flip=0.5))
    points = face_points(count, size)
    expected = pixels(size) @ matrix[:, :2].T + matrix[:, 2]
    got = landmark_map(points, points, size, matrix)
    np.testing.assert_allclose(got, expected, atol=2e-3)


@pytest.mark.parametrize("seed", range(5))
def test_landmarks_come_to_the_wanted_places(seed):
    size = 128
    own, expected = face_points(68, size), face_points(68, size, 0.004, seed)
    found = at(landmark_map(own, expected, size), expected)
    error = np.linalg.norm(found - own, axis=1)
    # Some points are left out where triangles would turn over, and maps bend between
    # pixels.
    assert np.median(error) < 0.25
    assert np.mean(error < 0.7) > 0.85
    assert np.median(np.linalg.norm(expected - own, axis=1)) > 0.4


def test_the_border_stays():
    size = 64
    own, expected = face_points(68, size), face_points(68, size, 0.02, 1)
    field = landmark_map(own, expected, size)
    for row in (0, -1):
        np.testing.assert_allclose(field[row], pixels(size)[row], atol=1.0)
        np.testing.assert_allclose(field[:, row], pixels(size)[:, row], atol=1.0)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([68, 5]),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.01, 0.1, 3.0]),
)
def test_any_landmarks_give_a_map(count, seed, noise):
    """Also those of another planet: outside the image, or all in one place."""
    size, rng = 32, np.random.default_rng(seed)
    own, expected = (face_points(count, size, noise, seed + i) for i in range(2))
    if rng.random() < 0.2:
        expected[:] = expected[0]
    field = landmark_map(own, expected, size)
    assert field.shape == (size, size, 2)
    assert np.isfinite(field).all()


def test_closed_lips_do_not_tear_the_mouth():
    """Inner lips that change places are left out instead of turning over."""
    size = 128
    own, expected = face_points(68, size), face_points(68, size)
    expected[60:68, 1] = own[60:68, 1].mean() * 2 - own[60:68, 1]
    field = landmark_map(own, expected, size)
    middle = np.rint(own[48:].mean(0)).astype(int)
    box = field[middle[1] - 8 : middle[1] + 9, middle[0] - 10 : middle[0] + 11, 1]
    assert (np.diff(box, axis=0) > -0.6).all()


def test_jaw_points_within_the_face_are_left_out():
    """A turned head's far jaw lies before its cheek."""
    size = 128
    own, expected = face_points(68, size), face_points(68, size)
    plain = landmark_map(own, expected, size)
    for points in (own, expected):
        inside = points.copy()
        inside[3] = (points[31] + points[48]) / 2  # between nose and mouth
        pair = (inside, expected) if points is own else (own, inside)
        assert np.abs(landmark_map(*pair, size) - plain).max() < 2.5


def test_only_the_input_is_warped_to_landmarks():
    size, a = 64, Augmentation()
    face = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype="uint8")
    pair = face_points(68, size), face_points(68, size, 0.02, 1)
    warped, target, layers = warp_pair(
        face, face[..., :2], np.random.default_rng(5), a, landmarks=pair
    )
    matrix = random_similarity(np.random.default_rng(5), size, a)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for made, image in ((target, face), (layers, face[..., :2])):
        expected = cv2.warpAffine(
            image, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        np.testing.assert_array_equal(made, expected)
    assert np.abs(warped.astype(int) - target).mean() > 3


def test_nearest_faces_are_the_nearest():
    rng = np.random.default_rng(0)
    own, others = rng.normal(size=(6, 68, 2)), rng.normal(size=(30, 68, 2))
    distance = np.linalg.norm((own[:, None] - others).reshape(6, 30, -1), axis=-1)
    for row, found in enumerate(nearest_faces(own, others, 10)):
        assert set(found) == set(np.argsort(distance[row])[:10])
    assert nearest_faces(own, others[:4], 10).shape == (6, 4)

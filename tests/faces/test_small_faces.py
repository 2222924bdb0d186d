"""Small faces that come and go between two searches of the whole frame."""

from __future__ import annotations

import numpy as np
import pytest

from deepface_models.faces import Box, FaceAligner, HogDetector, iter_faces
from deepface_models.faces._changes import changed_places
from deepface_models.media import VideoWriter


@pytest.fixture
def gray():
    noise = np.random.default_rng(0).normal(128, 4, (720, 1280, 3))
    return noise.clip(0, 255).astype(np.uint8)


def with_square(image, x, y, side):
    made = image.copy()
    made[y : y + side, x : x + side] = 30
    return made


def test_only_what_differs_is_a_place(gray):
    other = np.ascontiguousarray(gray[::-1])
    assert changed_places(gray, other) == []  # other noise
    ((rows, columns),) = changed_places(with_square(gray, 600, 300, 60), other)
    assert 230 <= rows.start <= 300 and 360 <= rows.stop <= 430
    assert 530 <= columns.start <= 600 and 660 <= columns.stop <= 730


def test_the_heads_of_known_faces_do_not_count(gray):
    moved = with_square(gray, 600, 300, 60)
    assert changed_places(moved, gray, [Box(590, 300, 670, 380)]) == []
    assert changed_places(moved, gray, [Box(200, 300, 280, 380)]) != []


def test_a_frame_may_change_everywhere(gray):
    assert changed_places(gray // 2, gray) is None


@pytest.mark.parametrize("size", [(60, 200), (200, 60), (481, 639), (2161, 3839)])
def test_frames_of_any_size_have_places_inside(size):
    height, width = size
    white, black = np.full((*size, 3), 255, np.uint8), np.zeros((*size, 3), np.uint8)
    assert changed_places(white, black) is None
    other = white.copy()
    other[-height // 8 :, -width // 8 :] = 0
    ((rows, columns),) = changed_places(white, other)
    assert height // 2 < rows.start < rows.stop <= height
    assert width // 2 < columns.start < columns.stop <= width


@pytest.mark.parametrize("size", [(1, 1), (9, 9), (24, 200)])
def test_small_frames_change_everywhere(size):
    white, black = np.full((*size, 3), 255, np.uint8), np.zeros((*size, 3), np.uint8)
    assert changed_places(white, black) is None and changed_places(white, white) == []


def test_a_part_is_searched_at_the_scale_of_the_frame(gray, portraits):
    face = next(iter(portraits.values()))[::4, ::4]
    height, width = face.shape[:2]
    gray[300 : 300 + height, 1000 : 1000 + width] = face
    finder = HogDetector(3840, enlarge_to=1280)
    (whole,) = finder(gray)
    part = slice(280, 320 + height), slice(980, 1020 + width)
    (found,) = finder.within(gray, [part])
    assert found.box.iou(whole.box) > 0.6
    assert finder.within(gray, [(slice(0, 250), slice(0, 1280))]) == []


def test_a_small_face_that_enters_is_found_in_every_frame(gray, portraits, tmp_path):
    """It enters in the first chunk and leaves in the second one."""
    large, small = list(portraits.values())[:2]
    gray[: large.shape[0], : large.shape[1]] = large[:720]
    face = small[::4, ::4]
    shown = gray.copy()
    shown[300 : 300 + face.shape[0], 1000 : 1000 + face.shape[1]] = face
    with VideoWriter(tmp_path / "clip.mp4", fps=25) as writer:
        for frame in range(66):
            writer.write(shown if 20 <= frame < 50 else gray)
    aligner = FaceAligner(landmarks=5, embeddings=False, repeats=1)
    counts = [len(one.faces) for one in iter_faces(tmp_path / "clip.mp4", aligner)]
    assert counts == [1] * 20 + [2] * 30 + [1] * 16

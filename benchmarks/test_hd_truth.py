"""`benchmarks/hd_truth.py`: clips of two people whose true swap is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import hd_clips
import numpy as np
import pytest
from hd_clips import LABEL, Motion, Scene, Still, write_clip

from deepface_models.faces import FaceAligner, transform_points
from deepface_models.media import read_video
from deepface_models.provenance import verify

FACES = Path(__file__).parents[1] / "tests" / "data" / "faces"
FILES = ("london_005_neutral.jpg", "london_019_neutral.jpg")
CARD = np.full((40, 50, 3), (250, 0, 250), "uint8")


@pytest.fixture(scope="module")
def people():
    aligner = FaceAligner(256, max_faces=1, embeddings=False)
    return [Still.read(FACES / file, aligner) for file in FILES]


def motion(frames, mouth=0.0):
    moves = np.zeros((frames, 68, 2))
    moves[:, [57, 66], 1] = np.linspace(0, mouth, frames)[:, None]
    return Motion(moves, np.zeros((frames, 4)))


@pytest.mark.slow
def test_a_still_that_does_not_move_is_shown_as_it_is(people):
    still = people[0]
    wall = np.array((20, 200, 40))
    frames, marks = Scene(720, wall, CARD).clip(still, motion(1))
    assert frames[0].shape == (720, 1280, 3)
    middle = marks[0].mean(axis=0)
    assert np.abs(middle - (640, 374)).max() < 60
    place = hd_clips.compose(Scene(720, wall, CARD)._place(np.zeros(4)), still.matrix)
    np.testing.assert_allclose(marks[0], transform_points(still.marks, place))
    shown = cv2.warpAffine(
        frames[0], cv2.invertAffineTransform(place), still.image.shape[1::-1]
    )
    inside = cv2.erode(hd_clips.face_mask(still.marks, len(still.image)), None) > 0.9
    ratio = shown[inside].astype(float).sum() / still.image[inside].astype(float).sum()
    assert 0.85 < ratio < 1.15  # the light
    missed = np.abs(shown / ratio - still.image.astype(float))[inside]
    assert missed.mean() < 15
    corner = frames[0][10, 10].astype(float)
    assert corner[1] > 4 * corner[0] and corner[1] > 3 * corner[2]  # the wall


def test_both_people_make_the_same_movements(people):
    """Person B moved by the landmarks of A's clip is the true swap."""
    moved, scene = motion(3, mouth=0.05), Scene(720, np.zeros(3), CARD)
    one, two = (scene.clip(still, moved)[1] for still in people)
    widths = hd_clips.WIDTHS[720]
    for marks in (one, two):
        change = (marks - marks[:1]) / widths
        expected = moved.moves - moved.moves[:1]
        np.testing.assert_allclose(change, expected, atol=1e-3)


def test_a_blink_closes_the_lids(people):
    still = people[0]
    image, _, marks = still.moved(np.zeros((68, 2)), 1.0)
    for up, down in zip(hd_clips._UPPER, hd_clips._LOWER, strict=True):
        before, after = (abs(p[down, 1] - p[up, 1]) for p in (still.marks, marks))
        assert after < 0.1 * before
    assert np.abs(image.astype(int) - still.image).max() > 30
    assert max(map(hd_clips._closed, range(25))) == 1.0
    assert hd_clips._closed(0) == hd_clips._closed(24) == 0.0


def test_objects_are_the_same_in_the_source_and_in_the_truth(people):
    scene = Scene(720, np.zeros(3), CARD, seed=1, objects=True)
    moved, now = motion(20), 13  # of 20 frames: the card is up
    one, two = (
        scene._frame(scene._backdrop(), person, people[0], moved, now)[0]
        for person in people
    )
    both = (one[..., 1] < 40) & (one[..., 0] > 150) & (one[..., 2] > 150)
    both = cv2.erode(both.astype("uint8"), np.ones((5, 5))) > 0  # without its edge
    assert both.sum() > 5000
    np.testing.assert_array_equal(one[both], two[both])
    assert np.abs(one.astype(int) - two).max() > 50  # other faces


def test_a_clip_is_labeled_and_signed(people, tmp_path):
    """Never published as anybody's recording."""
    frames, _ = Scene(720, np.full(3, 128), CARD).clip(people[0], motion(2))
    label = frames[0][690:, :400].astype(int)
    assert (label > 240).any() and (label < 30).any()
    write_clip(tmp_path / "clip.mp4", frames, FACES / FILES[0])
    assert len(list(read_video(tmp_path / "clip.mp4"))) == 2
    found = verify(tmp_path / "clip.mp4")
    assert found.record is not None and found.record.details["kind"] == LABEL
    assert "Not a recording of anybody" in found.record.consent

"""Faces in frames as they come: tracks, cuts, and what is searched."""

from __future__ import annotations

import numpy as np
import pytest
from faces_helpers import CLIPS

from deepface_models.faces import CascadeDetector, FaceAligner, HogDetector
from deepface_models.faces.following import FaceFollower
from deepface_models.media import read_video

OTHER, CLIP = CLIPS[:2]  # of two people


class Counted:
    """A detector that counts its calls."""

    name = "counted"

    def __init__(self, detector):
        self.detector, self.calls = detector, 0

    def __call__(self, image):
        self.calls += 1
        return self.detector(image)


@pytest.fixture(scope="module")
def frames():
    return [frame.image for frame in read_video(CLIP, stop=20)]


@pytest.fixture
def detectors():
    return Counted(HogDetector(480)), Counted(HogDetector(640, upsample=1))


@pytest.fixture
def follower(detectors):
    detector = CascadeDetector(detectors)
    aligner = FaceAligner(96, landmarks=5, embeddings=False, detector=detector)
    return FaceFollower(aligner, every=8)


def test_a_face_is_found_in_each_frame_and_keeps_its_number(
    frames, follower, detectors
):
    found = [follower.find(image) for image in frames]
    assert [[number for number, _ in one] for one in found] == [[0]] * 20
    assert detectors[0].calls == 3  # frames 0, 8 and 16
    assert detectors[1].calls == 0
    for image, ((_, place),) in zip(frames[::5], found[::5], strict=True):
        alone = follower.aligner.detect(image)[0]
        assert place.box.iou(alone.box) > 0.6
        face = follower.face(image, place)
        gap = np.abs(face.landmarks - alone.landmarks).max()
        assert gap < 0.08 * alone.box.width
        assert face.matrix.shape == (2, 3) and face.image_size == 96


@pytest.fixture
def meshes(detectors):
    detector = CascadeDetector(detectors)
    return FaceFollower(
        FaceAligner(96, landmarks="mesh", embeddings=False, detector=detector)
    )


def test_a_mesh_tells_where_the_next_one_is(frames, meshes):
    alone = meshes.aligner.replace(max_faces=1)
    places = set()
    for number, image in enumerate(frames):
        ((track, place),) = meshes.find(image)
        face = meshes.face(image, place)
        assert track == 0
        places.add(place.detector)
        assert place.detector == "mesh" or number % 4 == 0
        if number % 5 == 0:
            same = alone.detect(image)[0]
            gap = np.abs(face.landmarks - same.landmarks).max()
            assert gap < 0.06 * same.box.width
            assert face.box.iou(same.box) > 0.6
    assert places == {"hog", "near", "mesh"}


def test_a_face_that_leaves_has_no_mesh(frames, meshes):
    for image in frames[:2]:
        ((_, place),) = meshes.find(image)
        meshes.face(image, place)
    left, top, right, bottom = (round(v) for v in place.box.as_tuple())
    empty = frames[0].copy()  # no cut: only the face is gone
    empty[top - 20 : bottom + 10, left - 10 : right + 10] = empty[5, 5]
    ((_, place),) = meshes.find(empty)
    assert place.detector == "mesh"
    assert meshes.face(empty, place) is None
    assert meshes.find(empty) == []
    ((_, place),) = meshes.find(frames[2])
    assert meshes.face(frames[2], place).mesh.shape == (478, 3)


def test_floats_are_frames_too(frames, follower):
    assert len(follower.find(frames[0] / np.float32(255))) == 1


def test_a_cut_begins_another_track(frames, follower):
    others = [frame.image[..., ::-1] for frame in read_video(OTHER, stop=2)]
    numbers = [follower.find(image)[0][0] for image in [*frames[:3], *others]]
    assert numbers == [0, 0, 0, 1, 1]


def test_frames_without_a_face_are_searched_thoroughly_now_and_then(
    frames, follower, detectors
):
    follower.find(frames[0])
    empty = frames[0].copy()
    empty[:, :] = empty.mean((0, 1)).astype(np.uint8)  # no cut, only nobody there
    counts = [len(follower.find(empty)) for _ in range(10)]
    assert counts == [0] * 10
    assert detectors[0].calls <= 13 and detectors[1].calls == 2
    assert len(follower.find(frames[1])) == 1


def test_who_enters_later_is_found_at_the_next_whole_search(frames, follower):
    wall = np.full_like(frames[0], 120)
    alone = [np.hstack([image, wall]) for image in frames[:4]]
    joined = [np.hstack([image, image[:, ::-1]]) for image in frames[4:12]]
    counts = [len(follower.find(image)) for image in [*alone, *joined]]
    assert counts[:4] == [1] * 4
    assert counts[8:] == [2] * 4


def test_no_more_faces_than_asked_for(frames, detectors):
    both = np.hstack([frames[0], frames[0][:, ::-1]])
    detector = CascadeDetector(detectors)
    aligner = FaceAligner(embeddings=False, detector=detector, max_faces=1)
    assert len(FaceFollower(aligner).find(both)) == 1


def test_wrong_numbers_are_refused(follower):
    with pytest.raises(ValueError, match="every=0 was given"):
        FaceFollower(follower.aligner, every=0)

"""One video engine, on which extraction and conversion stand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from faces_helpers import CLIPS

from deepface_models.core.errors import MediaError
from deepface_models.faces import (
    FaceAligner,
    HogDetector,
    iter_faces,
    scene_cuts,
    track_faces,
)
from deepface_models.faces._reference import nearest
from deepface_models.faces.tracks import Tracker
from deepface_models.media import VideoWriter, read_video, write_image

QUICK = {"image_size": 64, "landmarks": 5, "embeddings": False, "repeats": 1}


@pytest.fixture(scope="module")
def aligner():
    return FaceAligner(**QUICK, detector=HogDetector(reduce_to=500))


@pytest.fixture(scope="module")
def two_scenes(tmp_path_factory):
    """Two people, one after the other, and a frame that nobody is in."""
    path = tmp_path_factory.mktemp("scenes") / "two.mkv"
    images = [f.image for clip in CLIPS[:2] for f in read_video(clip, stop=10)]
    with VideoWriter(path, fps=25, lossless=True) as writer:
        for number, image in enumerate([*images, np.zeros_like(images[0])]):
            frame = np.full((400, 500, 3), (30, 160, 90)[number // 10], np.uint8)
            frame[:256, :320] = cv2.resize(image, (320, 256))
            writer.write(frame)
    return path


@pytest.fixture(scope="module")
def found(two_scenes, aligner):
    return list(iter_faces(two_scenes, aligner))


def test_each_frame_with_its_faces_and_tracks(found, two_scenes):
    assert [frame.index for frame in found] == list(range(21))
    assert [frame.time for frame in found] == [
        frame.time for frame in read_video(two_scenes)
    ]
    cuts = scene_cuts(frame.image for frame in read_video(two_scenes))
    assert [frame.index for frame in found if frame.is_cut] == cuts == [10, 20]
    assert [frame.tracks for frame in found] == [[0]] * 10 + [[1]] * 10 + [[]]


def test_tracks_are_those_of_all_frames_at_once(found):
    tracks = track_faces([frame.faces for frame in found], cuts=[10, 20])
    numbers = {
        frame: number for number, track in enumerate(tracks) for frame in track.frames
    }
    assert numbers == {f.index: f.tracks[0] for f in found if f.tracks}


def test_extraction_finds_the_same_faces(found, two_scenes, aligner):
    extracted = aligner.extract(two_scenes, progress=False)
    faces = [face for frame in found for face in frame.faces]
    assert len(extracted) == len(faces) == 20
    for one, other in zip(extracted.faces, faces, strict=True):
        # extraction reads exact colors
        assert np.abs(one.landmarks - other.landmarks).max() < 1


def test_the_number_of_threads_changes_nothing(found, two_scenes, aligner):
    for one, other in zip(iter_faces(two_scenes, aligner, 1), found, strict=True):
        assert one.tracks == other.tracks
        for face, same in zip(one.faces, other.faces, strict=True):
            np.testing.assert_array_equal(face.matrix, same.matrix)


def test_an_image_is_one_frame(portrait, aligner, tmp_path):
    write_image(tmp_path / "a.png", portrait)
    (frame,) = iter_faces(tmp_path / "a.png", aligner)
    assert (frame.index, frame.tracks, frame.is_cut) == (0, [0], False)


def test_a_file_that_is_no_video_is_refused(tmp_path, aligner):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError, match=r"a\.mp4"):
        list(iter_faces(tmp_path / "a.mp4", aligner))
    with pytest.raises(ValueError, match="workers=0"):
        iter_faces(tmp_path / "a.mp4", aligner, 0)


def test_a_tracker_forgets_what_is_gone(found):
    """What it holds does not grow with the length of the video."""
    tracker, face = Tracker(max_gap=3), found[0].faces[0]
    for frame in range(0, 1000, 10):
        tracker.add(frame, [face])
    assert len(tracker._last) == 1 and tracker.add(2000, [face]) == [100]


def test_the_nearest_face_is_the_persons():
    rows = np.eye(128, dtype=np.float32)
    assert nearest(rows[:2], [rows[5], rows[1] * 0.9, rows[0] * 0.8]) == 1
    assert nearest(rows[:2], [rows[5]]) is None
    assert nearest(rows[:2], []) is None


def test_five_landmarks_never_open_the_other_file(
    two_scenes, aligner, tmp_path, monkeypatch
):
    """The reference is found by the caller's aligner, with its license."""
    from deepface_models.conversion import Converter
    from deepface_models.faces import _dlib

    opened = []
    get = _dlib.get

    def noting(name):
        opened.append(name)
        return get(name)

    monkeypatch.setattr(_dlib, "get", noting)
    frame = next(iter(read_video(CLIPS[0]))).image
    write_image(tmp_path / "person.png", frame)

    class Model:
        identities, image_size = ("ana", "ben"), 64

        def predict(self, images, identity):
            return np.asarray(images, np.float32) / 255

    converter = Converter(Model(), "ben", aligner=aligner, mask="ellipse")
    _, info = converter.image(frame, tmp_path / "person.png")
    assert info.swapped is not None
    assert "landmarks_5" in opened and "landmarks_68" not in opened


def test_detectors_of_threads_are_copies_of_one(monkeypatch):
    """Creating dlib's detector took 0.7 s in each thread of each call."""
    import threading

    from deepface_models.faces import _dlib

    created, create = [], _dlib._create
    monkeypatch.setattr(_dlib, "_create", lambda n: (created.append(n), create(n))[1])
    monkeypatch.setattr(_dlib, "_shared", {})
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(_dlib.get("hog"))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert created == ["hog"] and len({id(one) for one in made}) == 3

from __future__ import annotations

import numpy as np
import pytest
from faces_helpers import CLIPS, made_face

from deepface_models.faces import (
    FaceAligner,
    scene_cuts,
    smooth_track,
    track_faces,
    transform_points,
)
from deepface_models.faces.tracks import Track, smooth
from deepface_models.media import read_video


def test_two_people_give_two_tracks_even_when_they_swap_order():
    frames = []
    for i in range(10):
        pair = [made_face(100 + i), made_face(400 - i)]
        frames.append(pair[:: 1 if i % 2 else -1])
    tracks = track_faces(frames)
    assert [len(t) for t in tracks] == [10, 10]
    lefts = [[f.box.left for f in t.faces] for t in tracks]
    assert all(np.abs(np.diff(row)).max() <= 1 for row in lefts)


def test_short_gaps_stay_in_the_track_and_long_ones_end_it():
    def frames(gap):
        return [[made_face(100)], *([[]] * gap), [made_face(104)]]

    assert len(track_faces(frames(8))) == 1
    assert len(track_faces(frames(9))) == 2


def test_tracks_end_at_cuts():
    frames = [[made_face(100)] for _ in range(6)]
    tracks = track_faces(frames, cuts=[3])
    assert [t.frames for t in tracks] == [[0, 1, 2], [3, 4, 5]]


def test_another_size_or_place_is_another_face():
    frames = [[made_face(100)], [made_face(100, size=250)], [made_face(700)]]
    assert len(track_faces(frames)) == 3


def test_gaps_are_filled_between_neighbors():
    track = Track([0, 4], [made_face(100), made_face(108)])
    filled = smooth_track(track)
    assert filled.frames == [0, 1, 2, 3, 4]
    assert [f.detector for f in filled.faces[1:4]] == ["interpolated"] * 3
    assert filled.faces[2].box.left == pytest.approx(104)
    assert np.allclose(filled.faces[2].landmarks, made_face(104).landmarks, atol=0.05)


def test_smoothing_keeps_steady_movement_and_removes_jitter():
    rng = np.random.default_rng(0)
    clean = [made_face(100 + 3 * i, 50 + 0.1 * i * i) for i in range(30)]
    noisy = []
    for face in clean:
        noise = rng.normal(0, 0.8, face.landmarks.shape).astype(np.float32)
        other = made_face(*(face.landmarks[8] - [40, 80]))
        points = face.landmarks + noise
        noisy.append(
            type(face)(**{**vars(other), "landmarks": points, "matrix": face.matrix})
        )
    kept = smooth_track(Track(list(range(30)), clean))
    still = max(
        np.abs(a.landmarks - b.landmarks).max()
        for a, b in zip(kept.faces, clean, strict=True)
    )
    assert still < 0.01
    after = smooth_track(Track(list(range(30)), noisy))

    def error(faces):
        pairs = zip(faces, clean, strict=True)
        return np.mean([np.abs(a.landmarks - b.landmarks).mean() for a, b in pairs])

    assert error(after.faces) < 0.75 * error(noisy)


def test_smoothed_landmarks_fit_the_frame_and_matrix_is_a_similarity():
    track = Track(list(range(9)), [made_face(100 + i % 2) for i in range(9)])
    for face in smooth_track(track).faces:
        a, b = face.matrix[0, :2], face.matrix[1, :2]
        assert a @ b == pytest.approx(0, abs=1e-9)
        center = transform_points(face.landmarks, face.matrix)[27:36].mean(0)
        assert np.abs(center - 16).max() < 4


@pytest.mark.parametrize("length", [1, 2, 3])
def test_very_short_tracks_stay_as_they_are(length):
    faces = [made_face(100 + 5 * i) for i in range(length)]
    after = smooth_track(Track(list(range(length)), faces))
    for a, b in zip(after.faces, faces, strict=True):
        assert np.allclose(a.landmarks, b.landmarks, atol=1e-3)


def test_smooth_keeps_parabolas():
    t = np.arange(20.0)
    values = np.stack([t, t**2, 3 - t], 1)
    assert np.allclose(smooth(values, 7), values)


def test_scene_cuts_between_clips_and_nowhere_else():
    first = [f.image for f in read_video(CLIPS[0], stop=8)]
    second = [f.image for f in read_video(CLIPS[-1], stop=8)]
    assert scene_cuts(first) == []
    inverted = [255 - image for image in second]
    assert scene_cuts(first + inverted) == [8]


def test_real_clip_shakes_less_after_smoothing():
    images = [f.image for f in read_video(CLIPS[0], stop=24)]
    aligner = FaceAligner(landmarks=5, embeddings=False, repeats=1)
    per_frame = aligner.detect_frames(images)
    tracks = track_faces(per_frame)
    assert [len(t) for t in tracks] == [24]
    after = smooth_track(tracks[0])

    def shake(faces):
        places = np.array([f.matrix.ravel() for f in faces])
        return np.abs(np.diff(places, n=2, axis=0)).mean()

    assert shake(after.faces) < 0.6 * shake(tracks[0].faces)

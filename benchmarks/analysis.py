"""Recall, tracks and speed of `iter_faces`, compared with a search of every frame.

    python benchmarks/analysis.py [--only cross]

prints a table.

The videos are composed of real talkers, see `_scenes.py`, so that it is known where
each face is and whose. The naive loop runs the HOG detector on each whole frame at full
size and the 68 landmarks on each face. Both are measured in one run. Columns: recall of
either; false detections; people mixed up, which are faces in a track that is mostly
another person's, or whose embedding is nearer to another person of the scene; CPU
milliseconds a frame.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import cv2
import dlib
import harness
import numpy as np
from _scenes import Truth, compose, scenes

from deepface_models.faces import (
    Box,
    FaceAligner,
    HogDetector,
    iter_faces,
    model_path,
)
from deepface_models.media import read_video

CLIP = harness.PACKAGE / "demo" / "clips" / "s1" / "bbaf2n.mpg"
HEAD = (
    *("scene", "faces", "recall naive", "recall", "false naive", "false", "tracks"),
    *("mixed tracks", "mixed embeddings", "CPU ms naive", "CPU ms", "ratio"),
)
predictor = dlib.shape_predictor(str(model_path("landmarks_68")))


def naive(clip: Path) -> list[list[Box]]:
    detector = dlib.get_frontal_face_detector()
    found = []
    for frame in read_video(clip):
        boxes = detector(frame.image, 0)
        for box in boxes:
            predictor(frame.image, box)
        found.append(
            [Box(b.left(), b.top(), b.right() + 1, b.bottom() + 1) for b in boxes]
        )
    return found


def warm_up() -> None:
    """Loads and checks dlib's files, which is not timed."""
    image = cv2.resize(next(read_video(CLIP)).image, None, fx=2, fy=2)
    FaceAligner(128, detector=HogDetector()).detect(image)


def recall(truth: Truth, found: list[list[Box]]) -> tuple[int, int, int]:
    """Returns how many true faces there are and were found, and the false ones."""
    hits = total = false = 0
    for faces, boxes in zip(truth, found, strict=True):
        total += len(faces)
        hits += sum(any(box.iou(b) > 0.3 for b in boxes) for _, box in faces)
        false += sum(not any(b.iou(box) > 0.1 for _, box in faces) for b in boxes)
    return total, hits, false


def mixed(truth: Truth, frames: list[Any]) -> tuple[int, int]:
    """Returns how many faces are in another person's track, or look like another."""
    tracks, rows = defaultdict(Counter), defaultdict(list)
    for faces, frame in zip(truth, frames, strict=True):
        for face, track in zip(frame.faces, frame.tracks, strict=True):
            for person, box in faces:
                if face.box.iou(box) > 0.4:
                    tracks[track][person] += 1
                    rows[person].append(face.embedding)
    wrong = sum(sum(c.values()) - max(c.values()) for c in tracks.values())
    means = {person: np.median(known, 0) for person, known in rows.items()}
    strange = 0
    for person, known in rows.items():
        apart = {n: np.linalg.norm(known - mean, axis=1) for n, mean in means.items()}
        strange += int(
            (np.argmin(list(apart.values()), 0) != list(apart).index(person)).sum()
        )
    return wrong, strange


def main() -> None:
    parser = harness.options(__doc__, data=True)
    parser.add_argument("--frames", type=int, default=75)
    parser.add_argument("--only", help="part of the names of the scenes")
    parser.add_argument("--embeddings", type=int, default=32)
    options = parser.parse_args()
    warm_up()
    rows = []
    for name, scene in scenes(options.frames).items():
        if options.only and options.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "scene.mp4"
            truth = compose(scene, options.data, clip, options.frames)
            begun = harness.processor()
            plain = naive(clip)
            between = harness.processor()
            aligner = FaceAligner(128, embeddings=options.embeddings)
            frames = list(iter_faces(clip, aligner))
            ended = harness.processor()
        total, hits, false = recall(truth, plain)
        _, ours, more = recall(truth, [[f.box for f in one.faces] for one in frames])
        tracks = len({n for one in frames for n in one.tracks})
        wrong, strange = mixed(truth, frames)
        slow, fast = (1000 * s / len(truth) for s in (between - begun, ended - between))
        cells = [total, f"{hits / total:.3f}", f"{ours / total:.3f}", false, more]
        cells += [tracks, wrong, strange, f"{slow:.0f}", f"{fast:.0f}"]
        rows.append([name, *map(str, cells), f"{slow / fast:.1f}"])
    print(harness.markdown(HEAD, rows))


if __name__ == "__main__":
    main()

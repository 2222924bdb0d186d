"""Models that need no training, and faces of a few frames of the demo's clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import deepface_models
from deepface_models.core.arrays import Array
from deepface_models.faces import FaceAligner, FaceSet
from deepface_models.media import read_video

CLIPS = Path(deepface_models.__file__).parent / "demo" / "clips"
SIZE = 96


class SameModel:
    """Draws what it is shown, whoever is asked for."""

    name = "same"
    identities = ("s1", "mb")
    image_size = SIZE

    def __init__(self) -> None:
        self.seen = 0

    def predict(self, x: Any, *, identity: str) -> Array:
        self.seen += len(x)
        x = np.asarray(x, np.float32) / 255
        return np.concatenate([x, np.ones_like(x[..., :1])], axis=-1)


class FlashingModel(SameModel):
    """Draws what it is shown, every other image darker."""

    def predict(self, x: Any, *, identity: str) -> Array:
        decoded = super().predict(x, identity=identity)
        decoded[::2, ..., :3] *= 0.7
        return decoded


def extract(
    aligner: FaceAligner, clip: str, start: int, stop: int, embeddings: int = 4
) -> FaceSet:
    """Faces of some consecutive frames, with the embedding of every fourth."""
    path = CLIPS / clip
    frames = list(read_video(path, start=start, stop=stop))
    embedder = aligner.replace(embeddings=embeddings)
    found = embedder.detect_frames([frame.image for frame in frames])
    faces = FaceSet(SIZE, aligner.face_type, aligner.landmarks)
    for frame, (face, *_) in zip(frames, found, strict=True):
        image = aligner.align(frame.image, face)
        faces.append(face, image, str(path), frame.index, frame.time)
    return faces

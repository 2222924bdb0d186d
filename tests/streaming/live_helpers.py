"""A model that needs no training, and what a camera of OpenCV does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import deepface_models
from deepface_models.core.arrays import Array
from deepface_models.faces import FaceAligner
from deepface_models.faces.detect import HogDetector

CLIPS = Path(deepface_models.__file__).parent / "demo" / "clips"
CLIP, OTHER = CLIPS / "mb" / "sbia1a.mpg", CLIPS / "s1" / "bbaf2n.mpg"
CONSENT = "Both speakers are volunteers of the GRID corpus"


class GreenModel:
    """Draws the face it is given in green, within a disc."""

    identities = ("ana", "ben")
    name = "green"
    image_size = 64

    def predict(self, images: Array, identity: str) -> Array:
        faces = 0.5 * as_unit(images) + 0.5 * np.float32([0.1, 0.9, 0.2])
        y, x = np.mgrid[:64, :64] / 63 - 0.5
        disc = np.broadcast_to(np.hypot(x, y) < 0.35, faces.shape[:3])
        return np.concatenate([faces, disc[..., None].astype("f4")], axis=-1)

    def get_weights(self) -> list[Array]:
        return [np.float32([0.5])]


class ShiftingModel(GreenModel):
    """Takes the mean latent of the person, which is the mean color."""

    shifts_latents = True
    identities = ("ben",)

    def __init__(self) -> None:
        self.sources: list[Array | None] = []
        self.encoded: list[Array] = []

    @property
    def encoder(self) -> ShiftingModel:
        return self

    output = np.zeros((1, 3))

    def encode(self, images: Array, batch_size: int = 1) -> Array:
        self.encoded.append(as_unit(images).mean((1, 2)))
        return self.encoded[-1]

    def predict(
        self, images: Array, identity: str, source_identity: Array | None = None
    ) -> Array:
        self.sources.append(source_identity)
        return super().predict(images, identity)


class Camera:
    """Stands for `cv2.VideoCapture`: gives images in BGR, then ends."""

    images: tuple[Array, ...] = ()

    def __init__(self, which: int | str) -> None:
        self.which, self.left = which, list(self.images)
        self.released = False

    def isOpened(self) -> bool:
        return bool(self.images)

    def read(self) -> tuple[bool, Array | None]:
        return (True, self.left.pop(0)) if self.left else (False, None)

    def set(self, name: int, value: float) -> None:
        pass

    def get(self, name: int) -> float:
        return 30.0

    def release(self) -> None:
        self.released = True


def as_unit(images: Array) -> Array:
    return np.asarray(images, np.float32) / 255


def quick_aligner() -> FaceAligner:
    """Finds faces by the fastest detector only."""
    detector = HogDetector()
    return FaceAligner(64, landmarks=5, embeddings=False, detector=detector, repeats=1)

"""One person's faces, prepared for sampling."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data.masks import soften, target_masks
from deepface_models.data.regions import region_weights
from deepface_models.data.sampling import draw_balanced, pose_cells

if TYPE_CHECKING:
    from deepface_models.faces import FaceSet


class Person:
    """One person's faces at one size, with masks, weights and mean colors.

    Args:
        faces: The person's set.
        size: Side of the faces in pixels.
        eyes: Weight of the eyes' pixels.
        mouth: Weight of the mouth's pixels.
        mask: As in `target_masks`.
        dilation: As in `target_masks`.
        feather: As `amount` in `soften`.
        balance: None, or as in `pose_cells`.
    """

    def __init__(
        self,
        faces: FaceSet,
        size: int,
        eyes: float,
        mouth: float,
        mask: str | Array = "face",
        dilation: float = 0.0,
        feather: float = 0.0,
        balance: str | None = None,
    ) -> None:
        # Weights are stored as bytes: `steps` is a weight of 1.
        self.steps = math.floor(255.0 / max(1.0, eyes, mouth))
        scale = size / faces.image_size
        self.landmarks = faces.landmarks_aligned * scale
        self.face_type = faces.face_type
        self.cells = None if balance is None else pose_cells(faces, balance)
        self.faces = np.stack([resize(image, size) for image in faces.images])
        self.layers = np.empty((*self.faces.shape[:3], 2), "uint8")
        for index, given in enumerate(target_masks(faces, mask, dilation)):
            weight = region_weights(self.landmarks[index], size, eyes, mouth)
            soft = soften(resize(given, size).clip(0.0, 1.0), feather)
            self.layers[index, ..., 0] = np.rint(soft * 255.0)
            self.layers[index, ..., 1] = np.rint(weight * self.steps)
        self.colors = np.stack(
            [
                _colors(f, m[..., 0])
                for f, m in zip(self.faces, self.layers, strict=True)
            ]
        )

    def sketch(self, most: int = 64) -> list[str]:
        """Returns the `most` smallest digests of faces; larger sets share most."""
        digests = {hashlib.sha256(face.tobytes()).hexdigest() for face in self.faces}
        return [digest[:16] for digest in sorted(digests)[:most]]

    def choose(self, count: int, rng: np.random.Generator) -> Array:
        """Samples `count` indices of faces, without repetition if there are enough."""
        if self.cells is not None:
            return draw_balanced(self.cells, count, rng)
        return rng.choice(len(self.faces), count, len(self.faces) < count)


def resize(image: Array, size: int) -> Array:
    """Returns a square image at another size, or itself if it has that size."""
    if image.shape[0] == size:
        return image
    method = cv2.INTER_AREA if size < image.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (size, size), interpolation=method))


def _colors(face: Array, mask: Array) -> Array:
    """Returns mean and standard deviation of a face's colors, (2, 3) in [0, 1]."""
    mean, deviation = cv2.meanStdDev(face, mask=mask)
    both = np.hstack([mean, deviation]).T / 255.0
    return np.asarray(np.maximum(both, [[0.0], [0.02]]))

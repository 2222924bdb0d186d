"""Baselines that a swap must beat: models that learned nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import FaceSet

_MOST = 200  # most faces that a mean is computed from


class MeanFace:
    """Renders the target person's mean aligned face, whatever the input is.

    It can be used as the model of a `Converter`. As a swap it has the right identity,
    but no expression.

    Args:
        faces: The faces of each identity.
        image_size: Side of the rendered images in pixels.

    Example:
        >>> mean = MeanFace(people, image_size=64)
        >>> mean.predict(people["ana"].images[:2], identity="ben").shape
        (2, 64, 64, 4)
    """

    has_mask = True

    @whole_numbers(image_size=1)
    def __init__(self, faces: Mapping[str, FaceSet], image_size: int) -> None:
        self.identities = tuple(faces)
        self.image_size = image_size
        self._decoded = {n: _mean(f, image_size) for n, f in faces.items()}

    def predict(self, x: Any, *, identity: str, **_: Any) -> Array:
        """Returns the mean face of `identity` for each of the images.

        Args:
            x: (N, S, S, 3) aligned faces; only their number matters.
            identity: The target person.

        Returns:
            (N, S, S, 4) float32 in [0, 1]: red, green, blue and mask.
        """
        return np.repeat(self._decoded[identity][None], len(x), axis=0)


def _mean(faces: FaceSet, size: int) -> Array:
    chosen = np.unique(np.linspace(0, len(faces) - 1, _MOST).astype(int))
    used = faces.select(chosen)
    image = used.images.mean(axis=0, dtype=np.float32) / 255
    mask = used.masks().mean(axis=0)
    decoded = np.concatenate([image, mask[..., None]], axis=-1)
    if faces.image_size != size:
        shrink = size < faces.image_size
        how = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
        decoded = cv2.resize(decoded, (size, size), interpolation=how)
    return np.asarray(np.clip(decoded, 0, 1), np.float32)

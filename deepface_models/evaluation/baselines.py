"""Baselines of a swap: models that learned nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import SCALES
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import FaceSet

_MOST = 200  # most faces that a mean is computed from
_MOST_PHOTOGRAPHS = 500


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


class Photographs:
    """Renders the photograph of the target person with the nearest expression.

    It can be used as the model of a `Converter`. As a swap it shows what the rest of
    the head and the blending leave of a person's likeness: no model can resemble a
    person more than the person's own photographs. Its expressions are those that the
    person happened to have.

    Args:
        faces: The faces of the target person; up to 500 are used.
        identity: The person's name.
        image_size: Side of the rendered images in pixels.
        face_type: Face type of the images.
    """

    has_mask = True
    matches_expressions = True

    @whole_numbers(image_size=1)
    def __init__(
        self, faces: FaceSet, identity: str, image_size: int, face_type: str = "full"
    ) -> None:
        self.identities = (identity,)
        self.image_size = image_size
        self.face_type = face_type
        self._faces = _some(faces, _MOST_PHOTOGRAPHS)
        self._expressions = self._faces.expressions

    def predict(self, x: Any, *, identity: str, expressions: Array, **_: Any) -> Array:
        """Returns the nearest photograph for each of the images.

        Args:
            x: (N, S, S, 3) aligned faces; only their number matters.
            identity: The target person.
            expressions: Those of the source, (N, 7), relative to its neutral face.

        Returns:
            (N, S, S, 4) float32 in [0, 1]: red, green, blue and mask.
        """
        gaps = (np.asarray(expressions)[:, None] - self._expressions) / SCALES
        chosen = np.square(gaps).sum(axis=-1).argmin(axis=1)
        used = self._faces.select(chosen)
        masks = used.masks()[..., None]
        decoded = np.concatenate([used.images / np.float32(255), masks], axis=-1)
        return np.stack([_resized(one, self.image_size) for one in decoded])


def _mean(faces: FaceSet, size: int) -> Array:
    used = _some(faces, _MOST)
    image = used.images.mean(axis=0, dtype=np.float32) / 255
    mask = used.masks().mean(axis=0)
    return _resized(np.concatenate([image, mask[..., None]], axis=-1), size)


def _some(faces: FaceSet, most: int) -> FaceSet:
    """Returns at most so many of the faces, spread evenly."""
    return faces.select(np.unique(np.linspace(0, len(faces) - 1, most).astype(int)))


def _resized(decoded: Array, size: int) -> Array:
    if len(decoded) != size:
        how = cv2.INTER_AREA if size < len(decoded) else cv2.INTER_LINEAR
        decoded = cv2.resize(decoded, (size, size), interpolation=how)
    return np.asarray(np.clip(decoded, 0, 1), np.float32)

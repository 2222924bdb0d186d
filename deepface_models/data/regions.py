"""Pixel weights of eyes and mouth."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import _outlines


@whole_numbers(size=1)
def region_weights(
    landmarks: Array, size: int, eyes: float = 3.0, mouth: float = 2.0
) -> Array:
    """Returns pixel weights that are larger at eyes and mouth.

    Args:
        landmarks: (68, 2) or (5, 2) points in pixels of the aligned face.
        size: Width and height of the face in pixels.
        eyes: Weight of the eyes; the rest of the face has 1.
        mouth: Weight of the mouth.

    Returns:
        (size, size) float32, at least 1, with soft borders.

    Example:
        >>> from deepface_models.faces import template
        >>> weights = region_weights(template(68, 64, "full"), 64, eyes=3.0)
        >>> weights.shape, round(float(weights.max()))
        ((64, 64), 3)
    """
    parts = [(eye, eyes) for eye in _outlines.eyes(landmarks)]
    weight = np.ones((size, size), "float32")
    for region, value in [*parts, (_outlines.mouth(landmarks), mouth)]:
        filled = np.zeros((size, size), "float32")
        cv2.fillConvexPoly(filled, cv2.convexHull(region.astype("int32")), 1.0)
        reach = max(3, int(size * 0.06)) | 1
        filled = cv2.dilate(filled, np.ones((reach, reach), "uint8"))
        filled = cv2.GaussianBlur(filled, (reach, reach), 0)
        weight = np.maximum(weight, 1.0 + (value - 1.0) * filled)
    return weight

"""Pixel weights of eyes and mouth."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers

EYES_68 = (slice(36, 42), slice(42, 48))
MOUTH_68 = slice(48, 68)
# Points of dlib's five: outer and inner corner of one eye, of the other, nose base.
EYES_5 = ((0, 1), (2, 3))


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
    """
    points = np.asarray(landmarks, "float64")
    weight = np.ones((size, size), "float32")
    for region, value in _regions(points, eyes, mouth):
        filled = np.zeros((size, size), "float32")
        cv2.fillConvexPoly(filled, cv2.convexHull(region.astype("int32")), 1.0)
        reach = max(3, int(size * 0.06)) | 1
        filled = cv2.dilate(filled, np.ones((reach, reach), "uint8"))
        filled = cv2.GaussianBlur(filled, (reach, reach), 0)
        weight = np.maximum(weight, 1.0 + (value - 1.0) * filled)
    return weight


def _regions(points: Array, eyes: float, mouth: float) -> list[tuple[Array, float]]:
    if len(points) == 68:
        found = [(points[part], eyes) for part in EYES_68]
        return [*found, (points[MOUTH_68], mouth)]
    corners = [points[list(pair)] for pair in EYES_5]
    widths = [float(np.ptp(pair, axis=0).max()) for pair in corners]
    found = [
        (_box(pair.mean(0), width / 2, 0.5), eyes)
        for pair, width in zip(corners, widths, strict=True)
    ]
    between = float(np.linalg.norm(corners[0].mean(0) - corners[1].mean(0)))
    down = points[4] - (corners[0].mean(0) + corners[1].mean(0)) / 2.0
    down /= max(float(np.linalg.norm(down)), 1e-6)
    middle = points[4] + down * between * 0.5
    return [*found, (_box(middle, between * 0.42, 0.6), mouth)]


def _box(middle: Array, half_width: float, aspect: float) -> Array:
    corners = np.array([[-1, -aspect], [1, -aspect], [1, aspect], [-1, aspect]])
    return np.asarray(middle + corners * half_width)

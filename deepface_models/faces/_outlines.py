"""Outlines of a face's eyes, brows and mouth, from its landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces._template import MEAN_FACE_5, MEAN_FACE_68
from deepface_models.faces.align import transform_points, umeyama

_EYES, _BROWS = (slice(36, 42), slice(42, 48)), (slice(17, 22), slice(22, 27))
_MOUTH, _INNER_LIPS = slice(48, 68), slice(60, 68)
# Points of dlib's five: outer and inner corner of one eye, of the other, nose base.
_CORNERS = ((0, 1), (2, 3))


def eyes(landmarks: Array) -> list[Array]:
    """Returns an outline (K, 2) of each eye; a box if there are five landmarks.

    Args:
        landmarks: (68, 2) or (5, 2) in any image.
    """
    points = np.asarray(landmarks, np.float64)
    if len(points) == 68:
        return [points[part] for part in _EYES]
    corners = [points[list(pair)] for pair in _CORNERS]
    widths = [float(np.ptp(pair, axis=0).max()) for pair in corners]
    return [
        _box(pair.mean(0), width / 2, 0.5)
        for pair, width in zip(corners, widths, strict=True)
    ]


def mouth(landmarks: Array) -> Array:
    """Returns the points of the mouth; a box if there are five landmarks."""
    points = np.asarray(landmarks, np.float64)
    if len(points) == 68:
        return points[_MOUTH]
    one, other = (points[list(pair)].mean(0) for pair in _CORNERS)
    between = float(np.linalg.norm(one - other))
    down = points[4] - (one + other) / 2.0
    down /= max(float(np.linalg.norm(down)), 1e-6)
    return _box(points[4] + down * between * 0.5, between * 0.42, 0.6)


def brows(landmarks: Array) -> list[Array]:
    """Returns the points of each brow; the mean face's if there are five landmarks."""
    points = np.asarray(landmarks, np.float64)
    if len(points) == 5:
        points = transform_points(MEAN_FACE_68, umeyama(MEAN_FACE_5, points))
    return [points[part] for part in _BROWS]


def opened_mouth(landmarks: Array) -> list[Array]:
    """Returns the outline between the lips, or nothing if there are five landmarks."""
    points = np.asarray(landmarks, np.float64)
    return [points[_INNER_LIPS]] if len(points) == 68 else []


def filled(outlines: list[Array], size: int, reach: float = 0.0) -> Array:
    """Returns which pixels lie in the convex hulls of outlines, (S, S) uint8, 0 or 1.

    Args:
        outlines: (K, 2) each.
        size: Side of the image.
        reach: Width in pixels by which they grow.
    """
    canvas = np.zeros((size, size), np.uint8)
    for outline in outlines:
        hull = cv2.convexHull(np.rint(outline * 16).astype(np.int32))
        cv2.fillConvexPoly(canvas, hull, 1, shift=4)
    side = 2 * round(reach) + 1
    return np.asarray(
        cv2.dilate(canvas, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    )


def _box(middle: Array, half_width: float, aspect: float) -> Array:
    corners = np.array([[-1, -aspect], [1, -aspect], [1, aspect], [-1, aspect]])
    return np.asarray(middle + corners * half_width)

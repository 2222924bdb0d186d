"""The mask of a face in an aligned image, from its landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces._template import MEAN_FACE_5
from deepface_models.faces.align import transform_points, umeyama

# How far the forehead reaches above the brows, in brow-to-nose-base distances.
_FOREHEAD = 0.35
# The mean face's outline with forehead as an ellipse of the unit square.
_ELLIPSE_CENTER = (0.5, 0.425)
_ELLIPSE_RADII = (0.50, 0.575)


@whole_numbers(image_size=1)
def face_mask(
    landmarks_aligned: Array, image_size: int, dilation: float = 0.0
) -> Array:
    """Returns the mask of a face from its landmarks.

    68 points give their convex hull, extended above the brows to cover the forehead; 5
    points give an ellipse, the mean face's outline fitted to the eyes and the nose.

    Args:
        landmarks_aligned: (68, 2) or (5, 2) points in pixels of the aligned face.
        image_size: Side of the aligned face in pixels.
        dilation: Grows the mask by this fraction of `image_size`; negative shrinks it.

    Returns:
        (image_size, image_size) float32, 0 outside to 1 inside, smooth at the edge.

    Example:
        >>> from deepface_models.faces import template
        >>> face_mask(template(68, 64, "full"), 64).shape
        (64, 64)
    """
    points = np.asarray(landmarks_aligned, np.float64)
    if points.shape not in ((68, 2), (5, 2)):
        raise ValueError(
            f"Landmarks of shape {points.shape} were given. Expected (68, 2) or (5, "
            "2). Pass the landmarks of one face in pixels of the aligned image."
        )
    polygon = _hull(points) if len(points) == 68 else _ellipse(points)
    canvas = np.zeros((image_size, image_size), np.uint8)
    fixed = np.rint(polygon * 16).astype(np.int32)
    cv2.fillConvexPoly(canvas, fixed, 255, cv2.LINE_AA, 4)
    return _grow(canvas, dilation * image_size).astype(np.float32) / 255


def _hull(points: Array) -> Array:
    brows, nose = points[17:27], points[33]
    up = (brows.mean(0) - nose) * _FOREHEAD
    # The middle of the forehead is higher than its sides.
    height = np.sin(np.linspace(0.18, 0.82, 10) * np.pi)[:, None]
    outline = np.concatenate([points, brows + up * height]).astype(np.float32)
    return np.asarray(cv2.convexHull(outline)[:, 0], np.float64)


def _ellipse(points: Array) -> Array:
    # A similarity (rotation, size, position) only: a full affine map of five points
    # would tilt the ellipse as soon as the head turns.
    matrix = umeyama(MEAN_FACE_5, points)
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    ring = circle * _ELLIPSE_RADII + _ELLIPSE_CENTER
    return transform_points(ring, matrix)


def _grow(mask: Array, pixels: float) -> Array:
    radius = round(abs(pixels))
    if radius == 0:
        return mask
    side = 2 * radius + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    change = cv2.dilate if pixels > 0 else cv2.erode
    return np.asarray(change(mask, kernel, borderType=cv2.BORDER_REPLICATE))

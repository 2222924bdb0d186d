"""Faces cut out upright at an equal distance of the eyes, by their meshes."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces import invert, transform_points, umeyama
from deepface_models.faces._mesh_points import LEFT_CORNERS, RIGHT_CORNERS

_BLUR = 0.5  # standard deviation in pixels of the result that a pixel stands for
_SIDE, _EYES = 3.2, 1.4  # of a chip, and the eyes' height, in eye distances


def eye_centers(mesh: Array) -> Array:
    """Returns the middles of the corners of both eyes: (..., 478, 3) -> (..., 2, 2)."""
    pairs = [mesh[..., list(c), :2].mean(-2) for c in (LEFT_CORNERS, RIGHT_CORNERS)]
    return np.stack(pairs, axis=-2)


def eye_distance(mesh: Array) -> Array:
    """Returns the distance between the eyes' centers: (..., 478, 3) -> (...)."""
    centers = eye_centers(mesh)
    return np.asarray(np.linalg.norm(centers[..., 0, :] - centers[..., 1, :], axis=-1))


def chip(image: Array, mesh: Array, distance: float) -> tuple[Array, Array]:
    """Cuts a face out, upright, with its eyes at a given distance.

    Args:
        image: (H, W, 3), uint8 or float in [0, 1].
        mesh: (478, 3) in pixels of the image.
        distance: Between the eyes' centers in pixels of the result.

    Returns:
        The image, about 3.2 times as wide and high as the distance, and the mesh's
        points in it, (478, 2).
    """
    side = int(np.ceil(_SIDE * distance))
    middle = np.array([(side - 1) / 2, _EYES * distance])
    half = np.array([distance / 2, 0.0])
    matrix = umeyama(eye_centers(mesh), np.array([middle - half, middle + half]))
    points = transform_points(mesh[:, :2], matrix)
    return _sampled(image, matrix, side), points


def _sampled(image: Array, matrix: Array, side: int) -> Array:
    """Returns an image warped to a square, blurred before as far as it shrinks.

    Detail of images of different sizes can be compared only if what is too fine for
    the result is taken out of both in the same way.
    """
    shrink = 1 / np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if shrink > 1:
        sigma = float(_BLUR * np.sqrt(shrink**2 - 1))
        square = [[0, 0], [side, 0], [0, side], [side, side]]
        corners = transform_points(square, invert(matrix))
        margin = 4 * sigma + 2
        low = np.maximum(np.floor(corners.min(0) - margin), 0).astype(int)
        high = np.maximum(np.ceil(corners.max(0) + margin), low + 1).astype(int)
        part = image[low[1] : high[1], low[0] : high[0]]
        image = np.asarray(cv2.GaussianBlur(part, (0, 0), sigma))
        matrix = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ low])
    return np.asarray(
        cv2.warpAffine(
            image,
            matrix,
            (side, side),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def filled(points: Array, shape: tuple[int, ...]) -> Array:
    """Returns which pixels a polygon covers: (K, 2) -> bool of the image's shape."""
    canvas = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(canvas, [np.rint(points * 16).astype(np.int32)], 1, shift=4)
    return canvas.astype(bool)

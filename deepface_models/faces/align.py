"""Face alignment: crops of equal size with upright faces."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import ArrayLike

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.whole import whole_numbers
from deepface_models.faces._template import MEAN_FACE_5, MEAN_FACE_68, STABLE_68

# Margin on each side of the brows-to-chin square, in units of that square.
FACE_TYPES = {"half": 0.0, "midfull": 0.0675, "full": 0.2109375, "whole": 0.40}


def padding_of(face_type: str) -> float:
    """Returns the margin of a face type, in units of the brows-to-chin square."""
    advice = "Use 'full' for the usual crop."
    return FACE_TYPES[choose("face_type", face_type, FACE_TYPES, advice)]


def umeyama(src: Array, dst: Array) -> Array:
    """Returns the similarity (rotation, scale, shift) that best maps src to dst.

    It minimizes the sum of squared distances.

    Reference: Umeyama, Least-squares estimation of transformation parameters
    between two point patterns, PAMI 1991.

    Args:
        src: (N, 2) points, N at least 2.
        dst: (N, 2) points, in the same order.

    Returns:
        (2, 3) float64 matrix.

    Raises:
        ValueError: If the shapes differ or all points of src are the same.

    Example:
        >>> points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> umeyama(points, 2 * points + 5)[:, 2].round(6).tolist()
        [5.0, 5.0]
    """
    src, dst = np.asarray(src, np.float64), np.asarray(dst, np.float64)
    if src.shape != dst.shape or src.ndim != 2 or src.shape[1] != 2 or len(src) < 2:
        raise ValueError(
            f"Points of shapes {src.shape} and {dst.shape} were given. Expected two "
            "arrays of the same shape (N, 2), N at least 2. Pass matching points."
        )
    a, b = src - src.mean(0), dst - dst.mean(0)
    spread = float((a**2).sum())
    if not spread > 0:
        raise ValueError(
            f"{len(src)} equal source points were given. Expected at least two "
            "different points. Check the landmarks."
        )
    # In a plane, the rotation and scale that fit best have this closed form.
    both = a.T @ b / spread
    x, y = both[0, 0] + both[1, 1], both[0, 1] - both[1, 0]
    rotation = np.array([[x, -y], [y, x]])
    return np.column_stack([rotation, dst.mean(0) - rotation @ src.mean(0)])


@whole_numbers(num_points=1, image_size=1)
def template(num_points: int, image_size: int, face_type: str = "full") -> Array:
    """Returns the mean face's landmarks in pixels of an aligned face.

    Args:
        num_points: 68 or 5.
        image_size: Side of the aligned face in pixels.
        face_type: A key of `FACE_TYPES`.

    Returns:
        (num_points, 2) float64.

    Example:
        >>> template(68, 128, "full").shape
        (68, 2)
    """
    if num_points not in (5, 68):
        raise ValueError(
            f"{num_points} landmarks were given. Expected 68 or 5. "
            "Use landmarks=68 or landmarks=5."
        )
    mean = MEAN_FACE_68 if num_points == 68 else MEAN_FACE_5
    padding = padding_of(face_type)
    return (mean + padding) * (image_size / (1 + 2 * padding)) - 0.5


@whole_numbers(image_size=1)
def alignment_matrix(
    landmarks: Array, image_size: int, face_type: str = "full"
) -> Array:
    """Returns the (2, 3) matrix from frame pixels to pixels of the aligned face.

    Args:
        landmarks: (68, 2) or (5, 2) points in pixels of the frame.
        image_size: Side of the aligned face in pixels.
        face_type: "half" (brows to chin), "midfull", "full" or "whole" (with hair).

    Example:
        >>> landmarks = template(68, 128, "full") + 10
        >>> alignment_matrix(landmarks, 128, "full")[:, 2].round(3).tolist()
        [-10.0, -10.0]
    """
    points = np.asarray(landmarks, np.float64)
    target = template(len(points), image_size, face_type)
    if len(points) == 68:
        stable = list(STABLE_68)
        return umeyama(points[stable], target[stable])
    return umeyama(points, target)


def invert(matrix: Array) -> Array:
    """Returns the inverse of an affine transform.

    Args:
        matrix: (2, 3), from points (x, y, 1) to points (x, y).

    Returns:
        (2, 3) matrix, float64.

    Example:
        >>> matrix = np.array([[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]])
        >>> invert(matrix).tolist()
        [[0.5, 0.0, -5.0], [0.0, 0.5, -10.0]]
    """
    inverse = np.linalg.inv(np.asarray(matrix, np.float64)[:, :2])
    return np.column_stack([inverse, -inverse @ matrix[:, 2]])


def transform_points(points: ArrayLike, matrix: Array) -> Array:
    """Applies an affine transform to points.

    Args:
        points: (..., 2).
        matrix: (2, 3), from points (x, y, 1) to points (x, y).

    Returns:
        (..., 2) float64.

    Example:
        >>> matrix = np.array([[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]])
        >>> transform_points(np.array([[1.0, 2.0]]), matrix).tolist()
        [[12.0, 24.0]]
    """
    return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]


def resize_matrix(matrix: Array, old: int, new: int) -> Array:
    """Returns the matrix for the same aligned face in another size."""
    ratio = new / old
    resized = np.asarray(matrix, np.float64) * ratio
    resized[:, 2] += 0.5 * ratio - 0.5
    return resized


def _scale(matrix: Array) -> float:
    return math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))


def _finer(matrix: Array, factor: int) -> Array:
    """Returns `matrix` for a result enlarged by a whole `factor`."""
    fine = np.asarray(matrix, np.float64) * factor
    fine[:, 2] += (factor - 1) / 2
    return fine


def warp(
    image: Array, matrix: Array, width: int, height: int, border: int | None = None
) -> Array:
    """Warps an image by an affine matrix, without aliasing when it shrinks.

    Args:
        image: HxW or HxWxC, uint8 or float32.
        matrix: (2, 3), from pixels of `image` to pixels of the result.
        width: Width of the result.
        height: Height of the result.
        border: OpenCV border mode; by default the edge pixels are repeated.
    """
    mode = cv2.BORDER_REPLICATE if border is None else border
    matrix = np.asarray(matrix, np.float64)
    shrink = 1 / max(_scale(matrix), 1e-6)
    if shrink > 2:
        image, matrix = _reduced(image, matrix, int(shrink), width, height)
    # When it still shrinks, a pixel of the result averages four samples.
    factor = 1 if shrink < 1.05 else 2
    fine = cv2.warpAffine(
        image,
        _finer(matrix, factor),
        (width * factor, height * factor),
        flags=cv2.INTER_CUBIC if factor == 1 else cv2.INTER_LINEAR,
        borderMode=mode,
    )
    if factor > 1:
        fine = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(fine)


def _reduced(
    image: Array, matrix: Array, times: int, width: int, height: int
) -> tuple[Array, Array]:
    """Returns the visible part, reduced `times` by averaging, and its matrix."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    there = transform_points(corners, invert(matrix))
    limits = [image.shape[1], image.shape[0]]
    low = np.clip(np.floor(there.min(0)) - 2 * times, 0, limits).astype(int)
    high = np.clip(np.ceil(there.max(0)) + 2 * times, 0, limits).astype(int)
    size = np.maximum((high - low) // times, 1)
    low = np.minimum(low, np.maximum(limits - size * times, 0))
    part = image[low[1] : low[1] + size[1] * times, low[0] : low[0] + size[0] * times]
    small = cv2.resize(part, size.tolist(), interpolation=cv2.INTER_AREA)
    # Pixel centers: x in the small part is times * x + (times - 1) / 2 + low.
    moved = matrix.copy()
    moved[:, :2] = matrix[:, :2] * times
    moved[:, 2] += matrix[:, :2] @ (low + (times - 1) / 2)
    return small, moved


def visible_part(
    matrix: Array, image_size: int, shape: tuple[int, ...]
) -> tuple[slice, slice]:
    """Returns the rows and columns of a frame that `align` reads.

    Args:
        matrix: (2, 3) from `alignment_matrix`.
        image_size: Side of the aligned face in pixels.
        shape: (H, W, ...) of the frame.
    """
    ends = np.array([[0, 0], [image_size, 0], [image_size] * 2, [0, image_size]])
    there = transform_points(ends, invert(matrix))
    around = 2 * math.ceil(1 / max(_scale(matrix), 1e-6)) + 3
    low = np.floor(there.min(0)).astype(int) - around
    high = np.ceil(there.max(0)).astype(int) + around
    limits = np.array([shape[1], shape[0]])
    low, high = np.clip(low, 0, limits - 1), np.clip(high, 1, limits)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def align_part(
    part: Array, place: tuple[slice, slice], matrix: Array, image_size: int
) -> Array:
    """Returns what `align` does, from the part of the frame at `place` alone."""
    there = np.array(matrix, np.float64)
    there[:, 2] += there[:, :2] @ (place[1].start, place[0].start)
    return align(part, there, image_size)


@whole_numbers(image_size=1)
def align(image: Array, matrix: Array, image_size: int) -> Array:
    """Cuts the aligned face out of a frame.

    Args:
        image: RGB frame, uint8 or float32 in [0, 1].
        matrix: (2, 3) from `alignment_matrix`.
        image_size: Side of the result in pixels.

    Returns:
        (image_size, image_size, 3) of the frame's dtype. What lies outside the frame
        repeats the frame's edge.

    Example:
        >>> image = np.zeros((240, 320, 3), np.uint8)
        >>> align(image, np.eye(2, 3), 128).shape
        (128, 128, 3)
    """
    face = warp(image, matrix, image_size, image_size)
    return face if face.dtype == np.uint8 else np.clip(face, 0, 1)

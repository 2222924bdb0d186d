"""Pyramids of images: smooth continuation, and blending along a mask."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np

from deepface_models.core.arrays import Array

Part: TypeAlias = tuple[slice, slice]

SMALLEST = 4  # pixels: side below which no further pyramid level is made
_MARGIN = 4  # pixels around a mask of which a coarser level sees something
# What `cv2.pyrDown` makes of `cv2.pyrUp`, in pixels of the smaller image.
_DOWN_OF_UP = np.array([1, 28, 70, 28, 1], np.float32) / 128


def blended(difference: Array, alpha: Array, part: Part, levels: int) -> Array:
    """Collapses (Laplacian pyramid of the difference) x (Gaussian pyramid of alpha).

    Outside the mask, the difference is replaced by its smooth continuation. There the
    finest level adds nothing, so it is computed in `part` only.

    Args:
        difference: (h, w, 3) float32, the difference of two images in `part`.
        alpha: (H, W) float32 in [0, 1], zero outside of `part`.
        part: Rows and columns, from `covered`.
        levels: Number of levels, at least 1.

    Returns:
        (H, W, 3) float32, what is to be added to the second image.
    """
    height, width = alpha.shape
    weight = alpha[part]
    small_alpha = np.zeros(((height + 1) // 2, (width + 1) // 2), np.float32)
    small = np.zeros((*small_alpha.shape, 3), np.float32)
    half = _halved(part)
    small_alpha[half] = cv2.pyrDown(weight)
    small[half] = times(
        cv2.pyrDown(times(difference, weight)), 1 / np.maximum(small_alpha[half], 1e-6)
    )
    # A coarse pixel is known as soon as a quarter of it is.
    around = extend(small, np.minimum(small_alpha * 4, 1.0))
    there = _enlarged(around, part, alpha.shape)
    filled = cv2.blendLinear(difference, there, weight, 1 - weight)
    coarse = _reduced(around, filled, part, alpha.shape)
    fine = cv2.subtract(filled, _enlarged(coarse, part, alpha.shape))
    below = masked_pyramid(coarse, small_alpha, levels - 1)
    result = np.asarray(cv2.pyrUp(below, dstsize=(width, height)))
    result[part] += times(fine, weight)
    return result


def covered(alpha: Array) -> Part | None:
    """Returns the rows and columns around a mask (H, W); None if it is zero.

    They begin at even numbers, where pixels of the next level lie.
    """
    left, top, width, height = cv2.boundingRect((alpha > 0).view(np.uint8))
    if not width:
        return None
    rows, columns = (
        slice(max(0, begin - _MARGIN) // 2 * 2, min(size, begin + count + _MARGIN))
        for begin, count, size in (
            (top, height, alpha.shape[0]),
            (left, width, alpha.shape[1]),
        )
    )
    return rows, columns


def _halved(part: Part) -> Part:
    rows, columns = (slice(one.start // 2, (one.stop + 1) // 2) for one in part)
    return rows, columns


def _enlarged(small: Array, part: Part, size: tuple[int, ...]) -> Array:
    """Returns a part of `cv2.pyrUp(small)`, which has `size` (H, W)."""
    wide = [
        slice(max(0, one.start - 2), min(side, one.stop + 2))
        for one, side in zip(_halved(part), small.shape[:2], strict=True)
    ]
    ends = [
        min(2 * one.stop, side) - 2 * one.start
        for one, side in zip(wide, size, strict=True)
    ]
    large = cv2.pyrUp(small[wide[0], wide[1]], dstsize=(ends[1], ends[0]))
    rows, columns = (
        slice(one.start - 2 * begin.start, one.stop - 2 * begin.start)
        for one, begin in zip(part, wide, strict=True)
    )
    return large[rows, columns]


def _reduced(small: Array, inner: Array, part: Part, size: tuple[int, ...]) -> Array:
    """Returns `cv2.pyrDown` of an image that is `cv2.pyrUp(small)` but for `part`."""
    result = cv2.sepFilter2D(small, -1, _DOWN_OF_UP, _DOWN_OF_UP)
    cut = [
        slice(0 if one.start == 0 else 1, half.stop - half.start - (one.stop != side))
        for one, half, side in zip(part, _halved(part), size, strict=True)
    ]
    there = result[_halved(part)]
    there[cut[0], cut[1]] = cv2.pyrDown(inner)[cut[0], cut[1]]
    return np.asarray(result)


def masked_pyramid(difference: Array, alpha: Array, levels: int) -> Array:
    """Collapses (Laplacian pyramid of the difference) x (Gaussian pyramid of alpha)."""
    height, width = alpha.shape
    if levels == 0 or min(height, width) < 2 * SMALLEST:
        return times(difference, alpha)
    coarse = cv2.pyrDown(difference)
    fine = difference - cv2.pyrUp(coarse, dstsize=(width, height))
    below = masked_pyramid(coarse, cv2.pyrDown(alpha), levels - 1)
    return times(fine, alpha) + cv2.pyrUp(below, dstsize=(width, height))


def extend(values: Array, weight: Array, relaxations: int = 0) -> Array:
    """Continues `values` smoothly from where `weight` is 1 to where it is 0.

    Push-pull interpolation over a pyramid. With `relaxations` Jacobi steps per level
    it is a cascading multigrid solver of Laplace's equation.

    Args:
        values: (H, W, 3) float32.
        weight: (H, W) float32 in [0, 1].
        relaxations: Steps per level.
    """
    height, width = weight.shape
    fixed = times(values, weight)
    if min(height, width) < 2 * SMALLEST:
        mean = fixed.sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return fixed + times(np.full_like(fixed, mean), 1 - weight)
    small_weight = cv2.pyrDown(weight)
    small = times(cv2.pyrDown(fixed), 1 / np.maximum(small_weight, 1e-6))
    # A coarse pixel is known as soon as a quarter of it is.
    coarse = extend(small, np.minimum(small_weight * 4, 1.0), relaxations)
    filled = fixed + times(cv2.pyrUp(coarse, dstsize=(width, height)), 1 - weight)
    return _relax(filled, fixed, 1 - weight, relaxations)


def _relax(filled: Array, fixed: Array, free: Array, steps: int) -> Array:
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(steps):
        around = cv2.filter2D(filled, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        filled = fixed + times(around, free)
    return filled


def times(image: Array, weight: Array) -> Array:
    """Multiplies each channel by `weight`; cv2 is much faster than broadcasting."""
    return np.asarray(cv2.multiply(image, cv2.merge((weight, weight, weight))))

"""Blends a face into a frame without a visible edge.

All three blends add a *correction* to the frame. Pixels whose correction is zero keep
their exact values, so a zero mask changes nothing, and an image blended with itself
does not change.
"""

from __future__ import annotations

import math
from typing import Protocol

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.core.whole import whole_numbers

_SMALLEST = 4  # pixels: side below which no further pyramid level is made
_ADDED = 1e-6  # correction below which a pixel is not changed


class Blend(Protocol):
    """A function that blends `face` into `frame` where `mask` is above 0."""

    def __call__(self, face: Array, frame: Array, mask: Array) -> Array:
        """Returns the blended image, with the shape and dtype of `frame`."""


def alpha_blend(face: Array, frame: Array, mask: Array) -> Array:
    """Mixes two images by the mask (alpha compositing), the fastest blend.

    Args:
        face: (H, W, 3), uint8 or float in [0, 1].
        frame: (H, W, 3), uint8 or float in [0, 1].
        mask: (H, W) in [0, 1]; 1 shows the face.

    Returns:
        The blended image, with the shape and dtype of `frame`. Pixels where the mask is
        0 are unchanged.

    Raises:
        ValueError: The three do not have the same height and width.
    """
    difference, alpha = _difference(face, frame, mask)
    return _add(frame, _times(difference, alpha))


@whole_numbers(levels=1)
def laplacian_blend(
    face: Array, frame: Array, mask: Array, levels: int | None = None
) -> Array:
    """Blends fine detail over a narrow edge and color over a wide one.

    The pyramid is built from the difference of both images. Outside the mask, the
    difference is replaced by a smooth continuation from inside it, so that what a model
    renders beyond the face it was trained on never reaches the frame.

    Reference: Burt and Adelson, "A Multiresolution Spline", 1983.

    Args:
        face: (H, W, 3), uint8 or float in [0, 1].
        frame: (H, W, 3), uint8 or float in [0, 1].
        mask: (H, W) in [0, 1]; 1 shows the face.
        levels: Pyramid levels above the first; None chooses them by the mask's size,
            see `pyramid_levels`.

    Returns:
        The blended image, with the shape and dtype of `frame`. The frame may change up
        to `reach(levels)` pixels outside the mask, and not at all if the mask is zero.

    Raises:
        ValueError: The three do not have the same height and width.
    """
    difference, alpha = _difference(face, frame, mask)
    difference = _extend(difference, alpha, relaxations=0)
    if levels is None:
        levels = pyramid_levels(math.sqrt(float(np.sum(alpha > 0.5))))
    return _add(frame, _masked_pyramid(difference, alpha, levels))


def poisson_blend(face: Array, frame: Array, mask: Array) -> Array:
    """Keeps the face's gradients and takes its color from the frame's edge.

    A smooth function (membrane) that equals the difference of both images along the
    mask's edge is subtracted from the face before mixing. Use it when the lighting
    differs across the face. Hair or glasses on the mask's edge tint the skin.

    Reference: Pérez, Gangnet and Blake, "Poisson Image Editing", 2003.

    Args:
        face: (H, W, 3), uint8 or float in [0, 1].
        frame: (H, W, 3), uint8 or float in [0, 1].
        mask: (H, W) in [0, 1]; 1 shows the face.

    Returns:
        The blended image, with the shape and dtype of `frame`. Pixels where the mask is
        0 are unchanged.

    Raises:
        ValueError: The three do not have the same height and width.
    """
    difference, alpha = _difference(face, frame, mask)
    # In the middle of the soft edge there is skin on both sides; further out maybe not.
    inside = (alpha > 0.5).astype(np.uint8)
    ring = (inside - cv2.erode(inside, np.ones((5, 5), np.uint8))).astype(np.float32)
    if not ring.any():
        return _add(frame, _times(difference, alpha))
    membrane = _extend(difference, ring, relaxations=24)
    return _add(frame, _times(difference - membrane, alpha))


BLENDS: dict[str, Blend] = {
    "alpha": alpha_blend,
    "laplacian": laplacian_blend,
    "poisson": poisson_blend,
}


def pyramid_levels(side: float) -> int:
    """Returns the levels whose widest blend is about a sixth of a face of `side` px."""
    return int(np.clip(round(math.log2(max(side, 1.0) / 16)), 1, 6))


def reach(levels: int) -> int:
    """Returns how many pixels beyond the mask a Laplacian blend can change."""
    return 4 * 2**levels


def _difference(face: Array, frame: Array, mask: Array) -> tuple[Array, Array]:
    """Returns face - frame, float32 in [-1, 1], and the mask as float32 in [0, 1]."""
    if face.shape != frame.shape or mask.shape != frame.shape[:2]:
        raise ValueError(
            f"A face of shape {face.shape}, a frame of {frame.shape} and a mask of "
            f"{mask.shape} were given. Expected the same height and width, and a mask "
            "without channels. Warp the face into the frame's region first, see "
            "`paste`."
        )
    alpha = np.clip(np.asarray(mask, np.float32), 0.0, 1.0)
    return as_float(face) - as_float(frame), alpha


def _add(frame: Array, correction: Array) -> Array:
    """Adds a correction in [-1, 1]; pixels with a zero correction keep their value."""
    total = np.clip(as_float(frame) + correction, 0.0, 1.0)
    if frame.dtype == np.uint8:
        return np.rint(total * 255).astype(np.uint8)
    changed = np.abs(correction) > _ADDED
    return np.where(changed, total, frame).astype(frame.dtype)


def _masked_pyramid(difference: Array, alpha: Array, levels: int) -> Array:
    """Collapses (Laplacian pyramid of the difference) x (Gaussian pyramid of alpha)."""
    height, width = alpha.shape
    if levels == 0 or min(height, width) < 2 * _SMALLEST:
        return _times(difference, alpha)
    coarse = cv2.pyrDown(difference)
    fine = difference - cv2.pyrUp(coarse, dstsize=(width, height))
    below = _masked_pyramid(coarse, cv2.pyrDown(alpha), levels - 1)
    return _times(fine, alpha) + cv2.pyrUp(below, dstsize=(width, height))


def _extend(values: Array, weight: Array, relaxations: int) -> Array:
    """Continues `values` smoothly from where `weight` is 1 to where it is 0.

    Push-pull interpolation over a pyramid. With `relaxations` Jacobi steps per level
    it is a cascading multigrid solver of Laplace's equation.
    """
    height, width = weight.shape
    fixed = _times(values, weight)
    if min(height, width) < 2 * _SMALLEST:
        mean = fixed.sum((0, 1)) / max(float(weight.sum()), 1e-6)
        return fixed + _times(np.full_like(fixed, mean), 1 - weight)
    small_weight = cv2.pyrDown(weight)
    small = _times(cv2.pyrDown(fixed), 1 / np.maximum(small_weight, 1e-6))
    # A coarse pixel is known as soon as a quarter of it is.
    coarse = _extend(small, np.minimum(small_weight * 4, 1.0), relaxations)
    filled = fixed + _times(cv2.pyrUp(coarse, dstsize=(width, height)), 1 - weight)
    return _relax(filled, fixed, 1 - weight, relaxations)


def _relax(filled: Array, fixed: Array, free: Array, steps: int) -> Array:
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(steps):
        around = cv2.filter2D(filled, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        filled = fixed + _times(around, free)
    return filled


def _times(image: Array, weight: Array) -> Array:
    """Multiplies each channel by `weight`; cv2 is much faster than broadcasting."""
    return cv2.multiply(image, cv2.merge((weight, weight, weight)))

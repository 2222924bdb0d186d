"""Blends a face into a frame without a visible edge.

All three blends add a *correction* to the frame. Pixels whose correction is zero keep
their exact values, so a zero mask changes nothing, and an image blended with itself
does not change.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.core.registry import Registry
from deepface_models.core.whole import whole_numbers

_SMALLEST = 4  # pixels: side below which no further pyramid level is made
_REACH = 4  # pixels that each level of a pyramid reaches, in its own pixels
_MOST_LEVELS = 6
_ADDED = 1e-6  # correction below which a pixel is not changed


F = TypeVar("F", bound=Callable[..., Array])


@dataclass(frozen=True)
class Blend:
    """A registered blend.

    Attributes:
        function: Blends a face into a frame; see `register_blend`.
        reach: How many pixels beyond the mask it can change, for a masked face of that
            many pixels (the side of a square of equal area); None for none.
    """

    function: Callable[..., Array]
    reach: Callable[[float], int] | None = None

    def reach_of(self, side: float) -> int:
        """Returns how many pixels beyond a mask of this size it can change."""
        return 0 if self.reach is None else self.reach(side)

    def __call__(
        self, face: Array, frame: Array, mask: Array, reach: int | None = None
    ) -> Array:
        """Blends `face` into `frame`.

        Args:
            face: (H, W, 3), uint8 or float in [0, 1].
            frame: (H, W, 3), uint8 or float in [0, 1].
            mask: (H, W) in [0, 1]; 1 shows the face.
            reach: Pixels beyond the mask; by default those for the mask's size.

        Returns:
            The blended image, with the shape and dtype of `frame`.
        """
        if self.reach is None:
            return self.function(face, frame, mask)
        if reach is None:
            reach = self.reach(mask_side(mask))
        return self.function(face, frame, mask, reach)


BLENDS: Registry[Blend] = Registry("blend")


def register_blend(
    name: str, *, reach: Callable[[float], int] | None = None
) -> Callable[[F], F]:
    """Registers a blend, so that `Converter(blend=name)` and `--blend` accept it.

    The decorated function takes `face` and `frame`, (H, W, 3), uint8 or float in
    [0, 1], and `mask`, (H, W) in [0, 1], and returns the blended image with the shape
    and dtype of `frame`. Where it shows nothing of the face, it must return the frame's
    values themselves.

    Args:
        name: Small letters, digits and "_".
        reach: How many pixels beyond the mask the blend can change: a function of the
            side of the masked face in pixels. The decorated function then gets that
            number as a fourth argument. None for a blend that stays inside the mask.

    Returns:
        A decorator, which returns the function itself.

    Raises:
        ValueError: Another function has the name, or it is no name.

    Example:
        >>> @register_blend("hard")
        ... def hard(face, frame, mask):
        ...     return np.where(mask[..., None] > 0.5, face, frame).astype(frame.dtype)
    """

    def add(function: F) -> F:
        BLENDS.add(name, Blend(function, reach), function)
        return function

    return add


def pyramid_reach(side: float) -> int:
    """Returns the reach of a pyramid for a face of `side` px.

    Its widest blend is about a sixth of the face, and 256 pixels at most.
    """
    levels = int(np.clip(round(math.log2(max(side, 1.0) / 16)), 1, _MOST_LEVELS))
    return _REACH * 2**levels


def mask_side(mask: Array) -> float:
    """Returns the side of a square with the mask's area, in pixels."""
    return math.sqrt(float(np.sum(mask > 0.5)))


@register_blend("alpha")
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
    return add_correction(frame, _times(difference, alpha))


@register_blend("laplacian", reach=pyramid_reach)
@whole_numbers(reach=1)
def laplacian_blend(
    face: Array, frame: Array, mask: Array, reach: int | None = None
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
        reach: How many pixels outside the mask the frame may change, about 4, 8, 16,
            ... for each level of the pyramid; None chooses it by the mask's size.

    Returns:
        The blended image, with the shape and dtype of `frame`; `frame` does not change
        at all if the mask is zero.

    Raises:
        ValueError: The three do not have the same height and width.
    """
    difference, alpha = _difference(face, frame, mask)
    difference = _extend(difference, alpha, relaxations=0)
    if reach is None:
        reach = pyramid_reach(mask_side(alpha))
    levels = max(0, math.floor(math.log2(reach / _REACH)))
    return add_correction(frame, _masked_pyramid(difference, alpha, levels))


@register_blend("poisson")
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
        return add_correction(frame, _times(difference, alpha))
    membrane = _extend(difference, ring, relaxations=24)
    return add_correction(frame, _times(difference - membrane, alpha))


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


def add_correction(frame: Array, correction: Array) -> Array:
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

"""Blends a face into a frame without a visible edge.

The blends here add a *correction* to the frame. Pixels whose correction is zero keep
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

from deepface_models.conversion.pyramid import (
    SMALLEST,
    blended,
    covered,
    extend,
    masked_pyramid,
    times,
)
from deepface_models.core.arrays import Array, as_float
from deepface_models.core.registry import Registry
from deepface_models.core.whole import whole_numbers

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
        mixed: Whether the function takes a float face and a uint8 frame.
        power: The finest detail of face and frame is mixed by this power of the mask;
            None if that is not known.
    """

    function: Callable[..., Array]
    reach: Callable[[float], int] | None = None
    mixed: bool = False
    power: int | None = None

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

        Raises:
            ValueError: The three do not have the same height and width, or the function
                returned an image of another shape.
        """
        check_sizes(face, frame, mask)
        more: tuple[int, ...] = ()
        if self.reach is not None:
            more = (self.reach(mask_side(mask)) if reach is None else reach,)
        if self.mixed or face.dtype == frame.dtype:
            return self._checked(face, frame, mask, *more)
        given = as_float(frame)
        blended = self._checked(as_float(face), given, mask, *more)
        return _like(frame, blended, blended == given)

    def _checked(self, face: Array, frame: Array, mask: Array, *more: int) -> Array:
        result = self.function(face, frame, mask, *more)
        if np.shape(result) != frame.shape:
            raise ValueError(
                f"A blend returned the shape {np.shape(result)} for a frame of shape "
                f"{frame.shape}. Expected the frame's shape. Check its function."
            )
        return result


BLENDS: Registry[Blend] = Registry("blend")


@whole_numbers(power=1)
def register_blend(
    name: str,
    *,
    reach: Callable[[float], int] | None = None,
    mixed: bool = False,
    power: int | None = None,
) -> Callable[[F], F]:
    """Registers a blend, so that `Converter(blend=name)` and `--blend` accept it.

    The decorated function takes `face` and `frame`, (H, W, 3), both uint8 or both
    float in [0, 1], and `mask`, (H, W) in [0, 1], and returns the blended image with
    the shape and dtype of `frame`. Where it shows nothing of the face, it must return
    the frame's values themselves.

    Args:
        name: Small letters, digits and "_".
        reach: How many pixels beyond the mask the blend can change: a function of the
            side of the masked face in pixels. The decorated function then gets that
            number as a fourth argument. None for a blend that stays inside the mask.
        mixed: Whether the function also takes a float face with a uint8 frame, which
            is faster. By default, it is given both as float32 then.
        power: The power of the mask by which the finest detail of face and frame is
            mixed. Large faces are then blended at a lower resolution, where the model's
            output has no detail to lose, and only the frame's detail at its own. None,
            if it is not known, blends them as they are.

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
        BLENDS.add(name, Blend(function, reach, mixed, power), function)
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


@register_blend("alpha", mixed=True, power=1)
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

    Example:
        >>> face, frame = np.ones((4, 4, 3)), np.zeros((4, 4, 3))
        >>> float(alpha_blend(face, frame, np.full((4, 4), 0.5)).max())
        0.5
    """
    alpha = _alpha(face, frame, mask)
    difference = _difference(face, frame)
    return add_correction(frame, times(difference, alpha))


@register_blend("laplacian", reach=pyramid_reach, mixed=True, power=2)
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

    Example:
        >>> face, frame = np.ones((32, 32, 3)), np.zeros((32, 32, 3))
        >>> laplacian_blend(face, frame, np.ones((32, 32))).shape
        (32, 32, 3)
    """
    alpha = _alpha(face, frame, mask)
    part = covered(alpha)
    if part is None:
        return frame.copy()
    if reach is None:
        reach = pyramid_reach(mask_side(alpha))
    levels = max(0, math.floor(math.log2(reach / _REACH)))
    if levels == 0 or min(alpha.shape) < 2 * SMALLEST:
        difference = extend(_difference(face, frame), alpha)
        return add_correction(frame, masked_pyramid(difference, alpha, levels))
    difference = _difference(face[part], frame[part])
    return add_correction(frame, blended(difference, alpha, part, levels))


@register_blend("poisson", mixed=True)
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

    Example:
        >>> face, frame = np.ones((32, 32, 3)), np.zeros((32, 32, 3))
        >>> poisson_blend(face, frame, np.ones((32, 32))).shape
        (32, 32, 3)
    """
    alpha = _alpha(face, frame, mask)
    difference = _difference(face, frame)
    # In the middle of the soft edge there is skin on both sides; further out maybe not.
    inside = (alpha > 0.5).astype(np.uint8)
    ring = (inside - cv2.erode(inside, np.ones((5, 5), np.uint8))).astype(np.float32)
    if not ring.any():
        return add_correction(frame, times(difference, alpha))
    membrane = extend(difference, ring, relaxations=24)
    return add_correction(frame, times(difference - membrane, alpha))


def _alpha(face: Array, frame: Array, mask: Array) -> Array:
    """Returns the mask as float32 in [0, 1]; checks the shapes."""
    check_sizes(face, frame, mask)
    return np.clip(np.asarray(mask, np.float32), 0.0, 1.0)


def check_sizes(face: Array, frame: Array, mask: Array) -> None:
    """Checks that a face and a mask have the height and width of a frame.

    Raises:
        ValueError: They do not.
    """
    if face.shape != frame.shape or mask.shape != frame.shape[:2]:
        raise ValueError(
            f"A face of shape {face.shape}, a frame of {frame.shape} and a mask of "
            f"{mask.shape} were given. Expected the same height and width, and a mask "
            "without channels. Warp the face into the frame's region first, see "
            "`paste`."
        )


def _like(frame: Array, blended: Array, same: Array) -> Array:
    """Returns float pixels in the frame's dtype; the frame's own where `same`."""
    pixels = np.clip(blended, 0.0, 1.0)
    if frame.dtype == np.uint8:
        pixels = np.rint(pixels * np.float32(255))
    return np.where(same, frame, pixels).astype(frame.dtype)


def _difference(face: Array, frame: Array) -> Array:
    """Returns face - frame, float32 in [-1, 1]."""
    if frame.dtype == np.uint8 and face.dtype == np.float32:  # at once, so faster
        return cv2.addWeighted(face, 1, frame, -1 / 255, 0, dtype=cv2.CV_32F)
    return as_float(face) - as_float(frame)


def add_correction(frame: Array, correction: Array) -> Array:
    """Adds a correction in [-1, 1]; pixels with a zero correction keep their value."""
    if frame.dtype == np.uint8:
        correction = np.asarray(correction, np.float32)
        return cv2.addWeighted(frame, 1, correction, 255, 0, dtype=cv2.CV_8U)
    total = as_float(frame) + correction
    np.clip(total, 0.0, 1.0, out=total)
    np.copyto(total, frame, where=np.abs(correction) <= _ADDED, casting="same_kind")
    return np.asarray(total.astype(frame.dtype, copy=False))

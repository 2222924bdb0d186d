"""Masks in [0, 1] of the pixels to swap in an aligned face, and their edges."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias, TypeVar

import cv2
import numpy as np

from deepface_models.conversion.skin import looks_like_skin
from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.registry import Registry
from deepface_models.faces._template import five_points
from deepface_models.faces.masks import face_mask

# (image, aligned, landmarks) -> mask; see `register_mask`.
Mask: TypeAlias = Callable[[Array, Array, Array], Array]
F = TypeVar("F", bound=Mask)
MASKS: Registry[Mask] = Registry("mask")


def register_mask(name: str) -> Callable[[F], F]:
    """Registers a mask, so that `Converter(mask=name)` and `--mask` accept it.

    The decorated function takes three arrays of one aligned face and returns which of
    its pixels to swap, (S, S) in [0, 1]:

    - `image`: (S, S, 3) float32 in [0, 1], or (S, S, 4) with the model's own mask: the
      model's output.
    - `aligned`: (S, S, 3), the frame's face, uint8 or float in [0, 1].
    - `landmarks`: (68, 2) or (5, 2), the landmarks of the frame's face in pixels of the
      aligned face.

    Args:
        name: Small letters, digits and "_".

    Returns:
        A decorator, which returns the function itself.

    Raises:
        ValueError: Another function has the name, or it is no name.

    Example:
        >>> @register_mask("square")
        ... def square(image, aligned, landmarks):
        ...     return np.ones(image.shape[:2], np.float32)
    """
    return MASKS.function(name)


@register_mask("learned")
def learned(image: Array, aligned: Array, landmarks: Array) -> Array:
    """Returns the model's mask, stretched so that its sigmoid reaches 0 and 1.

    All ones from a model without a mask.
    """
    if image.shape[-1] < 4:
        return np.ones(image.shape[:2], np.float32)
    mask = np.asarray(image[..., 3], np.float32)
    return np.clip((mask - 0.1) / 0.8, 0.0, 1.0)


@register_mask("hull")
def hull(image: Array, aligned: Array, landmarks: Array) -> Array:
    """Returns the outline of the face in the frame, forehead included."""
    return _unit(face_mask(landmarks, len(image)))


@register_mask("ellipse")
def ellipse(image: Array, aligned: Array, landmarks: Array) -> Array:
    """Returns an ellipse around the face, from five landmarks."""
    return _unit(face_mask(five_points(landmarks), len(image)))


@register_mask("skin")
def skin(image: Array, aligned: Array, landmarks: Array) -> Array:
    """Returns what has the color of skin at the edge of both faces, and all within.

    Neither the wall or the hair beside the face that the model decodes, nor those
    beside the face in the frame.
    """
    pair = (np.clip(image[..., :3], 0, 1), aligned)
    return np.minimum(*looks_like_skin(pair, landmarks))


def mask_names(mask: str) -> tuple[str, ...]:
    """Splits "learned*hull" into its names.

    Raises:
        ValueError: One of them is not a mask's name.
    """
    names = tuple(part.strip() for part in mask.split("*"))
    for name in names:
        choose("mask", name, MASKS, "Join several by '*' for what lies in all of them.")
    return names


def make_mask(mask: str, image: Array, aligned: Array, landmarks: Array) -> Array:
    """Returns the mask of one aligned face.

    Args:
        mask: One of `MASKS`, or several joined by "*".
        image: (S, S, 3 or 4) float in [0, 1], the model's output.
        aligned: (S, S, 3), the frame's face.
        landmarks: (68, 2) or (5, 2) of the *frame's* face in aligned pixels.

    Returns:
        (S, S) float32 in [0, 1].

    Raises:
        ValueError: `mask` holds an unknown name, or one of the masks has another shape.
    """
    made = []
    for name in mask_names(mask):
        one = np.asarray(MASKS[name](image, aligned, landmarks))
        if one.shape != image.shape[:2]:
            raise ValueError(
                f"The mask {name!r} returned the shape {one.shape} for a face of shape "
                f"{image.shape}. Expected {image.shape[:2]}. Check its function."
            )
        made.append(_unit(one))
    return np.minimum.reduce(made)


def erode(mask: Array, amount: float) -> Array:
    """Shrinks a mask; a negative amount grows it.

    Args:
        mask: (H, W) in [0, 1].
        amount: Distance as a fraction of the masked face's size.

    Returns:
        (H, W) float32 in [0, 1].
    """
    mask = np.asarray(mask, np.float32)
    radius = round(abs(amount) * face_size(mask))
    if radius == 0:
        return mask
    return _shrink(mask, radius) if amount > 0 else cv2.dilate(mask, _disc(radius))


def feather(mask: Array, amount: float) -> Array:
    """Softens a mask's edge inward, so that nothing outside the mask changes.

    The area beyond the image counts as outside, so the crop's border is never visible.

    Args:
        mask: (H, W) in [0, 1].
        amount: Width of the soft edge as a fraction of the masked face's size.

    Returns:
        (H, W) float32 in [0, 1], nowhere larger than `mask`.
    """
    mask = np.asarray(mask, np.float32)
    radius = round(amount * face_size(mask) / 2)
    if radius == 0:
        return mask
    side = 2 * radius + 1
    soft = cv2.GaussianBlur(
        _shrink(mask, radius), (side, side), radius / 2, borderType=cv2.BORDER_CONSTANT
    )
    return np.minimum(_unit(soft), mask)  # the blur is square, the erosion round


def face_size(mask: Array) -> float:
    """Returns the side of a square with the mask's area, in pixels."""
    return math.sqrt(max(float(mask.sum()), 0.0))


def _shrink(mask: Array, radius: int) -> Array:
    return cv2.erode(
        mask, _disc(radius), borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,)
    )


def _disc(radius: int) -> Array:
    side = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def _unit(mask: Array) -> Array:
    return np.clip(np.asarray(mask, np.float32), 0.0, 1.0)

"""Masks in [0, 1] of the pixels to swap in an aligned face, and their edges."""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.faces._template import five_points
from deepface_models.faces.masks import face_mask

MASKS = ("learned", "hull", "ellipse")


def learned(predicted: Array) -> Array:
    """Returns the model's mask, stretched so that its sigmoid reaches 0 and 1.

    Args:
        predicted: (S, S, 4) float in [0, 1], or (S, S, 3) from a model without a mask.

    Returns:
        (S, S) float32 in [0, 1]; all ones for three channels.
    """
    if predicted.shape[-1] < 4:
        return np.ones(predicted.shape[:2], np.float32)
    mask = np.asarray(predicted[..., 3], np.float32)
    return np.clip((mask - 0.1) / 0.8, 0.0, 1.0)


def hull(landmarks: Array, image_size: int, dilation: float = 0.0) -> Array:
    """Returns the outline of the face in the frame, forehead included.

    Args:
        landmarks: (68, 2) or (5, 2) in pixels of the aligned face.
        image_size: Side S of the aligned face in pixels.
        dilation: Grows the mask by this fraction of `image_size`; negative shrinks it.

    Returns:
        (S, S) float32 in [0, 1].
    """
    return _unit(face_mask(landmarks, image_size, dilation))


def ellipse(landmarks: Array, image_size: int, dilation: float = 0.0) -> Array:
    """Returns an ellipse around the face, from five landmarks.

    Args:
        landmarks: (68, 2) or (5, 2) in pixels of the aligned face.
        image_size: Side S of the aligned face in pixels.
        dilation: Grows the mask by this fraction of `image_size`; negative shrinks it.

    Returns:
        (S, S) float32 in [0, 1].
    """
    return _unit(face_mask(five_points(landmarks), image_size, dilation))


def intersection(*masks: Array) -> Array:
    """Returns the intersection of masks: their minimum, (S, S) float32."""
    return np.minimum.reduce([np.asarray(mask, np.float32) for mask in masks])


def mask_names(mask: str) -> tuple[str, ...]:
    """Splits "learned*hull" into its names.

    Raises:
        ValueError: One of them is not a mask's name.
    """
    names = tuple(part.strip() for part in mask.split("*"))
    for name in names:
        choose("mask", name, MASKS, "Join several by '*' for what lies in all of them.")
    return names


def make_mask(mask: str, predicted: Array, landmarks: Array) -> Array:
    """Returns the mask of one aligned face.

    Args:
        mask: "learned", "hull", "ellipse", or several joined by "*".
        predicted: (S, S, 3 or 4) float in [0, 1], the model's output.
        landmarks: (68, 2) or (5, 2) of the *frame's* face in aligned pixels.

    Returns:
        (S, S) float32 in [0, 1].

    Raises:
        ValueError: `mask` holds an unknown name.
    """
    size = predicted.shape[0]
    makers = {
        "learned": lambda: learned(predicted),
        "hull": lambda: hull(landmarks, size),
        "ellipse": lambda: ellipse(landmarks, size),
    }
    return intersection(*(makers[name]() for name in mask_names(mask)))


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

"""NumPy arrays of images: their type, and conversion to float and uint8."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_OVERSHOOT = 1.0  # of [0, 1], by resizing and sharpening


def as_float(images: Array) -> Array:
    """Returns images as float32 in [0, 1]; uint8 is divided by 255."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    return images.astype(np.float32, copy=False)


def as_uint8(image: Array, channels: tuple[int, ...] = (3,)) -> Array:
    """Returns an RGB image as contiguous uint8.

    Args:
        image: (height, width, 3), uint8 0..255 or float [0, 1].
        channels: Accepted numbers of channels.

    Returns:
        uint8 array of the same shape. Floats are rounded, and clipped if resizing or
        sharpening left them slightly out of range.

    Raises:
        ValueError: The image has another shape or type, or is a float in 0..255.

    Example:
        >>> as_uint8(np.full((4, 4, 3), 0.5)).max()
        np.uint8(128)
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] not in channels or not all(image.shape):
        most = "3), RGB" if channels == (3,) else "3 or 4), RGB or RGBA"
        advice = ", without alpha" if channels == (3,) else ""
        raise ValueError(
            f"An image of shape {image.shape} was given. Expected (height, width, "
            f"{most}. Pass one image at a time{advice}."
        )
    if np.issubdtype(image.dtype, np.floating):
        image = np.nan_to_num(image)
        low, high = float(image.min()), float(image.max())
        if low < 0 - _OVERSHOOT or high > 1 + _OVERSHOOT:
            raise ValueError(
                f"A float image with values from {low:.4g} to {high:.4g} was given. "
                "Expected uint8 in 0..255 or float in [0, 1]. Divide by 255, or "
                "convert it with image.astype('uint8')."
            )
        image = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(
            f"An image of type {image.dtype} was given. Expected uint8 in 0..255 or "
            "float in [0, 1]. Convert it, for example with `image.astype('uint8')`."
        )
    return np.ascontiguousarray(image)


@functools.singledispatch
def images_of(data: Any) -> Any:
    """Returns the images of a FaceSet, which registers its class, or `data` itself."""
    return data

"""Sharpening of faces that a small model or an enlargement left soft."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float


def sharpen(image: Array, amount: float = 0.5, radius: float = 1.0) -> Array:
    """Sharpens an image by an unsharp mask without halos.

    The result is clipped to the darkest and brightest value of each pixel's
    neighborhood, so edges become steeper but never overshoot.

    Args:
        image: (H, W, 3), uint8 or float in [0, 1].
        amount: 0 returns the image itself, 1 is strong.
        radius: Standard deviation of the blur of the unsharp mask, in pixels.

    Returns:
        The sharpened image, with the shape and dtype of `image`.

    Raises:
        ValueError: `amount` is negative or `radius` not positive.
    """
    if amount < 0 or radius <= 0:
        raise ValueError(
            f"amount={amount} and radius={radius} were given. Expected an amount of at "
            "least 0 and a radius above 0. Use sharpen(image, 0.5, 1.0) to begin with."
        )
    if amount == 0:
        return image
    pixels = as_float(image)
    blurred = cv2.GaussianBlur(pixels, (0, 0), radius)
    side = 2 * max(1, round(radius)) + 1
    window = np.ones((side, side), np.uint8)
    lowest, highest = cv2.erode(pixels, window), cv2.dilate(pixels, window)
    crisp = np.clip(pixels + amount * (pixels - blurred), lowest, highest)
    if image.dtype == np.uint8:
        return np.rint(crisp * 255).astype(np.uint8)
    return crisp.astype(image.dtype)

"""Sharpening of faces that a small model or an enlargement left soft."""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepface_models.conversion.pyramid import times
from deepface_models.core.arrays import Array, as_float

# Most change of a pixel: skin needs less, and more makes teeth plain white and lines
# between lips black.
_MOST = 0.06


def sharpen(image: Array, amount: float | Array = 0.5, radius: float = 1.0) -> Array:
    """Sharpens an image by an unsharp mask without halos.

    The result is clipped to the darkest and brightest value of each pixel's
    neighborhood, so edges become steeper but never overshoot, and no pixel changes by
    more than 6 % of the range, so teeth keep their texture.

    Args:
        image: (H, W, 3), uint8 or float in [0, 1].
        amount: 0 returns the image itself, 1 is strong; -1 returns the blurred image of
            the unsharp mask. One for the image, or (H, W) for each pixel.
        radius: Standard deviation of the blur of the unsharp mask, in pixels.

    Returns:
        The sharpened image, with the shape and dtype of `image`.

    Raises:
        ValueError: `amount` is below -1 or `radius` not positive.
    """
    least = float(np.min(amount))
    if least < -1 or radius <= 0:
        raise ValueError(
            f"amount={least} and radius={radius} were given. Expected an amount of at "
            "least -1 and a radius above 0. Use sharpen(image, 0.5, 1.0) to begin with."
        )
    if not np.any(amount):
        return image
    crisp = Sharpener(as_float(image), radius).by(amount)
    if image.dtype == np.uint8:
        return np.rint(crisp * 255).astype(np.uint8)
    return crisp.astype(image.dtype)


class Sharpener:
    """Sharpens one image by different amounts, as `sharpen` does.

    Args:
        image: (H, W) or (H, W, 3) float32.
        radius: Standard deviation of the blur of the unsharp mask, in pixels.
    """

    def __init__(self, image: Array, radius: float) -> None:
        self._image = image
        self._soft = _blurred(image, radius)
        side = 2 * max(1, round(radius)) + 1
        window = np.ones((side, side), np.uint8)
        self._lowest, self._highest = (
            cv2.erode(image, window),
            cv2.dilate(image, window),
        )

    def by(self, amount: float | Array) -> Array:
        """Returns the image sharpened by an amount, or (H, W) of them, float32."""
        if isinstance(amount, np.ndarray):
            change = times(cv2.subtract(self._image, self._soft), amount)
        else:
            change = cv2.addWeighted(self._image, amount, self._soft, -amount, 0)
        change = np.clip(change, -_MOST, _MOST, out=change)
        crisp = cv2.add(self._image, change, dst=change)
        crisp = cv2.max(crisp, self._lowest, dst=crisp)
        return np.asarray(cv2.min(crisp, self._highest, dst=crisp))


def _blurred(image: Array, radius: float) -> Array:
    """Is a Gaussian blur, within 1/255 of the range; at half the size where wide."""
    if radius < 4:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), radius))
    edge = 2 * math.ceil(radius)
    wide = cv2.copyMakeBorder(image, edge, edge, edge, edge, cv2.BORDER_REFLECT_101)
    # Both steps of the pyramid blur by one pixel.
    rest = math.sqrt(radius**2 - 2) / 2
    half = cv2.GaussianBlur(cv2.pyrDown(wide), (0, 0), rest)
    soft = cv2.pyrUp(half, dstsize=(wide.shape[1], wide.shape[0]))
    return np.ascontiguousarray(soft[edge:-edge, edge:-edge])

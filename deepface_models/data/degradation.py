"""Random degradation: blur, reduced resolution, noise and JPEG compression."""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data.augmentation import Augmentation

_BEST_JPEG = 95  # differences above are invisible


def motion_blur(image: Array, length: float, angle: float) -> Array:
    """Blurs along a line, as motion during the exposure does.

    Args:
        image: (H, W, 3) uint8.
        length: Length of the line in pixels; 1 and less change nothing.
        angle: Angle of the line in degrees.

    Returns:
        uint8 of the same shape. The line is centered, so the image is not shifted.
    """
    if length <= 1.0:
        return image
    return np.asarray(
        cv2.filter2D(image, -1, _line(length, angle), borderType=cv2.BORDER_REPLICATE)
    )


def defocus(image: Array, sigma: float) -> Array:
    """Blurs in all directions.

    Args:
        image: (H, W, 3) uint8.
        sigma: Standard deviation in pixels; 0 changes nothing.

    Returns:
        uint8 of the same shape.
    """
    if sigma <= 0.0:
        return image
    return np.asarray(
        cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    )


def shrink(image: Array, part: float) -> Array:
    """Reduces the resolution: shrinks the image and enlarges it again.

    Args:
        image: (H, W, 3) uint8.
        part: Scale of the smaller image, above 0; 1 changes nothing.

    Returns:
        uint8 of the same shape.
    """
    height, width = image.shape[:2]
    small = (max(1, round(width * part)), max(1, round(height * part)))
    if small == (width, height):
        return image
    less = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(less, (width, height), interpolation=cv2.INTER_LINEAR))


def add_noise(image: Array, sigma: float, rng: np.random.Generator) -> Array:
    """Adds independent Gaussian noise to each pixel and color.

    Args:
        image: (H, W, 3) uint8.
        sigma: Standard deviation, where white is 1; 0 changes nothing.
        rng: Random generator.

    Returns:
        uint8 of the same shape.
    """
    if sigma <= 0.0:
        return image
    noise = rng.standard_normal(image.shape, "float32") * np.float32(255.0 * sigma)
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U))


def jpeg(image: Array, quality: int) -> Array:
    """Compresses an image as JPEG and decodes it.

    Args:
        image: (H, W, 3) RGB uint8.
        quality: 1 to 100.

    Returns:
        uint8 of the same shape.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    read = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB))


def degrade(image: Array, rng: np.random.Generator, a: Augmentation) -> Array:
    """Degrades an image at random, in the order in which a camera would.

    Args:
        image: (S, S, 3) RGB uint8.
        rng: Random generator.
        a: Ranges of the changes: `motion_blur`, `defocus`, `shrink`, `noise`, `jpeg`.

    Returns:
        (S, S, 3) RGB uint8; `image` itself if nothing changes.

    Example:
        >>> rng, face = np.random.default_rng(0), people["ana"].images[0]
        >>> degrade(face, rng, Augmentation(jpeg=1.0)).shape
        (64, 64, 3)
    """
    size = image.shape[0]
    if a.motion_blur and rng.random() < a.motion_blur:
        longest = max(1.0, size * a.motion_length)
        length, angle = rng.uniform(1.0, longest), rng.uniform(0.0, 180.0)
        image = motion_blur(image, length, angle)
    if a.defocus and rng.random() < a.defocus:
        image = defocus(image, size * rng.uniform(0.0, a.defocus_size))
    if a.shrink and rng.random() < a.shrink:
        image = shrink(image, rng.uniform(a.shrink_to, 1.0))
    if a.noise:
        image = add_noise(image, rng.uniform(0.0, a.noise), rng)
    if a.jpeg and rng.random() < a.jpeg:
        image = jpeg(image, int(rng.integers(a.jpeg_quality, _BEST_JPEG + 1)))
    return image


def _line(length: float, angle: float) -> Array:
    """Returns a centered line as a kernel with odd sides and the sum 1."""
    reach = math.ceil(length / 2.0)
    turn = math.radians(angle)
    steps = np.linspace(-0.5, 0.5, 4 * reach + 1) * (length - 1.0)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    x, y = reach + steps * math.cos(turn), reach + steps * math.sin(turn)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, low = x - left, y - top
    for down, across, share in (
        (0, 0, (1 - right) * (1 - low)),
        (0, 1, right * (1 - low)),
        (1, 0, (1 - right) * low),
        (1, 1, right * low),
    ):
        rows, columns = np.minimum([top + down, left + across], 2 * reach)
        np.add.at(kernel, (rows, columns), share)
    return np.asarray(kernel / kernel.sum())

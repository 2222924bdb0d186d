"""Measures on images: SSIM and PSNR inside a mask, and seams at its edge."""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float

BEST_PSNR = 100.0  # dB, the PSNR of equal images
_WINDOW, _SIGMA = (11, 11), 1.5  # as in Wang et al., 2004
_FLAT = 0.25 / 255  # change per pixel below which an edge cannot be seen


def psnr(result: Array, reference: Array, mask: Array) -> float:
    """Returns the peak signal-to-noise ratio inside a mask.

    Args:
        result: (H, W, 3), uint8 or float in [0, 1].
        reference: An image of the same shape.
        mask: (H, W) weights in [0, 1].

    Returns:
        Decibels, at most 100; higher is better; NaN for an empty mask.
    """
    error = (as_float(result) - as_float(reference)) ** 2
    mse = _mean(error.mean(-1), mask)
    if math.isnan(mse):
        return mse
    return -10 * math.log10(max(mse, 10 ** (-BEST_PSNR / 10)))


def ssim(result: Array, reference: Array, mask: Array) -> float:
    """Returns the structural similarity inside a mask, mean of the three channels.

    Reference: Wang et al., "Image Quality Assessment: From Error Visibility to
    Structural Similarity", 2004 (Gaussian window of 11 pixels, sigma 1.5).

    Args:
        result: (H, W, 3), uint8 or float in [0, 1].
        reference: An image of the same shape.
        mask: (H, W) weights in [0, 1].

    Returns:
        1 for equal images, about 0 for unrelated ones; NaN for an empty mask.
    """
    a, b = as_float(result), as_float(reference)
    mean_a, mean_b = _blur(a), _blur(b)
    variances = _blur(a * a) - mean_a**2 + _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return _mean((luminance * structure).mean(-1), mask)


def mean_color(image: Array, mask: Array) -> Array:
    """Returns the mean red, green and blue inside a mask, (3,) in [0, 1]."""
    image = as_float(image)
    return np.array([_mean(image[..., i], mask) for i in range(3)])


def seam_energy(result: Array, source: Array, decoded: Array, mask: Array) -> float:
    """Returns how much steeper the result is at the mask's edge than its two sources.

    Color gradients are taken perpendicular to the edge and weighted by how fast the
    mask changes there. At each pixel the largest gradient of result, frame and decoded
    face counts. Edges of the jaw or hair that are in one of the two sources are not a
    seam, and one that became weaker must not hide a new one.

    Args:
        result: (H, W, 3) with the face swapped, uint8 or float in [0, 1].
        source: The frame before the swap.
        decoded: The decoded face, warped to its place in the frame.
        mask: (H, W) in [0, 1], the swapped pixels, including the soft edge.

    Returns:
        1.0 if nothing became steeper, 2.0 for twice the gradient; NaN if the mask has
        no edge within the image.
    """
    x, y = _gradient(np.asarray(mask, np.float32))
    edge = np.hypot(x, y)
    if edge.sum() < 1e-6:
        return math.nan
    x, y = x / (edge + 1e-9), y / (edge + 1e-9)
    one, two, after = (_across(as_float(i), x, y) for i in (source, decoded, result))
    before = np.maximum(one, two)
    steeper = _mean(np.maximum(before, after), edge)
    return (steeper + _FLAT) / (_mean(before, edge) + _FLAT)


def _across(image: Array, x: Array, y: Array) -> Array:
    """Returns the color gradient in the direction (x, y) of each pixel, (H, W)."""
    dx, dy = _gradient(image)
    step = dx * x[..., None] + dy * y[..., None]
    return np.asarray(np.sqrt((step**2).mean(-1)))


def _gradient(image: Array) -> tuple[Array, Array]:
    """Returns the gradients to the right and downward, per pixel."""
    axes = ((1, 0), (0, 1))
    x, y = (cv2.Sobel(image, cv2.CV_32F, *axis, scale=0.125) for axis in axes)
    return np.asarray(x), np.asarray(y)


def _blur(image: Array) -> Array:
    return np.asarray(
        cv2.GaussianBlur(image, _WINDOW, _SIGMA, borderType=cv2.BORDER_REFLECT)
    )


def _mean(values: Array, weights: Array) -> float:
    total = float(weights.sum())
    return float((values * weights).sum()) / total if total > 0 else math.nan

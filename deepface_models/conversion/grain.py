"""Noise and film grain: measured in the frame, added to the pasted face."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import cv2
import numpy as np

from deepface_models.core.arrays import Array

_TILE = 512  # side of the noise that is made once and then shifted
# Widths (standard deviations in pixels) of the noise's blur, from the white noise of a
# raw sensor to that of an enlarged or compressed video.
_WIDTHS = (0.0, 0.4, 0.55, 0.7, 0.85, 1.0, 1.25, 1.5, 2.0)
_BASE = 1.5  # width of the blur that tells noise from shading
_NORMAL = 1.4826  # standard deviation in median absolute deviations
_FEWEST = 100  # pixels of skin from which noise is measured


@dataclass(frozen=True)
class Noise:
    """Noise of an image.

    Attributes:
        level: Standard deviation of the fine residual, in units of the image.
        correlation: Correlation of neighboring pixels of the residual, -1 to 1.
    """

    level: float
    correlation: float


@dataclass(frozen=True)
class Grain:
    """Noise to be added to a face.

    Attributes:
        level: Standard deviation of its fine residual; see `Noise`.
        width: Standard deviation of its blur in pixels.
        seed: Determines the noise.
        corner: x and y at which the image begins in its frame.
    """

    level: float
    width: float
    seed: int
    corner: tuple[int, int] = (0, 0)

    def added(self, image: Array, left: int, top: int) -> Array:
        """Returns an image with the noise.

        Args:
            image: (h, w, 3) float32 in [0, 1].
            left: x of its first column in the frame.
            top: y of its first row; parts of a frame get the same noise as the whole.
        """
        noise = self.unscaled(left, top, image.shape)
        noisy = cv2.addWeighted(image, 1, noise, self.level, 0)
        return np.asarray(np.clip(noisy, 0.0, 1.0, out=noisy))

    def unscaled(self, left: int, top: int, shape: tuple[int, ...]) -> Array:
        """Returns the noise of a part of a frame, of a shape, with a level of 1.

        Args:
            left: x of its first column in the frame.
            top: y of its first row.
            shape: (h, w), or (h, w, 3) with the same noise in each channel.
        """
        rng = np.random.default_rng(self.seed)
        x, y = (rng.integers(0, _TILE, 2) + self.corner).tolist()
        return _noise(self.width, left + x, top + y, shape)


def measure(gray: Array, inside: Array) -> Noise | None:
    """Measures the noise of an image where it is smooth.

    Args:
        gray: (h, w) float32.
        inside: (h, w) bool, smooth parts such as skin.

    Returns:
        The noise; None if there are too few pixels.
    """
    residual = _residual(gray)
    level = _level(residual[inside])
    if level is None:
        return None
    usual = np.where(inside & (np.abs(residual) <= 3 * level), residual, 0)
    pairs = ((usual[:, 1:], usual[:, :-1]), (usual[1:], usual[:-1]))
    # Each pixel is in one pair of neighbors in each direction.
    together = sum(float(np.vdot(*pair)) for pair in pairs) / 2
    power = float(np.vdot(usual, usual))
    return Noise(level, together / power if power > 0 else 0.0)


def level_of(gray: Array, inside: Array) -> float:
    """Returns the level of the noise alone; see `measure`."""
    return _level(_residual(gray)[inside]) or 0.0


def _level(values: Array) -> float | None:
    if len(values) < _FEWEST:
        return None
    middle = len(values) // 2
    return float(_NORMAL * np.partition(np.abs(values), middle)[middle])


def width_of(correlation: float) -> float:
    """Returns the width of the noise whose neighbors have this correlation."""
    known = [_properties(width)[0] for width in _WIDTHS]
    return _WIDTHS[int(np.argmin(np.abs(np.array(known) - correlation)))]


def laplacian_variance(width: float) -> float:
    """Returns the variance of the Laplacian of noise of level 1."""
    return _properties(width)[1]


def _residual(gray: Array) -> Array:
    return np.asarray(gray - cv2.GaussianBlur(gray, (0, 0), _BASE), np.float32)


@functools.cache
def _properties(width: float) -> tuple[float, float]:
    tile = _tile(width)
    found = measure(tile, np.ones(tile.shape, bool))
    variance = float(cv2.Laplacian(tile, cv2.CV_32F).var())
    return (0.0 if found is None else found.correlation), variance


def _noise(width: float, left: int, top: int, shape: tuple[int, ...]) -> Array:
    """Returns noise for a part of a frame, (h, w) or (h, w, 3); the tile repeats."""
    left, top, channels = left % _TILE, top % _TILE, math.prod(shape[2:])
    bottom, right = top + shape[0], left + shape[1]
    if max(bottom, right) <= 2 * _TILE:
        return _repeated(width, channels)[top:bottom, left:right]
    rows, columns = np.arange(top, bottom) % _TILE, np.arange(left, right) % _TILE
    return np.asarray(cv2.merge([_tile(width)[np.ix_(rows, columns)]] * channels))


@functools.cache
def _repeated(width: float, channels: int) -> Array:
    return np.asarray(cv2.merge([np.tile(_tile(width), (2, 2))] * channels))


@functools.cache
def _tile(width: float) -> Array:
    """Returns noise whose fine residual has a standard deviation of 1, (T, T)."""
    rng = np.random.default_rng(0)
    noise: Array = rng.standard_normal((_TILE, _TILE), np.float32)
    if width > 0:
        margin = 16  # the tile is repeated, so it has to fit to itself
        wide = cv2.GaussianBlur(np.pad(noise, margin, mode="wrap"), (0, 0), width)
        noise = np.array(wide[margin:-margin, margin:-margin], np.float32)
    return noise / np.float32(level_of(noise, np.ones(noise.shape, bool)))

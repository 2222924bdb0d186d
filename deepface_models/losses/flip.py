"""LDR-FLIP: the visible difference when alternating between two images."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.filters import (
    apply_matrices,
    filter_matrix,
    repeated,
)
from deepface_models.losses.targets import checked_size, image_mean

# Linear sRGB to XYZ and back; the white point is what white maps to.
_TO_XYZ = np.array(
    [
        [10135552 / 24577794, 8788810 / 24577794, 4435075 / 24577794],
        [2613072 / 12288897, 8788810 / 12288897, 887015 / 12288897],
        [1425312 / 73733382, 8788810 / 73733382, 70074185 / 73733382],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1, keepdims=True)
_TO_WHITE = _TO_XYZ / _WHITE  # XYZ relative to white
# Contrast sensitivity of luminance, red-green and blue-yellow: sums of Gaussians
# (amplitude, width).
_CURVES = (((1.0, 0.0047),), ((1.0, 0.0053),), ((34.1, 0.04), (13.5, 0.025)))
_WIDEST = 0.04
_EDGE_WIDTH = 0.082  # degrees of visual angle
_COLOR_POWER, _FEATURE_POWER = 0.7, 0.5
_KNEE, _KNEE_VALUE = 0.4, 0.95
_DELTA = 6.0 / 29.0
# Exponents below 1 and roots have no finite gradient at 0; these avoid that.
_TINY, _TINY_COLOR, _TINY_FEATURE = 1e-6, 1e-3, 1e-6


@keras.saving.register_keras_serializable(PACKAGE)
class FLIPLoss(RegionLoss):
    """The difference that a viewer sees when alternating between two images.

    Colors are blurred by the eye's contrast sensitivity and compared in a perceptual
    color space. Differences of edges and points increase the error. Values are within
    about 0.001 of the published measure, whose exponents are smoothed near 0, where
    their gradients are infinite.

    Reference: Andersson et al., "FLIP: A Difference Evaluator for Alternating
    Images", 2020.

    Args:
        pixels_per_degree: Pixels per degree of visual angle, above 0. 67 is the
            paper's screen of 0.7 m and 3840 pixels, seen from a distance of 0.7 m.
        **kwargs: As `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = FLIPLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    _arguments: tuple[str, ...] = ("pixels_per_degree", "outside", "regions")

    def __init__(self, pixels_per_degree: float = 67.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pixels_per_degree <= 0:
            raise ValueError(
                f"pixels_per_degree={pixels_per_degree!r} was given. Expected a number "
                "above 0. Use pixels_per_degree=67, as published."
            )
        self.pixels_per_degree = pixels_per_degree

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value in [0, 1] for each image, (B,)."""
        size = checked_size(pred, 2, "FLIPLoss")
        opponents = [_opponents(images) for images in (true, pred)]
        colors = [self._seen(planes, size) for planes in opponents]
        features = [self._features(planes[0], size) for planes in opponents]
        color = _redistributed(_color_difference(*colors))
        pairs = zip(*features, strict=True)
        edge, point = (ops.abs(expected - found) for expected, found in pairs)
        feature = _softened(
            ops.maximum(edge, point) / math.sqrt(2.0), _FEATURE_POWER, _TINY_FEATURE
        )
        feature = ops.minimum(feature, 1.0)
        flip = (color + _TINY) ** (1.0 - feature) - _TINY
        return image_mean(flip[..., None], weight)

    def _seen(self, planes: tuple[Any, ...], size: tuple[int, int]) -> tuple[Any, ...]:
        """Blurs the opponent planes; returns L*, a*, b* with the Hunt adjustment."""
        blurred = []
        for plane, curves in zip(planes, _CURVES, strict=True):
            kernels = _sensitivity(curves, self.pixels_per_degree)
            parts = [_filtered(plane, kernel, kernel, size) for kernel in kernels]
            blurred.append(sum(parts))
        y, cx, cz = blurred
        y = (y + 16.0) / 116.0
        xyz = (y + cx / 500.0, y, y - cz / 200.0)
        linear = [ops.clip(c, 0.0, 1.0) for c in _mixed(xyz, np.linalg.inv(_TO_WHITE))]
        return _hunt_lab(tuple(linear))

    def _features(self, plane: Any, size: tuple[int, int]) -> tuple[Any, Any]:
        """Returns the magnitudes of the edge and point features of each pixel."""
        bell, edge, point = _detectors(self.pixels_per_degree)
        plane = (plane + 16.0) / 116.0
        found = []
        for kernel in (edge, point):
            across = _filtered(plane, bell, kernel, size)
            down = _filtered(plane, kernel, bell, size)
            squares = ops.square(across) + ops.square(down)
            found.append(ops.sqrt(squares + 1e-12))
        return found[0], found[1]


def _opponents(images: Any) -> tuple[Any, Any, Any]:
    """Returns the YCxCz planes (B, H, W) of sRGB images."""
    steep = ((ops.maximum(images, 0.04045) + 0.055) / 1.055) ** 2.4
    linear = ops.where(images <= 0.04045, images / 12.92, steep)
    channels = tuple(linear[..., i] for i in range(3))
    x, y, z = _mixed(channels, _TO_WHITE)
    return 116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)


def _mixed(channels: tuple[Any, ...], matrix: Array) -> tuple[Any, ...]:
    rows = ([float(value) for value in row] for row in matrix)
    return tuple(sum(v * c for v, c in zip(row, channels, strict=True)) for row in rows)


def _hunt_lab(linear: tuple[Any, ...]) -> tuple[Any, ...]:
    x, y, z = (_cube_root(value) for value in _mixed(linear, _TO_WHITE))
    light = 116.0 * y - 16.0
    return light, 5.0 * (x - y) * light, 2.0 * (y - z) * light


def _cube_root(value: Any) -> Any:
    root = ops.maximum(value, _DELTA**3) ** (1.0 / 3.0)
    return ops.where(value > _DELTA**3, root, value / (3.0 * _DELTA**2) + 4.0 / 29.0)


def _color_difference(one: tuple[Any, ...], other: tuple[Any, ...]) -> Any:
    """Returns the HyAB distance raised to the power of 0.7."""
    light, red, blue = (a - b for a, b in zip(one, other, strict=True))
    chroma = _softened(ops.square(red) + ops.square(blue), 0.5, _TINY)
    return _softened(ops.abs(light) + chroma, _COLOR_POWER, _TINY_COLOR)


def _softened(value: Any, power: float, tiny: float) -> Any:
    """Raises non-negative values to a power, with a finite gradient at 0."""
    return (value + tiny) ** power - tiny**power


def _redistributed(error: Any) -> Any:
    """Maps color differences to [0, 1]; small ones take up most of the range."""
    knee = _KNEE * _LARGEST
    above = _KNEE_VALUE + (error - knee) / (_LARGEST - knee) * (1.0 - _KNEE_VALUE)
    return ops.where(error < knee, error * (_KNEE_VALUE / knee), above)


def _largest() -> float:
    """Returns the largest color difference, that of pure green and pure blue."""
    colors = []
    for rgb in ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        white = _TO_WHITE @ rgb
        line = white / (3 * _DELTA**2) + 4 / 29
        x, y, z = np.where(white > _DELTA**3, np.cbrt(white), line)
        light = 116 * y - 16
        colors.append(np.array([light, 5 * (x - y) * light, 2 * (y - z) * light]))
    light, *chroma = colors[0] - colors[1]
    return float((abs(light) + np.hypot(*chroma)) ** _COLOR_POWER)


_LARGEST = _largest()


def _sensitivity(curves: tuple[tuple[float, float], ...], ppd: float) -> list[Array]:
    """Returns one kernel per curve; applied along both axes they add up to 1."""
    reach = math.ceil(3.0 * math.sqrt(_WIDEST / (2.0 * math.pi**2)) * ppd)
    degrees = np.arange(-reach, reach + 1) / ppd
    kernels = []
    for amplitude, width in curves:
        bell = np.exp(-((math.pi * degrees) ** 2) / width)
        kernels.append(math.sqrt(amplitude * math.sqrt(math.pi / width)) * bell)
    total = sum(kernel.sum() ** 2 for kernel in kernels)
    return [kernel / math.sqrt(total) for kernel in kernels]


def _detectors(ppd: float) -> tuple[Array, Array, Array]:
    """Returns a Gaussian and its first two derivatives.

    The positive and the negative values of a derivative add up to 1 and -1.
    """
    sigma = 0.5 * _EDGE_WIDTH * ppd
    reach = math.ceil(3.0 * sigma)
    offsets = np.arange(-reach, reach + 1)
    bell = np.exp(-0.5 * (offsets / sigma) ** 2)
    shapes = (-offsets * bell, ((offsets / sigma) ** 2 - 1.0) * bell)
    edge, point = (
        np.where(s > 0, s / s[s > 0].sum(), s / -s[s < 0].sum()) for s in shapes
    )
    return bell / bell.sum(), edge, point


def _filtered(plane: Any, down: Array, across: Array, size: tuple[int, int]) -> Any:
    height, width = size
    rows = filter_matrix(down, height, repeated)
    return apply_matrices(plane, rows, filter_matrix(across, width, repeated))

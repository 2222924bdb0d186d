"""Absolute error of Laplacian pyramids."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_numbers
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.filters import (
    apply_matrices,
    filter_matrix,
    mirrored,
    to_planes,
)
from deepface_models.losses.targets import checked_size

_KERNEL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0


@keras.saving.register_keras_serializable(PACKAGE)
class LaplacianLoss(RegionLoss):
    """Sum of the mean absolute errors of the levels of a Laplacian pyramid.

    The last level is the low-pass residual. Means over the pixels of each level
    correspond to the paper's factor of 4 between levels, whose errors are sums.

    Reference: Bojanowski et al., "Optimizing the Latent Space of Generative
    Networks", 2018; Burt and Adelson, "The Laplacian Pyramid as a Compact Image
    Code", 1983.

    Args:
        levels: Band-pass levels, 1 or more; each halves the resolution.
        **kwargs: As `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = LaplacianLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    _arguments: tuple[str, ...] = ("levels", "outside", "regions")

    @whole_numbers(levels=1)
    def __init__(self, levels: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = levels

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each image, (B,)."""
        height, width = checked_size(pred, 3 << (self.levels - 1), "LaplacianLoss")
        rest = to_planes(true - pred)  # the pyramid is linear
        weight = None if weight is None else to_planes(weight)
        total = 0.0
        for _ in range(self.levels):
            smaller = apply_matrices(rest, _shrink(height), _shrink(width))
            larger = apply_matrices(smaller, _enlarge(height), _enlarge(width))
            total = total + _mean(ops.abs(rest - larger), weight)
            if weight is not None:
                weight = apply_matrices(weight, _shrink(height), _shrink(width))
            rest, height, width = smaller, (height + 1) // 2, (width + 1) // 2
        return total + _mean(ops.abs(rest), weight)


def _shrink(size: int) -> Array:
    return filter_matrix(_KERNEL, size, mirrored, step=2)


def _enlarge(size: int) -> Array:
    """Returns the matrix of zero insertion and filtering, (size, ceil(size / 2))."""
    return filter_matrix(2.0 * _KERNEL, size, mirrored)[:, ::2]


def _mean(planes: Any, weight: Any) -> Any:
    if weight is None:
        return ops.mean(planes, axis=(1, 2, 3))
    total = ops.sum(ops.mean(planes, axis=1, keepdims=True) * weight, axis=(1, 2, 3))
    return total / (ops.sum(weight, axis=(1, 2, 3)) + 1e-6)

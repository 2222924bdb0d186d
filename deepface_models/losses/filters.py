"""Linear filters along rows and columns, and the brightness of colors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from deepface_models.core.arrays import Array

LUMA = np.array([[0.299], [0.587], [0.114]], "float32")  # ITU-R BT.601


def luma(images: Any) -> Any:
    """Returns the luma of RGB images: (B, H, W, 3) -> (B, H, W, 1)."""
    return ops.matmul(images, LUMA)


def gaussian(size: int, sigma: float) -> Array:
    """Returns a Gaussian kernel of `size` values that add up to 1."""
    offsets = np.arange(size) - (size - 1) / 2
    values = np.exp(-0.5 * (offsets / sigma) ** 2)
    return (values / values.sum()).astype("float32")


def separable(maps: Any, kernel: Array) -> Any:
    """Filters (B, H, W, C) along columns, then rows, without padding.

    Two one-dimensional depthwise convolutions are the fastest way on a CPU.
    """
    across = np.tile(kernel[None, :, None, None], (1, 1, maps.shape[-1], 1))
    down = np.transpose(across, (1, 0, 2, 3))
    maps = ops.depthwise_conv(maps, across, data_format="channels_last")
    return ops.depthwise_conv(maps, down, data_format="channels_last")


def mirrored(index: int, size: int) -> int:
    """Returns an index in 0..size-1, reflected at the first or the last pixel."""
    index = abs(index)
    return index if index < size else 2 * (size - 1) - index


def repeated(index: int, size: int) -> int:
    """Returns an index clipped to 0..size-1."""
    return min(max(index, 0), size - 1)


def filter_matrix(
    kernel: Sequence[float] | Array,
    size: int,
    border: Callable[[int, int], int],
    step: int = 1,
) -> Array:
    """Returns the matrix of a filter along one axis, (ceil(size / step), size).

    Args:
        kernel: Weights, an odd number, applied as a correlation around each pixel.
        size: Length of the axis.
        border: The padding: `mirrored` or `repeated`.
        step: Stride.
    """
    reach = len(kernel) // 2
    matrix = np.zeros((size, size))
    for row in range(size):
        for offset, value in enumerate(kernel):
            matrix[row, border(row + offset - reach, size)] += value
    return matrix[::step].astype("float32")


def apply_matrices(planes: Any, down: Array, across: Array) -> Any:
    """Filters (..., H, W) by one matrix along columns and one along rows."""
    return ops.matmul(ops.matmul(down, planes), np.transpose(across))


def to_planes(images: Any) -> Any:
    """Moves channels first: (B, H, W, C) -> (B, C, H, W)."""
    return ops.transpose(images, (0, 3, 1, 2))

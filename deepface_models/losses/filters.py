"""Linear filters along rows and columns, and the brightness of colors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from deepface_models.core.arrays import Array

LUMA = np.array([[0.299], [0.587], [0.114]], "float32")  # ITU-R BT.601


def luma(images: Any) -> Any:
    """Brightness of red, green and blue: (B, H, W, 3) -> (B, H, W, 1)."""
    return ops.matmul(images, LUMA)


def gaussian(size: int, sigma: float) -> Array:
    """A bell curve of `size` values that add up to 1."""
    offsets = np.arange(size) - (size - 1) / 2
    values = np.exp(-0.5 * (offsets / sigma) ** 2)
    return (values / values.sum()).astype("float32")


def separable(maps: Any, kernel: Array) -> Any:
    """Filters (B, H, W, C) along columns, then rows; keeps whole windows only.

    Two thin depthwise convolutions: on a CPU faster than one square one, than
    products with band matrices and than dense convolutions.
    """
    across = np.tile(kernel[None, :, None, None], (1, 1, maps.shape[-1], 1))
    down = np.transpose(across, (1, 0, 2, 3))
    maps = ops.depthwise_conv(maps, across, data_format="channels_last")
    return ops.depthwise_conv(maps, down, data_format="channels_last")


def mirrored(index: int, size: int) -> int:
    """Reflects an index into 0..size-1 at the center of the first and last pixel."""
    index = abs(index)
    return index if index < size else 2 * (size - 1) - index


def repeated(index: int, size: int) -> int:
    """Moves an index outside 0..size-1 to the nearest end."""
    return min(max(index, 0), size - 1)


def filter_matrix(
    kernel: Sequence[float] | Array,
    size: int,
    border: Callable[[int, int], int],
    step: int = 1,
) -> Array:
    """A filter of odd length along one axis as a matrix, (ceil(size / step), size).

    Args:
        kernel: Weights, applied as a correlation around each pixel.
        size: Length of the axis.
        border: `mirrored` or `repeated`: which pixel stands for one outside.
        step: Keeps each `step`-th result.
    """
    reach = len(kernel) // 2
    matrix = np.zeros((size, size))
    for row in range(size):
        for offset, value in enumerate(kernel):
            matrix[row, border(row + offset - reach, size)] += value
    return matrix[::step].astype("float32")


def apply_matrices(planes: Any, down: Array, across: Array) -> Any:
    """Filters planes (..., H, W) by one matrix for columns and one for rows."""
    return ops.matmul(ops.matmul(down, planes), np.transpose(across))


def to_planes(images: Any) -> Any:
    """Channels first: (B, H, W, C) -> (B, C, H, W)."""
    return ops.transpose(images, (0, 3, 1, 2))

"""NumPy arrays: their type in annotations, and images as numbers."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def as_float(images: Array) -> Array:
    """Returns images as float32 in [0, 1]; uint8 is divided by 255."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    return images.astype(np.float32, copy=False)


@functools.singledispatch
def images_of(data: Any) -> Any:
    """Returns the images of a FaceSet, which registers here, or `data` itself."""
    return data

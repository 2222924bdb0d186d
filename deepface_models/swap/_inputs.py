"""What goes into a face swap: pictures in [0, 1], layers of one precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@contextmanager
def precision(dtype: Any) -> Iterator[None]:
    """Has the layers made inside use a dtype policy; None keeps the current one."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype or former)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)


def as_float(images: Any) -> Array:
    """Returns pictures as float32 in [0, 1]; uint8 is divided by 255.

    Raises:
        ValueError: Values are not finite or lie outside [0, 1].
    """
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images.astype("float32") / 255.0
    images = images.astype("float32", copy=False)
    low, high = (float(images.min()), float(images.max())) if images.size else (0, 0)
    if not (low >= -1e-3 and high <= 1.001):
        raise ValueError(
            f"Pictures with values from {low:.4g} to {high:.4g} were given. Expected "
            "uint8 in 0..255 or float in [0, 1]. Divide by 255, or convert with "
            'images.astype("uint8").'
        )
    return images


def as_float_dict(data: Any) -> Any:
    """Returns a dictionary of arrays with those of uint8 in [0, 1]; others as is."""
    if isinstance(data, dict) and all(hasattr(v, "dtype") for v in data.values()):
        return {
            k: as_float(v) if isinstance(v, np.ndarray) and v.dtype == np.uint8 else v
            for k, v in data.items()
        }
    return data

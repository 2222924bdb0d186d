"""Checks and conversion of model inputs, and the dtype policy of layers.

Checking arrays needs no Keras, so that exported networks run without it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array, as_float


@contextmanager
def precision(dtype: Any) -> Iterator[None]:
    """Sets the dtype policy for layers within a `with` block; None keeps it."""
    import keras

    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype or former)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)


def as_unit_float(images: Any) -> Array:
    """Returns images as float32 in [0, 1]; uint8 is divided by 255.

    Raises:
        ValueError: Values are not finite or lie outside [0, 1].
    """
    images = np.asarray(images)
    check_unit(images)
    return as_float(images)


def check_unit(images: Array) -> None:
    """Rejects images that are neither uint8 nor in [0, 1].

    Raises:
        ValueError: Values are not finite or lie outside [0, 1].
    """
    if images.dtype == np.uint8 or not images.size:
        return
    low, high = float(images.min()), float(images.max())
    if math.isnan(low):
        raise ValueError(
            "Images with values that are not numbers (NaN) were given. Expected "
            "uint8 in 0..255 or float in [0, 1]. Look for missing values in the data."
        )
    if not (low >= -1e-3 and high <= 1.001):
        raise ValueError(
            f"Images with values from {low:.4g} to {high:.4g} were given. Expected "
            "uint8 in 0..255 or float in [0, 1]. Divide by 255, or convert with "
            'images.astype("uint8").'
        )


def check_finite(values: Array, name: str) -> None:
    """Rejects values that are not finite.

    Raises:
        ValueError: A value is not finite.
    """
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError(
            f"Values that are not finite (NaN or infinite) were given to {name}. "
            "Expected finite numbers. Look for missing values in the data."
        )


def as_numbers(data: Any, name: str) -> Array:
    """Returns data as a numeric array.

    Args:
        data: Any input of `np.asarray`, or a DataFrame.
        name: The model's name, for the error message.

    Raises:
        ValueError: The data are not numeric, such as a path or a data set.
    """
    try:
        array = np.asarray(data.to_numpy() if hasattr(data, "to_numpy") else data)
    except ValueError:  # a list of images of several sizes
        array = np.empty(0, object)
    if array.dtype.kind not in "buif" and array.dtype.name != "bfloat16":
        kind = type(data).__name__
        what = f"{kind} of {array.dtype.name}" if array.ndim else kind
        raise ValueError(
            f"A {what} was given to {name}. Expected an array of numbers. Read files "
            "with deepface_models.media.read_image(path), use faces.images of a "
            "FaceSet, or join the batches of a data set with "
            "np.concatenate(list(batches))."
        )
    return array


def as_unit(values: Any) -> Any:
    """Returns a tensor, or a dictionary of them, with uint8 divided by 255."""
    if isinstance(values, dict):
        return {name: as_unit(value) for name, value in values.items()}
    import keras

    if keras.backend.standardize_dtype(values.dtype) == "uint8":
        return keras.ops.cast(values, "float32") / 255.0
    return values


def is_arrays(data: Any) -> bool:
    """Whether data are arrays, tensors or tables, or a tuple of them."""
    found = data if isinstance(data, tuple) else (data,)
    return bool(found) and all(
        (hasattr(one, "dtype") or hasattr(one, "to_numpy")) and hasattr(one, "shape")
        for one in found
    )


def as_batch(
    data: Any, shape: Sequence[int | None], name: str, unit_range: bool = True
) -> tuple[Array, bool]:
    """Returns examples as a float32 batch, and whether it was a single example.

    A missing channel axis is added. Images and flat vectors of the same number of
    values are converted to each other.

    Args:
        data: (N, *shape) or `shape`; uint8 (divided by 255) or float.
        shape: Shape of one example; None for an axis of any length.
        name: The model's name, for error messages.
        unit_range: Whether values must be in [0, 1].

    Raises:
        ValueError: There is no example, it is not numeric, has another shape, or a
            value is not finite or outside [0, 1].
    """
    array = as_numbers(data, name)
    fitted = _fitted(array, tuple(shape)) if array.size else None
    if fitted is None:
        raise ValueError(_misfit(array, tuple(shape), name))
    batch, single = fitted
    if unit_range or batch.dtype == np.uint8:
        return as_unit_float(batch), single
    batch = batch.astype("float32", copy=False)
    check_finite(batch, name)
    return batch, single


def _fitted(array: Array, shape: tuple[int | None, ...]) -> tuple[Array, bool] | None:
    for single, candidate in ((False, array), (True, array[None])):
        rest = candidate.shape[1:]
        if same_shape(rest, shape):
            return candidate, single
        if shape[-1] == 1 and same_shape((*rest, 1), shape):
            return candidate[..., None], single
    if None in shape or 1 not in (array.ndim, array.ndim - 1, len(shape)):
        return None
    size = math.prod(n or 0 for n in shape)
    for single, candidate in ((False, array), (True, array[None])):
        if math.prod(candidate.shape[1:]) == size:
            return candidate.reshape(-1, *shape), single
    return None


def same_shape(found: Sequence[int], shape: Sequence[int | None]) -> bool:
    """Whether a shape is the expected one, in which None matches any length."""
    return len(found) == len(shape) and all(
        want in (None, have) for have, want in zip(found, shape, strict=True)
    )


def _misfit(array: Array, shape: tuple[int | None, ...], name: str) -> str:
    expected = ", ".join("any" if n is None else str(n) for n in shape)
    text = (
        f"Data of shape {array.shape} was given to {name}. Expected (N, {expected}) "
        f"with N of 1 or more, or one example ({expected})."
    )
    if len(shape) == 3 and array.ndim >= 3 and array.shape[-3] == shape[-1]:
        axes = "0, 2, 3, 1" if array.ndim == 4 else "1, 2, 0"
        return f"{text} Channels seem to come first: use np.transpose(x, ({axes}))."
    if not array.size:
        return f"{text} The data are empty. Check their source."
    return f"{text} Resize the images, or build the model with image_shape=x.shape[1:]."

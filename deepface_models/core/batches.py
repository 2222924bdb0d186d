"""Checks of the first batch of a data set before training."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import GeneratorType
from typing import Any

import keras
import numpy as np

Check = Callable[[Any, Any], None]


def is_data_set(data: Any) -> bool:
    """Whether `data` yields batches: a PyDataset, generator, tf.data.Dataset, ..."""
    if isinstance(data, keras.utils.PyDataset | GeneratorType):
        return True
    arrays = hasattr(data, "shape") or hasattr(data, "__array__")
    plain = isinstance(data, dict | list | tuple | str | bytes)
    return hasattr(data, "__iter__") and not (arrays or plain)


def checked(data: Any, check: Check) -> Any:
    """Returns data for Keras after checking the first batch of a data set.

    Args:
        data: The data for `fit`. A generator is replaced by one that yields the first
            batch again; other data are returned unchanged.
        check: Function of a batch's x and y, which may be None, that raises an error
            if they are not valid.

    Raises:
        ValueError: The data set is empty, or `check` raises it.
    """
    if not is_data_set(data) or _holds_bytes(data):
        return data
    first = _first(data)
    x, y, _ = keras.utils.unpack_x_y_sample_weight(first)
    check(x, y)
    return _joined(first, data) if isinstance(data, GeneratorType) else data


def arrays_in(batch: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yields the numeric arrays in a batch; others, such as shards, are skipped."""
    for leaf in keras.tree.flatten(batch):
        try:
            array = np.asarray(leaf)
        except (TypeError, ValueError, RuntimeError):
            continue
        if array.dtype.kind in "buif":
            yield array


def _first(data: Any) -> Any:
    if isinstance(data, keras.utils.PyDataset):
        if data.num_batches != 0:
            return data[0]
    else:
        rows = data if isinstance(data, GeneratorType) else iter(data)
        for batch in rows:
            return batch
    raise ValueError(
        f"A {type(data).__name__} without a batch was given. Expected one batch or "
        "more. Check its source, and whether drop_remainder or take() removes all."
    )


def _joined(first: Any, rest: Any) -> Iterator[Any]:
    """Yields `first` and `rest`; a generator, because Keras needs one."""
    yield from itertools.chain([first], rest)


def _holds_bytes(data: Any) -> bool:
    """Whether a tf.data.Dataset has uint8 only, which needs no check of values."""
    spec = getattr(data, "element_spec", None)
    kinds = {getattr(leaf, "dtype", None) for leaf in keras.tree.flatten(spec)}
    return spec is not None and {getattr(k, "name", None) for k in kinds} == {"uint8"}

"""Data sets as Keras takes them: their first batch is looked at before training."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import GeneratorType
from typing import Any

import keras
import numpy as np

Check = Callable[[Any, Any], None]


def is_data_set(data: Any) -> bool:
    """Whether it yields batches: PyDataset, generator, tf.data, DataLoader, ..."""
    if isinstance(data, keras.utils.PyDataset | GeneratorType):
        return True
    arrays = hasattr(data, "shape") or hasattr(data, "__array__")
    plain = isinstance(data, dict | list | tuple | str | bytes)
    return hasattr(data, "__iter__") and not (arrays or plain)


def checked(data: Any, check: Check) -> Any:
    """Returns data for Keras, the first batch of a data set checked.

    Args:
        data: What `fit` was given; a generator comes back with its first batch in
            front again, anything else as it is.
        check: Takes x and y of a batch, either may be None, and raises if they will
            not do.

    Raises:
        ValueError: The data set is empty, or what `check` raises.
    """
    if not is_data_set(data) or _holds_bytes(data):
        return data
    first = _first(data)
    x, y, _ = keras.utils.unpack_x_y_sample_weight(first)
    check(x, y)
    return _again(first, data) if isinstance(data, GeneratorType) else data


def arrays_in(batch: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yields the arrays of numbers in a batch; what is none, as shards, is left out."""
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
        "more. Look where its examples come from, and whether drop_remainder or "
        "take() leaves any."
    )


def _again(first: Any, rest: Any) -> Iterator[Any]:
    """A generator, as Keras takes no other iterator."""
    yield from itertools.chain([first], rest)


def _holds_bytes(data: Any) -> bool:
    """Whether a tf.data set says that it is of uint8 alone: nothing to look at."""
    spec = getattr(data, "element_spec", None)
    kinds = {getattr(leaf, "dtype", None) for leaf in keras.tree.flatten(spec)}
    return spec is not None and {getattr(k, "name", None) for k in kinds} == {"uint8"}

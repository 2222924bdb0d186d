"""Predictions on arrays, without a data set around them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

_BATCH = 32


def predict(model: keras.Model, given: Any, batch_size: int | None = None) -> Any:
    """Returns what `model.predict` does of arrays in memory, sooner.

    `predict` makes a data set of them, and TensorFlow waits for the thread that tunes
    it: 10 ms, then twice that and so on, until the work is done. One face took 70 ms
    in place of 9, and large networks up to twice their time.

    Args:
        model: A model of one input, or of several in a list.
        given: An array (N, ...), or a list of them.
        batch_size: Examples a step; 32 by default.
    """
    arrays = given if isinstance(given, list) else [given]
    size, count = batch_size or _BATCH, len(arrays[0])
    strategy = getattr(model, "distribute_strategy", None)  # TensorFlow's
    if count == 0 or (strategy is not None and strategy.num_replicas_in_sync > 1):
        return model.predict(given, batch_size=size, verbose=0)  # shares batches out
    found = []
    with _without_false_alarm():
        for start in range(0, count, size):
            batch = [_filled(one[start : start + size], size, start) for one in arrays]
            found.append(model.predict_on_batch(batch if given is arrays else batch[0]))
    return keras.tree.map_structure(lambda *all_: np.concatenate(all_)[:count], *found)


@contextmanager
def _without_false_alarm() -> Iterator[None]:
    """Hides TensorFlow's advice on tracing one function too often.

    It counts by the function's name, and Keras calls that of each model the same.
    """
    logger = logging.getLogger("tensorflow")
    logger.addFilter(_other_advice)
    try:
        yield
    finally:
        logger.removeFilter(_other_advice)


def _other_advice(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()


def _filled(batch: Any, size: int, start: int) -> Any:
    """Repeats the last example of a last batch: another size needs another graph."""
    missing = size - len(batch)
    if start == 0 or not missing:
        return batch
    return np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])

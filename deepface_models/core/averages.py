"""The averages of weights that an optimizer with `use_ema` keeps."""

from __future__ import annotations

from typing import Any

import keras


def separate_averages(optimizer: Any) -> None:
    """Gives averages arrays of their own after `fit`, on JAX.

    At the end of `fit`, Keras overwrites the weights with the averages, and both then
    share their arrays. A later step, also one of `predict`, frees the weights' former
    arrays, after which the averages could not be read, nor the training continued.

    Args:
        optimizer: The model's optimizer, or None.
    """
    if keras.backend.backend() != "jax":
        return
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    for average in getattr(inner, "_model_variables_moving_average", ()):
        if average is not None:
            average.assign(keras.ops.copy(average))

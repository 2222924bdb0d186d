"""Averaged weights, seen where they are wanted and gone again after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from deepface_models.callbacks._state import as_array, kept
from deepface_models.callbacks._steps import inner_optimizer
from deepface_models.core.choices import choose

_ENDS = ("average", "last")


class EMAWeights(keras.callbacks.Callback):
    """Validates, draws and saves with the average of past weights.

    Keras' optimizers average as they train: `Adam(1e-4, use_ema=True,
    ema_momentum=0.999)`. Its own `SwapEMAWeights` shows the averages too, but adds and
    subtracts to do so on TensorFlow, which leaves other weights behind than there
    were, and `fit` always ends with the averages in their place, so that a later `fit`
    goes on from them. Here the weights come back to the last bit, and `end` says what
    remains. Only trained weights are averaged; means of batch normalization are as
    they are.

    A `ResumableCheckpoint` belongs beside it, before it in the list, not into `show`.
    With `end="average"` leave `every` at 1, as it saves a last epoch that it left out
    only after the averages have taken the weights' place.

    Args:
        show: Callbacks whose `on_epoch_end` sees the averages, such as `SwapPreview`
            or `BestByMeasure`; do not pass them to `fit` as well.
        validate: Whether validation within `fit` sees them.
        end: What the model has after `fit`: the "average" or the "last" weights.

    Raises:
        ValueError: `end` is unknown, or (on training begin) the optimizer does not
            average, or writes the averages back by itself.
    """

    def __init__(
        self, show: Sequence[Any] = (), validate: bool = True, end: str = "average"
    ) -> None:
        super().__init__()
        choose("end", end, _ENDS, 'Use "last" to go on training later.')
        self.show = tuple(show)
        self.validate = validate
        self.end = end
        self._swapped: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Passes on what `fit` says about the training."""
        super().set_params(params)
        for callback in self.show:
            callback.set_params(params)

    def set_model(self, model: keras.Model) -> None:
        """Passes the model on."""
        super().set_model(model)
        for callback in self.show:
            callback.set_model(model)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that there are averages."""
        optimizer = inner_optimizer(self.model)
        _check(optimizer)
        if optimizer.ema_overwrite_frequency:
            raise ValueError(
                f"ema_overwrite_frequency={optimizer.ema_overwrite_frequency} of the "
                "optimizer writes averages over the weights in training. Expected "
                "None. Leave it out."
            )
        for callback in self.show:
            callback.on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Has the optimizer average."""
        inner_optimizer(self.model).use_ema = True
        for callback in self.show:
            callback.on_epoch_begin(epoch, logs)

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Passes the batch on."""
        for callback in self.show:
            callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Passes the batch on."""
        for callback in self.show:
            callback.on_train_batch_end(batch, logs)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Validates with the averages."""
        if self.validate and self._swapped is None:
            self._swapped = averaged(self.model)
            self._swapped.__enter__()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Puts the weights back."""
        if self._swapped is not None:
            _ = self.model  # under JAX, what evaluation left comes first
            self._swapped.__exit__(None, None, None)
            self._swapped = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Lets `show` see the averages."""
        if self.show:
            with averaged(self.model):
                for callback in self.show:
                    callback.on_epoch_end(epoch, logs)
        # fit() ends by writing the averages over the weights of an optimizer that
        # says it averages, and this epoch may be the last.
        inner_optimizer(self.model).use_ema = self.end == "average"

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Leaves the optimizer as it was."""
        inner_optimizer(self.model).use_ema = True
        for callback in self.show:
            callback.on_train_end(logs)


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Gives a model its averaged weights for a while.

    `with averaged(model): model.save_parts(folder)` saves the averages; the weights
    come back after it, to the last bit.

    Args:
        model: Compiled with an optimizer of `use_ema=True`, and trained.

    Raises:
        ValueError: The optimizer does not average.
    """
    optimizer = inner_optimizer(model)
    _check(optimizer)
    averages = getattr(optimizer, "_model_variables_moving_average", ())
    found = [
        (variable, average)
        for variable, average in zip(
            optimizer._trainable_variables, averages, strict=True
        )
        if average is not None and int(optimizer._iterations)
    ]
    with kept(variable for variable, _ in found):
        for variable, average in found:
            variable.assign(as_array(average))  # JAX would free a shared array
        yield


def _check(optimizer: Any) -> None:
    averages = hasattr(optimizer, "_model_variables_moving_average")
    if not (optimizer.use_ema or averages):
        raise ValueError(
            f"The optimizer {type(optimizer).__name__} keeps no averages. Expected one "
            "with use_ema. Compile with Adam(1e-4, use_ema=True, ema_momentum=0.999)."
        )

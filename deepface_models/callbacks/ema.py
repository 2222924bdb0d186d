"""Validates and saves with averaged weights, then restores the trained ones."""

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
    """Validates, previews and saves with the exponential moving average of weights.

    Keras' optimizers compute the average: `Adam(1e-4, use_ema=True,
    ema_momentum=0.999)`. Keras' `SwapEMAWeights` also shows it, but on TensorFlow it
    swaps by adding and subtracting, which changes the trained weights by rounding; and
    `fit` always ends with the averages as weights, so that a later `fit` continues
    from them. This callback restores the trained weights exactly, and `end` selects
    the final weights. Only trainable weights are averaged, not the statistics of batch
    normalization.

    Pass a `ResumableCheckpoint` to `fit` before this callback, not in `show`. With
    `end="average"` leave its `every` at 1: a last epoch that is saved when training
    ends would be saved with the averages.

    Args:
        show: Callbacks whose `on_epoch_end` sees the averages, such as `SwapPreview`
            or `BestByMeasure`; do not pass them to `fit` as well.
        validate: Whether validation within `fit` uses the averages.
        end: Weights of the model after `fit`: "average" or "last".

    Raises:
        ValueError: `end` is unknown; or, when training begins, the optimizer does not
            average, or overwrites the weights with the averages itself.

    Example:
        >>> autoencoder.compile(Adam(1e-3, use_ema=True, ema_momentum=0.999))
        >>> from deepface_models.callbacks import ReconstructionGrid
        >>> grid = ReconstructionGrid(x_train, "averages")  # sees the averages
        >>> averages = EMAWeights(show=[grid], end="last")
        >>> history = autoencoder.fit(x_train, callbacks=[averages], verbose=0)
    """

    def __init__(
        self, show: Sequence[Any] = (), validate: bool = True, end: str = "average"
    ) -> None:
        super().__init__()
        choose("end", end, _ENDS, 'Use "last" to continue training later.')
        self.show = tuple(show)
        self.validate = validate
        self.end = end
        self._swapped: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Passes the parameters of `fit` to the callbacks in `show`."""
        super().set_params(params)
        for callback in self.show:
            callback.set_params(params)

    def set_model(self, model: keras.Model) -> None:
        """Passes the model to the callbacks in `show`."""
        super().set_model(model)
        for callback in self.show:
            callback.set_model(model)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that the optimizer averages weights."""
        optimizer = inner_optimizer(self.model)
        _check(optimizer)
        if optimizer.ema_overwrite_frequency:
            raise ValueError(
                "An optimizer with ema_overwrite_frequency="
                f"{optimizer.ema_overwrite_frequency} was given. Expected None, "
                "because it overwrites weights with averages while training. Leave it "
                "out."
            )
        for callback in self.show:
            callback.on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Makes the optimizer update the averages."""
        inner_optimizer(self.model).use_ema = True
        for callback in self.show:
            callback.on_epoch_begin(epoch, logs)

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Calls the same method of the callbacks in `show`."""
        for callback in self.show:
            callback.on_train_batch_begin(batch, logs)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Calls the same method of the callbacks in `show`."""
        for callback in self.show:
            callback.on_train_batch_end(batch, logs)

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Replaces the weights by the averages for validation."""
        if self.validate and self._swapped is None:
            self._swapped = averaged(self.model)
            self._swapped.__enter__()

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the weights after validation."""
        if self._swapped is not None:
            _ = self.model  # under JAX this writes the evaluation's state to variables
            self._swapped.__exit__(None, None, None)
            self._swapped = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Calls the callbacks in `show` with the averages as weights."""
        if self.show:
            with averaged(self.model):
                for callback in self.show:
                    callback.on_epoch_end(epoch, logs)
        # If `use_ema` is set, fit() ends by overwriting the weights with the
        # averages, and this epoch may be the last.
        inner_optimizer(self.model).use_ema = self.end == "average"

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the optimizer's `use_ema`."""
        inner_optimizer(self.model).use_ema = True
        for callback in self.show:
            callback.on_train_end(logs)


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Replaces a model's weights by their averages within a `with` block.

    `with averaged(model): model.save_parts(folder)` saves the averages. The trained
    weights are restored exactly when the block ends.

    Args:
        model: A trained model, compiled with an optimizer with `use_ema=True`.

    Raises:
        ValueError: The optimizer does not average.

    Example:
        >>> autoencoder.compile(Adam(1e-3, use_ema=True))
        >>> history = autoencoder.fit(x_train, verbose=0)
        >>> with averaged(autoencoder):
        ...     codes = autoencoder.encode(x_train)
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
            variable.assign(as_array(average))  # a copy: JAX may free a shared array
        yield


def _check(optimizer: Any) -> None:
    averages = hasattr(optimizer, "_model_variables_moving_average")
    if not (optimizer.use_ema or averages):
        raise ValueError(
            f"The optimizer {type(optimizer).__name__} without averages was given. "
            "Expected one with use_ema. Compile with Adam(1e-4, use_ema=True, "
            "ema_momentum=0.999)."
        )

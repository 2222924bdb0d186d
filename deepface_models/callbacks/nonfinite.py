"""Stops training when the loss is not finite, and restores the model."""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np

from deepface_models.callbacks._state import (
    all_finite,
    read_state,
    write_state,
)
from deepface_models.callbacks.nan_scan import describe, scan_non_finite
from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers

_LOG = logging.getLogger(__name__)


class StopOnNonFinite(keras.callbacks.Callback):
    """Stops if the loss is NaN or infinite, and restores the last finite state.

    Weights, seed generators and the optimizer's variables are copied in memory when
    training begins and every `every` batches while all values are finite.

    Args:
        every: Batches between copies. A copy takes about as long as saving the
            weights to memory.
        data: The training data, if its batches are repeatable by index as those of
            `SwapPairs` are. Then the failed batch is scanned for its first value that
            is not finite, with the last finite state; with `every=1` that is the state
            of the step itself.

    Attributes:
        reason: Why training was stopped, or None.

    Example:
        >>> guard = StopOnNonFinite(every=1)
        >>> history = autoencoder.fit(x_train, callbacks=[guard], verbose=0)
    """

    @whole_numbers(every=1)
    def __init__(self, every: int = 200, data: Any = None) -> None:
        super().__init__()
        self.every = every
        self.data = data
        self.reason: str | None = None
        self._good: dict[str, Array] | None = None
        self._age = 0
        self._epoch = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Resets the state of an earlier training."""
        self.reason, self._good = None, None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Copies the state before the first batch, after a checkpoint is restored."""
        self._epoch = epoch
        if self._good is None:
            self._good, self._age = read_state(self.model), 0

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Checks the batch's loss; copies the state every `every` batches."""
        self._age += 1
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            self._stop(batch, f"The loss was {loss}")
            return
        if self._age < self.every:
            return
        state = read_state(self.model)
        if all_finite(state):
            self._good, self._age = state, 0
        else:
            self._stop(batch, "A weight or an optimizer variable was not finite")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Frees the copy."""
        self._good = None

    def _stop(self, batch: int, what: str) -> None:
        model = self.model
        if self._good is not None:
            write_state(model, self._good)
        model.stop_training = True
        self.reason = (
            f"{what} in epoch {self._epoch + 1}, batch {batch + 1}. Expected finite "
            f"numbers. The model was restored to {self._age} batches before. Lower the "
            "learning rate, or set clipnorm=1.0 in the optimizer."
            f"{self._where(batch)}"
        )
        _LOG.error("%s", self.reason)

    def _where(self, batch: int) -> str:
        if self.data is None:
            return ""
        found = scan_non_finite(self.model, *self.data[batch])
        findings = describe(found) if found else "all is finite in the restored state"
        return f" In that batch, {findings}."

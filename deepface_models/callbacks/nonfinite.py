"""A stop when the loss is no number any more, with the way back."""

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
    """Stops on a loss of NaN or infinity and returns to the last good state.

    Weights, seed generators and the optimizer's variables are copied in memory when
    training begins and every so many batches while everything is finite.

    Args:
        every: Batches from one copy to the next. A copy costs about as much time as
            saving the weights does without the disk.
        data: The training data if batches can be drawn again by number, as those of
            `SwapPairs`: the bad batch is then scanned, with the last good state, for
            what is first not finite in it; `every=1` makes that the step itself.

    Attributes:
        reason: Why training was stopped, or None.
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
        """Forgets what an earlier training left."""
        self.reason, self._good = None, None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Copies the state before the first batch, after any checkpoint's return."""
        self._epoch = epoch
        if self._good is None:
            self._good, self._age = read_state(self.model), 0

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Looks at the batch's loss; copies the state when it is time to."""
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
            f"numbers; the model is back where it was {self._age} batches before. "
            "Lower the learning rate, or set clipnorm=1.0 in the optimizer."
            f"{self._where(batch)}"
        )
        _LOG.error("%s", self.reason)

    def _where(self, batch: int) -> str:
        if self.data is None:
            return ""
        found = scan_non_finite(self.model, *self.data[batch])
        said = describe(found) if found else "nothing is, with the state gone back to"
        return f" In that batch, {said}."

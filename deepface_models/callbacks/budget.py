"""Ends training after a given time rather than a number of epochs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import keras

from deepface_models.callbacks._steps import check_rate, inner_optimizer
from deepface_models.core.choices import choose

_CLOCK = time.monotonic
_DECAYS: dict[str, Callable[[float], float]] = {
    "cosine": lambda part: 0.5 * (1.0 + math.cos(math.pi * part)),
    "linear": lambda part: 1.0 - part,
    "none": lambda part: 1.0,
}
_STEP = 0.01  # the learning rate is updated when it changes by 1 % or more


class TimeBudget(keras.callbacks.Callback):
    """Stops `fit` after a given time and decays the learning rate until then.

    Pass more epochs to `fit` than the time allows. The time includes everything
    between the beginning and the end of training, such as previews and validation.

    `ResumableCheckpoint(..., also=[budget])` saves the time used and the learning
    rate, so that a resumed training continues with the time that is left.

    Args:
        minutes: Wall-clock time of the training.
        decay: "cosine" (slow at both ends), "linear", or "none".
        final: Fraction of the learning rate that is left at the end.

    Raises:
        ValueError: An argument is out of range; or, when training begins, the
            optimizer has a learning-rate schedule.

    Example:
        >>> budget = {"callbacks": [TimeBudget(minutes=0.001)], "epochs": 9999}
        >>> history = autoencoder.fit(x_train, **budget, verbose=0)
    """

    def __init__(
        self, minutes: float, decay: str = "cosine", final: float = 0.02
    ) -> None:
        super().__init__()
        choose("decay", decay, _DECAYS)
        if not (minutes > 0 and 0 <= final <= 1):
            raise ValueError(
                f"minutes={minutes} and final={final} were given. Expected minutes "
                "above 0 and a fraction from 0 to 1. Use TimeBudget(10) for ten "
                "minutes."
            )
        self.minutes = minutes
        self.decay = decay
        self.final = final
        self._before = 0.0
        self._start: float | None = None
        self._rate: float | None = None
        self._factor = 1.0
        self._restored = False

    @property
    def used(self) -> float:
        """Seconds used so far."""
        return self._before + (0.0 if self._start is None else _CLOCK() - self._start)

    @property
    def finished(self) -> bool:
        """Whether the time is over."""
        return self.used >= 60.0 * self.minutes

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        if not self._restored:
            self._begin()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads the learning rate, after any checkpoint has been restored."""
        self._restored = False
        if self._rate is None and self.decay != "none":
            check_rate(self.model, "TimeBudget")
            rate = inner_optimizer(self.model).learning_rate
            self._rate, self._factor = float(rate), 1.0

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Stops training, or lowers the learning rate."""
        if self.finished:
            self.model.stop_training = True
            return
        part = self.used / (60.0 * self.minutes)
        factor = self.final + (1.0 - self.final) * _DECAYS[self.decay](part)
        if self._rate is not None and factor < self._factor * (1.0 - _STEP):
            self.model.optimizer.learning_rate = self._rate * factor
            self._factor = factor

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the optimizer's learning rate, for a later training."""
        if self._rate is not None:
            self.model.optimizer.learning_rate = self._rate
        self._before, self._start, self._rate = self.used, None, None

    def get_state(self) -> dict[str, float | None]:
        """Returns the state that a checkpoint saves."""
        return {"used": self.used, "learning_rate": self._rate}

    def set_state(self, state: dict[str, float | None]) -> None:
        """Restores what `get_state` returned."""
        self._begin()
        self._before = float(state["used"] or 0.0)
        rate = state["learning_rate"]
        self._rate, self._factor = None if rate is None else float(rate), 1.0
        self._restored = True

    def _begin(self) -> None:
        self._before, self._start, self._rate = 0.0, _CLOCK(), None

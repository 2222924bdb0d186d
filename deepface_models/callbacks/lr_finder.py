"""Learning-rate range test; the model is unchanged afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np

from deepface_models.callbacks._state import (
    read_random,
    read_state,
    write_random,
    write_state,
)
from deepface_models.callbacks._steps import StepCallback, check_rate
from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.media import write_image
from deepface_models.models.autoencoders.scatter import LEFT, TOP, limits, paper

_MANY_EPOCHS = 10**6  # the trial stops by itself
_LINE, _RAW, _MARK = (0, 114, 178), (190, 205, 215), (213, 94, 0)


@dataclass(frozen=True)
class RateTrial:
    """Result of a learning-rate range test.

    Attributes:
        rates: (N,) learning rates, increasing.
        losses: (N,) the batch's loss before the update with each rate.
        smoothed: (N,) the losses' exponential moving average.
        suggestion: The rate where the smoothed loss falls fastest, or None if it
            never falls.
    """

    rates: Array
    losses: Array
    smoothed: Array
    suggestion: float | None

    @whole_numbers(size=1)
    def draw(self, size: int = 360) -> Array:
        """Returns a plot of the loss over the learning rate, uint8 (H, W, 3).

        Args:
            size: Side of the plot in pixels.
        """
        points = np.column_stack([np.log10(self.rates), self.smoothed])
        caption = "x: log10 of the learning rate, y: loss"
        if self.suggestion is not None:
            caption += f"; suggested {self.suggestion:.2g}"
        sheet = np.ascontiguousarray(paper(size, points, caption))
        low, high = np.array(limits(points)).T

        def place(rate: Array, loss: Array) -> Array:
            at = (np.column_stack([np.log10(rate), loss]) - low) / (high - low)
            at = np.column_stack([LEFT + at[:, 0] * size, TOP + (1 - at[:, 1]) * size])
            clipped = np.clip(at, (LEFT, TOP), (LEFT + size, TOP + size))
            return np.asarray(np.rint(clipped).astype("int32"))

        for losses, color, width in (
            (self.losses, _RAW, 1),
            (self.smoothed, _LINE, 2),
        ):
            line = place(self.rates, losses)
            cv2.polylines(sheet, [line], False, color, width, cv2.LINE_AA)
        if self.suggestion is not None:
            at = int(np.argmin(np.abs(self.rates - self.suggestion)))
            x, y = place(self.rates[at : at + 1], self.smoothed[at : at + 1])[0]
            cv2.circle(sheet, (int(x), int(y)), 5, _MARK, cv2.FILLED, cv2.LINE_AA)
        return sheet

    def save(self, path: str | Path) -> Path:
        """Writes the plot to an image file, such as "rates.png"."""
        write_image(path, self.draw())
        return Path(path)


@whole_numbers(steps=1)
def find_learning_rate(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    low: float = 1e-7,
    high: float = 1.0,
    steps: int = 100,
    stop: float = 4.0,
    smooth: float = 0.9,
    **fit: Any,
) -> RateTrial:
    """Runs a learning-rate range test and restores the model.

    The learning rate grows from `low` to `high` by the same factor in each step, until
    the loss exceeds `stop` times its minimum. Then weights, optimizer, seeds, metrics,
    global random generators and the data set's epoch are restored: a later training
    gives exactly the same weights as without the test.

    Reference: L. Smith, "Cyclical Learning Rates for Training Neural Networks", 2017.
    The suggestion is the rate of the steepest fall, as in fastai (S. Gugger).

    Args:
        model: A compiled model whose learning rate is a number.
        x: `SwapPairs`, a data set or examples, as for `fit`.
        y: Targets, if `x` does not hold them.
        low: First learning rate.
        high: Last learning rate.
        steps: Number of steps from `low` to `high`.
        stop: The test ends when the smoothed loss is `stop` times its minimum.
        smooth: Decay of the losses' moving average, from 0 to below 1.
        **fit: Arguments for `fit`, such as `batch_size=32`.

    Returns:
        Learning rates, losses and a suggestion; `trial.save("rates.png")` plots them.

    Raises:
        ValueError: A number is out of range, the optimizer has a schedule, or the
            model is not built.

    Example:
        >>> autoencoder.compile(Adam(1e-3))
        >>> trial = find_learning_rate(autoencoder, x_train, high=1e-2, steps=4)
        >>> len(trial.rates), trial.losses.shape
        (4, (4,))
    """
    _check(low, high, steps, stop, smooth)
    finder = _Finder(low, high, steps, stop, smooth)
    check_rate(model, "find_learning_rate")
    if not model.built:
        raise ValueError(
            f"A {type(model).__name__} without weights was given. Expected a built "
            "model. Give it a keras.Input, or call it on a batch first."
        )
    fit = {"epochs": _MANY_EPOCHS, "verbose": 0, **fit}
    fit["callbacks"] = [*fit.get("callbacks", ()), finder]
    with _restored(model, x, finder):
        model.fit(x, y, **fit)
    return finder.trial()


class _Finder(StepCallback):
    """Increases the learning rate and records the loss until it diverges."""

    def __init__(
        self, low: float, high: float, steps: int, stop: float, smooth: float
    ) -> None:
        super().__init__()
        self.rates = np.geomspace(low, high, steps)
        self.stop, self.smooth = stop, smooth
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self.used: list[float] = []
        self.before: Any = None
        self._average = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Copies the state that training changes.

        Not earlier: the first `fit` uses random numbers before this, later ones do
        not.
        """
        self.before = read_state(self.model), read_random()

    def at_step(self, step: int) -> None:
        """Sets the next learning rate."""
        self.model.optimizer.learning_rate = self.rates[len(self.losses)]

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Records the loss."""
        loss = float((logs or {})["loss"])
        self.model.reset_metrics()  # otherwise the next loss would be an average
        if not math.isfinite(loss):
            self.model.stop_training = True
            return
        self.used.append(float(self.rates[len(self.losses)]))
        self.losses.append(loss)
        self._average = self.smooth * self._average + (1.0 - self.smooth) * loss
        self.smoothed.append(
            self._average / (1.0 - self.smooth ** len(self.losses))  # unbiased
        )
        diverged = self.smoothed[-1] > self.stop * min(self.smoothed)
        if diverged or len(self.losses) == len(self.rates):
            self.model.stop_training = True

    def trial(self) -> RateTrial:
        """Returns the result."""
        rates, smoothed = np.array(self.used), np.array(self.smoothed)
        return RateTrial(
            rates, np.array(self.losses), smoothed, _steepest(rates, smoothed)
        )


def _steepest(rates: Array, losses: Array) -> float | None:
    """Returns the rate at which the loss falls fastest before its minimum."""
    lowest = int(np.argmin(losses)) if len(losses) else 0
    if lowest < 2:
        return None
    slope = np.gradient(losses, np.log(rates))[: lowest + 1]
    steepest = int(np.argmin(slope))
    return float(rates[steepest]) if slope[steepest] < 0 else None


@contextmanager
def _restored(model: keras.Model, data: Any, finder: _Finder) -> Iterator[None]:
    """Restores the model and the data's epoch when the block ends."""
    epoch = getattr(data, "epoch", None)
    stopped, history = model.stop_training, getattr(model, "history", None)
    try:
        yield
    finally:
        model.reset_metrics()
        if finder.before is not None:
            state, randoms = finder.before
            write_state(model, state)
            write_random(randoms)
        if epoch is not None:
            data.epoch = epoch
        model.stop_training, model.history = stopped, history


def _check(low: float, high: float, steps: int, stop: float, smooth: float) -> None:
    good = 0 < low < high and steps >= 3 and stop > 1 and 0 <= smooth < 1
    if not good:
        raise ValueError(
            f"low={low}, high={high}, steps={steps}, stop={stop} and smooth={smooth} "
            "were given. Expected 0 < low < high, 3 steps or more, stop above 1 and "
            "smooth from 0 to below 1. Use the defaults: find_learning_rate(model, "
            "pairs)."
        )

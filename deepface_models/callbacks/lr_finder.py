"""Which learning rate to train with, by a short trial that leaves no trace."""

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
    """Losses at growing learning rates.

    Attributes:
        rates: (N,) learning rates, growing.
        losses: (N,) the loss of the batch before the update with each rate.
        smoothed: (N,) the same without their jitter.
        suggestion: The rate where the smoothed loss falls fastest, or None if it
            falls nowhere.
    """

    rates: Array
    losses: Array
    smoothed: Array
    suggestion: float | None

    @whole_numbers(size=1)
    def draw(self, size: int = 360) -> Array:
        """Draws loss over rate, uint8 (H, W, 3).

        Args:
            size: Side of the plot in px.
        """
        points = np.column_stack([np.log10(self.rates), self.smoothed])
        caption = "log10 of the learning rate across, loss up"
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
        """Writes the drawing as an image, such as "rates.png"."""
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
    """Trains with growing rates, takes everything back and says what happened.

    The rate grows from `low` to `high` by the same factor each step, until the loss is
    `stop` times its least. Weights, optimizer, seeds, metrics, global random
    generators and the data set's epoch come back: a training afterwards is, to the
    last bit, the one without a trial.

    Reference: L. Smith, "Cyclical Learning Rates for Training Neural Networks", 2017.
    The suggestion is the rate of the steepest fall, as S. Gugger of fastai takes it.

    Args:
        model: Compiled, with a learning rate that is a number.
        x: `SwapPairs`, a data set or examples, as `fit` takes them.
        y: Targets, where `x` does not hold them.
        low: First rate.
        high: Last rate.
        steps: Steps from one to the other.
        stop: How many times its least the smoothed loss may become.
        smooth: Share of the past in the smoothed loss, from 0 to below 1.
        **fit: Passed on to `fit`, such as `batch_size=32`.

    Returns:
        Rates, losses and a suggestion; `trial.save("rates.png")` draws them.

    Raises:
        ValueError: A number is out of range, the optimizer has a schedule, or the
            model is not built.
    """
    _check(low, high, steps, stop, smooth)
    finder = _Finder(low, high, steps, stop, smooth)
    check_rate(model, "find_learning_rate")
    if not model.built:
        raise ValueError(
            f"{type(model).__name__} has no weights yet. Expected a model that is "
            "built. Give it a keras.Input, or call it on a batch first."
        )
    fit = {"epochs": _MANY_EPOCHS, "verbose": 0, **fit}
    fit["callbacks"] = [*fit.get("callbacks", ()), finder]
    with _restored(model, x, finder):
        model.fit(x, y, **fit)
    return finder.trial()


class _Finder(StepCallback):
    """Raises the rate and notes the loss, until it has seen enough."""

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
        """Keeps what a training changes.

        Not earlier: Keras draws random numbers in a first `fit` before this, and in
        a second one no more.
        """
        self.before = read_state(self.model), read_random()

    def at_step(self, step: int) -> None:
        """Sets the next rate."""
        self.model.optimizer.learning_rate = self.rates[len(self.losses)]

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Notes the loss."""
        loss = float((logs or {})["loss"])
        self.model.reset_metrics()  # or the next were an average
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
        """Returns what was seen."""
        rates, smoothed = np.array(self.used), np.array(self.smoothed)
        return RateTrial(
            rates, np.array(self.losses), smoothed, _steepest(rates, smoothed)
        )


def _steepest(rates: Array, losses: Array) -> float | None:
    """Returns the rate at which the loss falls fastest, before its least."""
    least = int(np.argmin(losses)) if len(losses) else 0
    if least < 2:
        return None
    slope = np.gradient(losses, np.log(rates))[: least + 1]
    place = int(np.argmin(slope))
    return float(rates[place]) if slope[place] < 0 else None


@contextmanager
def _restored(model: keras.Model, data: Any, finder: _Finder) -> Iterator[None]:
    """Undoes a training."""
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
            "smooth from 0 to below 1. find_learning_rate(model, pairs) has defaults."
        )

"""Learning-rate schedules by optimizer step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.optimizers.schedules import LearningRateSchedule

from deepface_models.callbacks._steps import StepCallback, check_rate
from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_numbers


class StepSchedule(StepCallback):
    """Sets the learning rate before each optimizer step by a schedule.

    A schedule inside the optimizer, `Adam(CosineDecay(...))`, is enough if nothing
    else changes the learning rate. With this callback, the optimizer's rate stays a
    number, so that `Phases` and the learning-rate finder can change it; steps are
    updates of the weights even with `gradient_accumulation_steps`, where Keras counts
    batches; and the schedule can be a function. A resumed training continues with the
    right rate. With `steps_per_execution` several steps have the rate of their first.

    Args:
        schedule: Function of the optimizer's step, from 0, that returns the learning
            rate, or a schedule: `Warmup`, `CosineWave` or one of
            `keras.optimizers.schedules`.

    Raises:
        TypeError: `schedule` is not callable, or the model has not one optimizer.
        ValueError: When training begins: the optimizer has a schedule. While training:
            the rate is negative or not finite.

    Example:
        >>> schedule = StepSchedule(CosineWave(1e-3, period=10))
        >>> history = autoencoder.fit(x_train, callbacks=[schedule], verbose=0)
    """

    def __init__(self, schedule: Callable[[int], Any]) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(
                f"schedule={schedule!r} was given. Expected one of "
                "keras.optimizers.schedules or a function of the step. Use "
                "StepSchedule(lambda step: 1e-4 if step < 1000 else 1e-5)."
            )
        self.schedule = schedule
        self._rate: float | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that the learning rate can be set."""
        check_rate(self.model, "StepSchedule")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Makes the next step set the rate, in case a checkpoint was restored."""
        super().on_epoch_begin(epoch, logs)
        self._rate = None

    def at_step(self, step: int) -> None:
        """Sets the rate if it changes."""
        rate = float(np.asarray(ops.convert_to_numpy(self.schedule(step))))
        if not (math.isfinite(rate) and rate >= 0):
            raise ValueError(
                f"The schedule returned {rate} at step {step}. Expected a finite "
                "number of 0 or more. Check its values after its last step."
            )
        if rate != self._rate:
            self.model.optimizer.learning_rate = self._rate = rate

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the learning rate to the logs."""
        if logs is not None and self._rate is not None:
            logs["learning_rate"] = self._rate


@keras.saving.register_keras_serializable(PACKAGE)
class Warmup(LearningRateSchedule):
    """Linear warm-up of the learning rate before another schedule.

    Use it in an optimizer or in `StepSchedule`.

    Args:
        then: The learning rate after the warm-up, or a schedule that starts then.
        steps: Number of steps of the warm-up.
        start: The learning rate at step 0.

    Raises:
        ValueError: `steps` is less than 1 or `start` is negative.

    Example:
        >>> rate = Warmup(1e-3, steps=100)
        >>> [round(float(rate(step)), 5) for step in (0, 50, 100, 200)]
        [0.0, 0.0005, 0.001, 0.001]
    """

    @whole_numbers(steps=1)
    def __init__(
        self, then: float | LearningRateSchedule, steps: int, start: float = 0.0
    ) -> None:
        super().__init__()
        if steps < 1 or not start >= 0:
            raise ValueError(
                f"steps={steps} and start={start} were given. Expected 1 step or more "
                "and a rate of 0 or more. Use Warmup(1e-4, steps=1000)."
            )
        self.then = then
        self.steps = steps
        self.start = start

    def __call__(self, step: Any) -> Any:
        """Returns the rate at a step."""
        step = ops.cast(step, "float32")
        part = ops.minimum(step / self.steps, 1.0)
        first = self._after(ops.zeros_like(step))
        after = self._after(ops.maximum(step - self.steps, 0.0))
        rising = self.start + (first - self.start) * part
        return ops.where(part < 1.0, rising, after)

    def _after(self, step: Any) -> Any:
        if callable(self.then):
            return ops.cast(self.then(step), "float32")
        return ops.full_like(step, self.then)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        then = self.then
        if callable(then):
            then = keras.saving.serialize_keras_object(then)
        return {"then": then, "steps": self.steps, "start": self.start}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Warmup:
        """Builds the schedule that `get_config` described."""
        then = config["then"]
        if isinstance(then, dict):
            then = keras.saving.deserialize_keras_object(then)
        return cls(**{**config, "then": then})


@keras.saving.register_keras_serializable(PACKAGE)
class CosineWave(LearningRateSchedule):
    """Learning rate that oscillates along a cosine.

    DeepFaceLab trains with a period of 500 steps, together with learning-rate dropout.

    Args:
        rate: The highest rate, at steps 0, `period`, 2 `period`...
        period: Period in steps, 2 or more.
        low: The lowest rate, halfway between.

    Raises:
        ValueError: `period` is less than 2, or not 0 <= low <= rate.

    Example:
        >>> wave = CosineWave(1e-3, period=10, low=1e-4)
        >>> [round(float(wave(step)), 5) for step in (0, 5, 10)]
        [0.001, 0.0001, 0.001]
    """

    @whole_numbers(period=1)
    def __init__(self, rate: float, period: int = 500, low: float = 0.0) -> None:
        super().__init__()
        if period < 2 or not 0 <= low <= rate:
            raise ValueError(
                f"rate={rate}, period={period} and low={low} were given. Expected 2 "
                "steps or more and 0 <= low <= rate. Use CosineWave(5e-5)."
            )
        self.rate = rate
        self.period = period
        self.low = low

    def __call__(self, step: Any) -> Any:
        """Returns the rate at a step."""
        # The remainder first: float32 is too coarse for millions of steps.
        step = ops.mod(ops.convert_to_tensor(step), self.period)
        place = ops.cast(step, "float32") / self.period
        wave = 0.5 + 0.5 * ops.cos(2.0 * math.pi * place)
        return self.low + (self.rate - self.low) * wave

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {"rate": self.rate, "period": self.period, "low": self.low}

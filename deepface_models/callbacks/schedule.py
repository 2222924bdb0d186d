"""Learning rates by optimizer step: a callback, and what Keras' schedules lack."""

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
    """Sets the learning rate before each step to what a schedule says.

    Keras takes a schedule in the optimizer, `Adam(CosineDecay(...))`: that is enough
    where nothing else sets the rate. This callback is for what it cannot do: the rate
    stays a number, so that `Phases` and the learning-rate finder may change it;
    steps are updates of the weights also with `gradient_accumulation_steps`, where
    Keras counts batches; a plain function will do. A resumed training has the rate it
    would have had. With `steps_per_execution` the rate is that of the first of the
    steps run at once.

    Args:
        schedule: Takes the optimizer's step, from 0, and returns the rate: one of
            `keras.optimizers.schedules` or a function. `CosineDecay` has a warm-up,
            `CosineDecayRestarts` restarts, `PiecewiseConstantDecay` goes in steps;
            `Warmup` and `CosineWave` are ours.

    Raises:
        TypeError: `schedule` cannot be called, or the model has no single optimizer.
        ValueError: On training begin, the optimizer has a schedule of its own; in
            training, the rate is negative or not finite.
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
        """Checks that the learning rate may be set."""
        check_rate(self.model, "StepSchedule")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Has the rate set anew, as a checkpoint may have put back an older one."""
        super().on_epoch_begin(epoch, logs)
        self._rate = None

    def at_step(self, step: int) -> None:
        """Sets the rate where it changed."""
        rate = float(np.asarray(ops.convert_to_numpy(self.schedule(step))))
        if not (math.isfinite(rate) and rate >= 0):
            raise ValueError(
                f"The schedule says {rate} at step {step}. Expected a finite rate of 0 "
                "or more. Check what it does after its last step."
            )
        if rate != self._rate:
            self.model.optimizer.learning_rate = self._rate = rate

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes the rate beside the losses."""
        if logs is not None and self._rate is not None:
            logs["learning_rate"] = self._rate


@keras.saving.register_keras_serializable(PACKAGE)
class Warmup(LearningRateSchedule):
    """Lets the rate rise in a straight line, then does what another schedule says.

    For an optimizer or `StepSchedule`. `CosineDecay(..., warmup_target=,
    warmup_steps=)` of Keras does the same for a cosine.

    Args:
        then: The rate after it, or a schedule, which starts after the warm-up.
        steps: Steps until its first rate is reached.
        start: The rate at step 0.

    Raises:
        ValueError: `steps` is less than 1 or `start` is negative.
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
    """Lets the rate fall and rise again along a cosine, without end.

    DeepFaceLab trains with such a wave of 500 steps beside learning-rate dropout.

    Args:
        rate: The highest rate, at steps 0, `period`, 2 `period`...
        period: Steps from one to the next.
        low: The lowest rate, halfway.

    Raises:
        ValueError: `period` is less than 2, or not 0 <= low <= rate.
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
        # The remainder first: float32 holds no angles of millions of steps.
        step = ops.mod(ops.convert_to_tensor(step), self.period)
        place = ops.cast(step, "float32") / self.period
        wave = 0.5 + 0.5 * ops.cos(2.0 * math.pi * place)
        return self.low + (self.rate - self.low) * wave

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {"rate": self.rate, "period": self.period, "low": self.low}

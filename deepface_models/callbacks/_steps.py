"""Base class of callbacks that act before optimizer steps, and optimizer helpers."""

from __future__ import annotations

from typing import Any

import keras


class StepCallback(keras.callbacks.Callback):
    """Base of callbacks that change something before an optimizer step.

    Steps are counted by the optimizer and saved in checkpoints, so a resumed training
    continues at the right step. With `gradient_accumulation_steps` a step is an update
    of the weights. With `steps_per_execution` several steps run at once, and `at_step`
    is called before the first of them only.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: int | None = None
        self._each = 1

    def at_step(self, step: int) -> None:
        """Applies the settings of a step, counted from 0."""
        raise NotImplementedError

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads the step from the optimizer again before the next batch."""
        self._before = None

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Counts the step without waiting for the device, and calls `at_step`."""
        if self._before is None:  # a checkpoint has been restored by now
            self._before = batches_done(self.model) - batch
            self._each = accumulation(self.model)
        self.at_step((self._before + batch) // self._each)


def inner_optimizer(model: keras.Model) -> Any:
    """Returns the model's optimizer, without a LossScaleOptimizer around it.

    Raises:
        TypeError: The model has no optimizer, or a MultiOptimizer.
    """
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if optimizer is None or hasattr(optimizer, "optimizers"):
        what = "no optimizer" if optimizer is None else "a MultiOptimizer"
        raise TypeError(
            f"A model with {what} was given. Expected one optimizer. Compile it, for "
            "example, with keras.optimizers.Adam(1e-4)."
        )
    return optimizer


def accumulation(model: keras.Model) -> int:
    """Returns the number of batches per update of the weights."""
    return inner_optimizer(model).gradient_accumulation_steps or 1


def batches_done(model: keras.Model) -> int:
    """Returns how many batches the optimizer has seen.

    Its public `iterations` counts updates, and an epoch may end between two updates.
    """
    return int(inner_optimizer(model)._iterations)


def check_rate(model: keras.Model, who: str) -> None:
    """Rejects an optimizer whose learning rate cannot be set.

    Raises:
        ValueError: The optimizer has a learning-rate schedule.
    """
    optimizer = inner_optimizer(model)
    if not hasattr(optimizer._learning_rate, "assign"):
        raise ValueError(
            "An optimizer with a learning-rate schedule was given. Expected a number, "
            f"which {who} can change. Compile, for example, with Adam(5e-4)."
        )

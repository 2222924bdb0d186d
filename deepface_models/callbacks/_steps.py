"""Callbacks that act by optimizer step, and what they ask of an optimizer."""

from __future__ import annotations

from typing import Any

import keras


class StepCallback(keras.callbacks.Callback):
    """Base of callbacks that set something before each optimizer step.

    Steps are the optimizer's, which a checkpoint keeps: a resumed training goes on
    where it was. With `gradient_accumulation_steps` a step is an update of the
    weights; with `steps_per_execution` several are run at once, and `at_step` is
    called before the first of them only.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: int | None = None
        self._each = 1

    def at_step(self, step: int) -> None:
        """Sets what is due at a step, counted from 0."""
        raise NotImplementedError

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Has the steps read from the optimizer again."""
        self._before = None

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Counts on, without waiting for the optimizer, and acts."""
        if self._before is None:  # a checkpoint has been restored by now
            self._before = batches_done(self.model) - batch
            self._each = accumulation(self.model)
        self.at_step((self._before + batch) // self._each)


def inner_optimizer(model: keras.Model) -> Any:
    """Returns the optimizer inside a LossScaleOptimizer, or the optimizer.

    Raises:
        TypeError: There is none, or several in one.
    """
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if optimizer is None or hasattr(optimizer, "optimizers"):
        what = "no optimizer" if optimizer is None else "a MultiOptimizer"
        raise TypeError(
            f"The model has {what}. Expected one optimizer. Compile it with "
            "keras.optimizers.Adam(1e-4), say."
        )
    return optimizer


def accumulation(model: keras.Model) -> int:
    """Returns how many batches one update of the weights takes."""
    return inner_optimizer(model).gradient_accumulation_steps or 1


def batches_done(model: keras.Model) -> int:
    """Returns how many batches the optimizer has seen.

    Its `iterations` are updates, of which an epoch need not have a whole number.
    """
    return int(inner_optimizer(model)._iterations)


def check_rate(model: keras.Model, who: str) -> None:
    """Refuses an optimizer whose learning rate cannot be set.

    Raises:
        ValueError: It follows a schedule of its own.
    """
    optimizer = inner_optimizer(model)
    if not hasattr(optimizer._learning_rate, "assign"):
        raise ValueError(
            "The optimizer's learning rate follows a schedule. Expected a number, "
            f"which {who} sets by itself. Compile with Adam(5e-4), say."
        )

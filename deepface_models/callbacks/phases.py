"""Changes settings at given steps of a training, such as the augmentation."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from deepface_models.callbacks._steps import (
    StepCallback,
    accumulation,
    batches_done,
    check_rate,
    inner_optimizer,
)
from deepface_models.core.whole import whole_numbers

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Phase:
    """Settings from a step on, until a later phase changes them.

    Args:
        step: The first optimizer step with these settings, from 0.
        augmentation: The data set's `Augmentation`;
            `dataclasses.replace(augmentation, warp=0.0)` switches warps off.
        learning_rate: The optimizer's learning rate.
        lr_dropout: Learning-rate dropout of an optimizer of
            `deepface_models.optimizers`.
        model: Values of the model's variables by name, such as
            `{"adversarial_weight": 0.1}`.

    Example:
        >>> Phase(90_000, learning_rate=2e-5).step
        90000
    """

    step: int = 0
    augmentation: Any = None
    learning_rate: float | None = None
    lr_dropout: float | None = None
    model: Mapping[str, float] = field(default_factory=dict)

    def settings(self) -> dict[tuple[str, str], Any]:
        """Returns the settings except the augmentation, by owner and name."""
        optimizer = {"learning_rate": self.learning_rate, "lr_dropout": self.lr_dropout}
        found = {("optimizer", k): v for k, v in optimizer.items() if v is not None}
        return found | {("model", name): v for name, v in self.model.items()}


class Phases(StepCallback):
    """Changes settings at exact steps of a training.

    The settings depend only on the optimizer's step, so a resumed training has the
    same ones as an uninterrupted training. Batches are prepared in advance, so the
    augmentation depends on the batch's index instead: train on `phases.data(pairs)`.
    With `steps_per_execution`, other settings change at the next multiple of it.

    Args:
        phases: The phases, in any order.

    Raises:
        ValueError: There is no phase, two have the same step, or a step is negative.
            When training begins: a setting cannot be changed, or a phase has an
            augmentation and `data` was not called.
        TypeError: When training begins: the model has no such variable.

    Example:
        >>> phases = Phases([Phase(1, learning_rate=2e-5)])
        >>> history = autoencoder.fit(x_train, callbacks=[phases], verbose=0)
    """

    def __init__(self, phases: Sequence[Phase]) -> None:
        super().__init__()
        self.phases = tuple(sorted(phases, key=lambda phase: phase.step))
        steps = [phase.step for phase in self.phases]
        if not steps or steps[0] < 0 or len(set(steps)) < len(steps):
            raise ValueError(
                f"Phases at the steps {steps} were given. Expected one or more with "
                "different steps of 0 or more. Combine the settings of one step in one "
                "Phase."
            )
        self._data: PhasedData | None = None
        self._set: dict[tuple[str, str], Any] = {}

    def data(self, pairs: Any) -> PhasedData:
        """Returns a data set with the phases' augmentations.

        Args:
            pairs: `SwapPairs`, or a PyDataset whose batches depend only on its
                attributes `epoch` and `augmentation` and on the batch's index.

        Returns:
            The data set for `fit` and for `ResumableCheckpoint(folder, data)`.
        """
        self._data = PhasedData(pairs, self.phases)
        return self._data

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that all settings can be changed."""
        self._set = {}
        for phase in self.phases:
            for (owner, name), value in phase.settings().items():
                _check(self.model, owner, name, value)
        if self._data is None and any(p.augmentation is not None for p in self.phases):
            raise ValueError(
                "A phase with an augmentation was given without a data set. Expected "
                "a data set of phases.data(). Use model.fit(phases.data(pairs), "
                "callbacks=[phases])."
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Passes the number of batches so far to the data set."""
        super().on_epoch_begin(epoch, logs)
        if self._data is not None:
            model = self.model
            self._data.place(batches_done(model), accumulation(model))

    def at_step(self, step: int) -> None:
        """Changes the settings that differ from those of the step before."""
        expected: dict[tuple[str, str], Any] = {}
        for phase in self.phases:
            if phase.step <= step:
                expected |= phase.settings()
        for key, value in expected.items():
            if key not in self._set or self._set[key] != value:
                _set(self.model, *key, value)
                _LOG.info("Step %d: %s %s is %s.", step, *key, value)
        self._set = expected


class PhasedData(keras.utils.PyDataset):
    """A data set whose augmentation depends on the batch's index; see `Phases.data`.

    Args:
        pairs: The data set; its own augmentation is used until a phase has one.
        phases: The phases in the order of their steps.

    Example:
        >>> from deepface_models.data import Augmentation
        >>> strong = Augmentation(warp=0.06)
        >>> phases = Phases([Phase(0), Phase(1000, augmentation=strong)])
        >>> model.fit(phases.data(pairs), callbacks=[phases])  # doctest: +SKIP
    """

    def __init__(self, pairs: Any, phases: Sequence[Phase]) -> None:
        if not (hasattr(pairs, "augmentation") and hasattr(pairs, "epoch")):
            raise TypeError(
                f"A {type(pairs).__name__} was given. Expected a data set with the "
                "attributes epoch and augmentation. Use phases.data(SwapPairs(...))."
            )
        super().__init__(
            workers=pairs.workers,
            use_multiprocessing=pairs.use_multiprocessing,
            max_queue_size=pairs.max_queue_size,
        )
        self.pairs = pairs
        self._drawn_from = [(0, pairs)]
        for phase in phases:
            if phase.augmentation is not None:
                _check_draws(pairs, phase)
                other = copy.copy(pairs)  # shares the images
                other.augmentation = phase.augmentation
                self._drawn_from.append((phase.step, other))
        self._first, self._each = -pairs.epoch * len(pairs), 1

    @property
    def epoch(self) -> int:
        """The epoch that draws belong to; counted as the data set itself counts."""
        return int(self.pairs.epoch)

    @epoch.setter
    def epoch(self, value: int) -> None:
        self.pairs.epoch = value

    @whole_numbers(batches=0, each=0)
    def place(self, batches: int, each: int) -> None:
        """Sets the number of batches that are done when an epoch begins.

        Args:
            batches: Number of batches that the optimizer has seen.
            each: Batches per optimizer step.
        """
        self._first, self._each = batches - self.epoch * len(self.pairs), each

    def __len__(self) -> int:
        """Returns the number of batches in an epoch."""
        return len(self.pairs)

    def __getitem__(self, index: int) -> Any:
        """Returns batch `index` of the epoch with its phase's augmentation."""
        epoch = self.epoch
        step = (self._first + epoch * len(self.pairs) + index) // self._each
        due = [pairs for first, pairs in self._drawn_from if first <= step]
        chosen = due[-1] if due else self.pairs
        chosen.epoch = epoch
        return chosen[index]

    def on_epoch_begin(self) -> None:
        """Calls the same method of the data set."""
        self.pairs.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Calls the same method of the data set."""
        self.pairs.on_epoch_end()


def _check(model: keras.Model, owner: str, name: str, value: Any) -> None:
    """Raises an error if a setting cannot be changed."""
    if owner == "model":
        _variable(model, name)
    elif name == "learning_rate":
        check_rate(model, "Phases")
    elif getattr(inner_optimizer(model), name, None) is None:
        raise ValueError(
            f"A phase with {name}={value} was given with the optimizer "
            f"{type(inner_optimizer(model)).__name__}, which does not have it. "
            "Expected an optimizer of deepface_models.optimizers with lr_dropout. Use "
            "AdaBelief(5e-5, lr_dropout=0.0)."
        )


def _check_draws(pairs: Any, phase: Phase) -> None:
    expected = getattr(phase.augmentation, "landmark_warp", 0.0)
    if expected and not getattr(pairs.augmentation, "landmark_warp", 0.0):
        raise ValueError(
            f"A phase at step {phase.step} with landmark_warp={expected} was given "
            "with a data set without landmark_warp. Expected a data set with it. "
            "Create the data set with that augmentation, and switch it off by a "
            "Phase(0, ...)."
        )


def _set(model: keras.Model, owner: str, name: str, value: Any) -> None:
    if owner == "optimizer":
        setattr(inner_optimizer(model), name, value)
    elif (variable := _variable(model, name)) is None:
        setattr(model, name, value)
    else:
        variable.assign(value)


def _variable(model: keras.Model, name: str) -> Any:
    """Returns a model's variable, or None if it is a property with a setter."""
    value = getattr(model, name, None)
    if hasattr(value, "assign"):
        return value
    if getattr(getattr(type(model), name, None), "fset", None) is not None:
        return None
    what = "nothing of that name" if value is None else f"the plain value {value!r}"
    raise TypeError(
        f"A phase with a value of {name!r} was given for a {type(model).__name__}, "
        f"which has {what}. Expected a variable, because the training step is "
        "compiled. Store the value in a keras.Variable, or leave it out."
    )

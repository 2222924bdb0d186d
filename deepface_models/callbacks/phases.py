"""What changes at given steps of a training: warp off, GAN on, another rate."""

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
    """Settings that hold from a step on, until a later phase sets them again.

    Args:
        step: The optimizer's step, from 0, that is the first to have them.
        augmentation: Of the data set, an `Augmentation`;
            `dataclasses.replace(augmentation, warp=0.0)` is the warp-off.
        learning_rate: Of the optimizer.
        lr_dropout: Of an optimizer of `deepface_models.optimizers`.
        model: Values of the model's variables by name, such as
            `{"adversarial_weight": 0.1}`.
    """

    step: int = 0
    augmentation: Any = None
    learning_rate: float | None = None
    lr_dropout: float | None = None
    model: Mapping[str, float] = field(default_factory=dict)

    def settings(self) -> dict[tuple[str, str], Any]:
        """Returns what it sets, by owner and name."""
        optimizer = {"learning_rate": self.learning_rate, "lr_dropout": self.lr_dropout}
        found = {("optimizer", k): v for k, v in optimizer.items() if v is not None}
        return found | {("model", name): v for name, v in self.model.items()}


class Phases(StepCallback):
    """Changes a training at exact steps, also after an interruption.

    What holds follows from the optimizer's step alone, so a resumed training has the
    settings of an uninterrupted one. Batches are prepared ahead of the steps, so an
    augmentation belongs to the batch's own number: train on `phases.data(pairs)`.
    With `steps_per_execution` a phase of weights or rates begins with the next run of
    steps; choose steps that it divides.

    Args:
        phases: What changes and when, in any order.

    Raises:
        ValueError: There is no phase, two have one step, or a step is negative; on
            training begin, a rate cannot be set, or phases of augmentation have no
            data set.
        TypeError: On training begin, the model has no such variable.
    """

    def __init__(self, phases: Sequence[Phase]) -> None:
        super().__init__()
        self.phases = tuple(sorted(phases, key=lambda phase: phase.step))
        steps = [phase.step for phase in self.phases]
        if not steps or steps[0] < 0 or len(set(steps)) < len(steps):
            raise ValueError(
                f"Phases at the steps {steps} were given. Expected one or more, each "
                "with a step of its own of 0 or more. Put what changes at one step "
                "into one Phase."
            )
        self._data: PhasedData | None = None
        self._set: dict[tuple[str, str], Any] = {}

    def data(self, pairs: Any) -> PhasedData:
        """Returns a data set as the phases want its augmentation.

        Args:
            pairs: `SwapPairs`, or a PyDataset whose batches follow from its attributes
                `epoch` and `augmentation` and from the batch's number.

        Returns:
            A data set to `fit` on, also for `ResumableCheckpoint(folder, data)`.
        """
        self._data = PhasedData(pairs, self.phases)
        return self._data

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that everything can be set."""
        self._set = {}
        for phase in self.phases:
            for (owner, name), value in phase.settings().items():
                _check(self.model, owner, name, value)
        if self._data is None and any(p.augmentation is not None for p in self.phases):
            raise ValueError(
                "A phase changes the augmentation, but of no data set. Expected fit() "
                "to draw from the phases' own. Use model.fit(phases.data(pairs), "
                "callbacks=[phases])."
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Tells the data set where training is, before a batch is drawn."""
        super().on_epoch_begin(epoch, logs)
        if self._data is not None:
            model = self.model
            self._data.place(batches_done(model), accumulation(model))

    def at_step(self, step: int) -> None:
        """Sets what a step has otherwise than the one before."""
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
    """A data set whose augmentation follows from the number of the batch.

    Made by `Phases.data`.

    Args:
        pairs: The data set; its own augmentation holds until a phase sets one.
        phases: In the order of their steps.
    """

    def __init__(self, pairs: Any, phases: Sequence[Phase]) -> None:
        if not (hasattr(pairs, "augmentation") and hasattr(pairs, "epoch")):
            raise TypeError(
                f"Phases.data() was given a {type(pairs).__name__}. Expected a data "
                "set with the attributes epoch and augmentation. Use SwapPairs."
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
        """Notes how many batches are done as an epoch begins.

        Args:
            batches: Batches that the optimizer has seen.
            each: Batches to one step of the optimizer.
        """
        self._first, self._each = batches - self.epoch * len(self.pairs), each

    def __len__(self) -> int:
        """Returns the number of batches in an epoch."""
        return len(self.pairs)

    def __getitem__(self, index: int) -> Any:
        """Returns batch `index` of the epoch, as the phase that it falls in has it."""
        epoch = self.epoch
        step = (self._first + epoch * len(self.pairs) + index) // self._each
        due = [pairs for first, pairs in self._drawn_from if first <= step]
        chosen = due[-1] if due else self.pairs
        chosen.epoch = epoch
        return chosen[index]

    def on_epoch_begin(self) -> None:
        """Passes the epoch's begin on."""
        self.pairs.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Moves on to the next epoch's draws."""
        self.pairs.on_epoch_end()


def _check(model: keras.Model, owner: str, name: str, value: Any) -> None:
    """Says before training what could not be set in the middle of it."""
    if owner == "model":
        _variable(model, name)
    elif name == "learning_rate":
        check_rate(model, "Phases")
    elif getattr(inner_optimizer(model), name, None) is None:
        raise ValueError(
            f"A phase sets {name}={value}, but the optimizer is a "
            f"{type(inner_optimizer(model)).__name__} without. Expected one of "
            "deepface_models.optimizers made with lr_dropout. Use "
            "AdaBelief(5e-5, lr_dropout=0.0)."
        )


def _check_draws(pairs: Any, phase: Phase) -> None:
    expected = getattr(phase.augmentation, "landmark_warp", 0.0)
    if expected and not getattr(pairs.augmentation, "landmark_warp", 0.0):
        raise ValueError(
            f"The phase of step {phase.step} has landmark_warp={expected}, for which "
            "the data set was not prepared. Expected one that was. Make it with the "
            "landmark_warp, and turn that off by a Phase(0, ...)."
        )


def _set(model: keras.Model, owner: str, name: str, value: Any) -> None:
    if owner == "optimizer":
        setattr(inner_optimizer(model), name, value)
    elif (variable := _variable(model, name)) is None:
        setattr(model, name, value)
    else:
        variable.assign(value)


def _variable(model: keras.Model, name: str) -> Any:
    """Returns a model's variable, or None for a property that can be set."""
    value = getattr(model, name, None)
    if hasattr(value, "assign"):
        return value
    if getattr(getattr(type(model), name, None), "fset", None) is not None:
        return None
    what = "nothing of that name" if value is None else f"the plain value {value!r}"
    raise TypeError(
        f"A phase sets {name!r} of a {type(model).__name__}, which has {what}. "
        "Expected a variable, which the compiled step reads anew. Keep it in a "
        "keras.Variable, or leave it out."
    )

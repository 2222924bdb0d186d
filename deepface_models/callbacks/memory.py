"""What a training step needs of memory, said before the first one."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from typing import Any

import keras

from deepface_models.callbacks._memory import (
    activation_bytes,
    available_memory,
    backward_factor,
    example_bytes,
    optimizer_bytes,
    tensor_bytes,
)
from deepface_models.callbacks._steps import check_rate, inner_optimizer
from deepface_models.core.whole import whole_numbers

_LOG = logging.getLogger(__name__)
_SHARE = 0.75  # of what is available: estimates were 0.79 of a peak and more


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a training step needs, by what holds them.

    Attributes:
        weights: The model's variables.
        gradients: A number for each trained weight.
        optimizer: The optimizer's variables.
        activations: What layers return, and what comes back through them.
        batches: Examples waiting to be trained on.
        present: Bytes of these that are already taken.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    batches: int
    present: int

    @property
    def total(self) -> int:
        """Bytes of all together."""
        parts = (self.weights, self.gradients, self.optimizer, self.activations)
        return sum(parts) + self.batches

    @property
    def needed(self) -> int:
        """Bytes that are still to be taken."""
        return self.total - self.present

    def __str__(self) -> str:
        names = ("weights", "gradients", "optimizer", "activations", "batches")
        parts = ", ".join(f"{name} {_text(getattr(self, name))}" for name in names)
        return f"{_text(self.total)} ({parts})"


@dataclass(frozen=True)
class MemoryPlan:
    """A batch that fits, and how many of them make up the one wanted.

    Attributes:
        batch_size: Examples at once.
        accumulation: Batches to an update of the weights.
        estimate: Of a step with `batch_size`.
    """

    batch_size: int
    accumulation: int
    estimate: MemoryEstimate

    def apply(self, model: keras.Model) -> None:
        """Has the model's optimizer average the gradients of `accumulation` batches.

        Raises:
            ValueError: The optimizer has been used, or has a schedule, which would
                count batches and not updates.
        """
        if self.accumulation == 1:
            return
        check_rate(model, "StepSchedule, which counts updates and not batches,")
        optimizer = inner_optimizer(model)
        if optimizer.built:
            raise ValueError(
                f"The optimizer {type(optimizer).__name__} has been used. Expected a "
                "new one, whose variables can make room for gradients. Compile the "
                "model again before plan.apply(model)."
            )
        each = (optimizer.gradient_accumulation_steps or 1) * self.accumulation
        optimizer.gradient_accumulation_steps = each

    def data(self, pairs: Any) -> Any:
        """Returns a data set with the smaller batches, as many more of them.

        Args:
            pairs: `SwapPairs`, or one with the attributes `batch_size` and `steps`.
        """
        other = copy.copy(pairs)  # shares the images
        other.batch_size = self.batch_size
        other.steps = pairs.steps * self.accumulation
        return other


@whole_numbers(batch_size=1)
def estimate_memory(
    model: keras.Model, batch_size: int, data: Any = None
) -> MemoryEstimate:
    """Estimates what a training step needs, without running one.

    Weights, gradients and the optimizer's variables are counted exactly, what layers
    return is found by calling them with shapes, and the rest of the step is a factor
    measured for each backend. Of the peaks of training Swift (128 px) and Original
    (64 px) on a CPU it was 0.79 to 1.26, less for small ones, as what a framework
    takes for itself when it compiles is not in it.

    Args:
        model: Built and compiled.
        batch_size: Examples at once; for a face swap, of each person.
        data: What it is trained on, a PyDataset or examples; counts the batches that
            wait, and gives shapes to a model without fixed ones.

    Returns:
        Bytes by what holds them.

    Raises:
        ValueError: The inputs' shapes are not known.
        TypeError: The model is not compiled with one optimizer.
    """
    x, waiting = data, 2
    if isinstance(data, keras.utils.PyDataset):
        x = data[0]
        waiting += data.max_queue_size + data.workers if data.workers > 1 else 0
    example = x[0] if isinstance(x, tuple) else x
    slots, present = optimizer_bytes(model)
    weights = _sum(model.variables)
    images = [model.input, model.output] if x is None else [x]
    if x is example and x is not None:
        images *= 2  # and targets like them
    return MemoryEstimate(
        weights=weights,
        gradients=_sum(model.trainable_variables),
        optimizer=slots,
        activations=round(
            activation_bytes(model, example) * batch_size * backward_factor()
        ),
        batches=sum(map(example_bytes, keras.tree.flatten(images)))
        * (batch_size * waiting),
        present=weights + (slots if present else 0),
    )


@whole_numbers(batch_size=1, available=1)
def plan_memory(
    model: keras.Model,
    data: Any,
    batch_size: int | None = None,
    available: int | None = None,
) -> MemoryPlan:
    """Finds the largest batch that fits, so that several make up the one wanted.

    The gradients of `accumulation` batches are averaged, which for a loss averaged
    over examples is the gradient of the batch wanted; batch normalization sees the
    smaller ones.

    Args:
        model: Built and compiled, with an optimizer that has not trained yet.
        data: `SwapPairs`, or examples for their shapes.
        batch_size: The batch wanted; that of `data` by default.
        available: Bytes there are; what main memory has left by default. Name it for
            an accelerator. Three quarters of it are planned with.

    Returns:
        The plan: `plan.apply(model)`, then `fit(plan.data(pairs))` or
        `fit(x, y, batch_size=plan.batch_size)`.

    Raises:
        MemoryError: A batch of one does not fit.
        ValueError: The batch or what is available is not known.
    """
    expected = batch_size or getattr(data, "batch_size", None)
    if not expected or expected < 1:
        raise ValueError(
            f"batch_size={batch_size} was given. Expected 1 or more, or SwapPairs, "
            "which have one. Use plan_memory(model, x_train, batch_size=64)."
        )
    room = _room(available)
    for parts in (n for n in range(1, expected + 1) if expected % n == 0):
        estimate = estimate_memory(model, expected // parts, data)
        if estimate.needed <= room:
            if parts > 1:
                _LOG.warning(
                    "A batch of %d does not fit into %s: %d of %d make it up. %s",
                    *(expected, _text(room), parts, expected // parts, estimate),
                )
            return MemoryPlan(expected // parts, parts, estimate)
    raise MemoryError(_misfit(model, 1, estimate, room))


class MemoryCheck(keras.callbacks.Callback):
    """Says before the first step that a training will not fit into memory.

    Args:
        data: `SwapPairs`, or examples for their shapes.
        batch_size: That of `fit`; that of `data` by default.
        available: Bytes there are, of which three quarters are counted on; what main
            memory has left by default.

    Raises:
        MemoryError: On training begin, the estimate is more than there is.

    Attributes:
        estimate: The `MemoryEstimate`, after training began.
    """

    @whole_numbers(batch_size=1, available=1)
    def __init__(
        self, data: Any, batch_size: int | None = None, available: int | None = None
    ) -> None:
        super().__init__()
        self.data = data
        self.batch_size = batch_size or getattr(data, "batch_size", None) or 32
        self.available = available
        self.estimate: MemoryEstimate | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Estimates and compares."""
        model, size = self.model, self.batch_size
        estimate = self.estimate = estimate_memory(model, size, self.data)
        _LOG.info("A step of batch %d is estimated to need %s.", size, estimate)
        room = _room(self.available)
        if estimate.needed > room:
            raise MemoryError(_misfit(model, size, estimate, room))


def _room(available: int | None) -> int:
    found = available_memory() if available is None else available
    if found is None:
        raise ValueError(
            "This system does not say how much memory is available. Expected a number "
            "of bytes. Use available=8 * 10**9."
        )
    return round(_SHARE * found)


def _misfit(model: keras.Model, batch: int, estimate: MemoryEstimate, room: int) -> str:
    return (
        f"A training step of {type(model).__name__} with a batch of {batch} is "
        f"estimated to need {_text(estimate.needed)} more, {estimate} in all. Expected "
        f"up to {_text(room)}. Use plan_memory() for smaller batches that are "
        "accumulated, a smaller model or mixed precision."
    )


def _sum(variables: Any) -> int:
    return sum(tensor_bytes(v) for v in variables)


def _text(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.2f} MB"

"""Estimates the memory of a training step before the first one."""

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
_SHARE = 0.75  # usable fraction of memory: estimates were 0.79 of the peak or more


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a training step needs, by purpose.

    Attributes:
        weights: The model's variables.
        gradients: The gradients of the trainable variables.
        optimizer: The optimizer's variables.
        activations: Layer outputs and their gradients.
        batches: Batches in memory, those in the queue included.
        present: Bytes of these that are already allocated.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    batches: int
    present: int

    @property
    def total(self) -> int:
        """Sum of all bytes."""
        parts = (self.weights, self.gradients, self.optimizer, self.activations)
        return sum(parts) + self.batches

    @property
    def needed(self) -> int:
        """Bytes that are not yet allocated."""
        return self.total - self.present

    def __str__(self) -> str:
        names = ("weights", "gradients", "optimizer", "activations", "batches")
        parts = ", ".join(f"{name} {_text(getattr(self, name))}" for name in names)
        return f"{_text(self.total)} ({parts})"


@dataclass(frozen=True)
class MemoryPlan:
    """A batch size that fits into memory, with gradient accumulation.

    Attributes:
        batch_size: Examples in a batch.
        accumulation: Batches per update of the weights.
        estimate: Memory estimate of a step with `batch_size`.
    """

    batch_size: int
    accumulation: int
    estimate: MemoryEstimate

    def apply(self, model: keras.Model) -> None:
        """Sets the optimizer's gradient accumulation.

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
                f"The optimizer {type(optimizer).__name__} was given, which has been "
                "used. Expected a new one, because accumulation adds variables to it. "
                "Compile the model again before plan.apply(model)."
            )
        steps = (optimizer.gradient_accumulation_steps or 1) * self.accumulation
        optimizer.gradient_accumulation_steps = steps

    def data(self, pairs: Any) -> Any:
        """Returns a data set with smaller and accordingly more batches.

        Args:
            pairs: `SwapPairs`, or a data set with the attributes `batch_size` and
                `steps`.
        """
        other = copy.copy(pairs)  # shares the images
        other.batch_size = self.batch_size
        other.steps = pairs.steps * self.accumulation
        return other


@whole_numbers(batch_size=1)
def estimate_memory(
    model: keras.Model, batch_size: int, data: Any = None
) -> MemoryEstimate:
    """Estimates the memory of a training step without running one.

    Weights, gradients and the optimizer's variables are counted exactly. Layer outputs
    are counted by calling the layers with symbolic inputs, and multiplied by a factor
    measured for each backend. For Swift (128 px) and Original (64 px) on a CPU the
    estimate was 0.79 to 1.26 times the measured peak. It is too low for small models,
    because it does not include what the backend itself allocates to compile.

    Args:
        model: A built and compiled model.
        batch_size: Examples in a batch; for a face swap, of each person.
        data: Training data, a PyDataset or examples. Used to count queued batches,
            and for the shapes of a model without fixed ones.

    Returns:
        The bytes by purpose.

    Raises:
        ValueError: The inputs' shapes are not known.
        TypeError: The model is not compiled with one optimizer.

    Example:
        >>> autoencoder.compile(Adam(1e-3))
        >>> estimate = estimate_memory(autoencoder, batch_size=8)
        >>> estimate.weights == 4 * autoencoder.count_params()  # float32
        True
    """
    x, queued = data, 2
    if isinstance(data, keras.utils.PyDataset):
        x = data[0]
        queued += data.max_queue_size + data.workers if data.workers > 1 else 0
    example = x[0] if isinstance(x, tuple) else x
    slots, present = optimizer_bytes(model)
    weights = _sum(model.variables)
    images = [model.input, model.output] if x is None else [x]
    if x is example and x is not None:
        images *= 2  # targets of the same shape
    return MemoryEstimate(
        weights=weights,
        gradients=_sum(model.trainable_variables),
        optimizer=slots,
        activations=round(
            activation_bytes(model, example) * batch_size * backward_factor()
        ),
        batches=sum(map(example_bytes, keras.tree.flatten(images)))
        * (batch_size * queued),
        present=weights + (slots if present else 0),
    )


@whole_numbers(batch_size=1, available=1)
def plan_memory(
    model: keras.Model,
    data: Any,
    batch_size: int | None = None,
    available: int | None = None,
) -> MemoryPlan:
    """Splits a batch into the largest smaller batches that fit into memory.

    The gradients of `accumulation` batches are averaged. For a loss averaged over
    examples this is the gradient of the whole batch; batch normalization sees the
    smaller batches.

    Args:
        model: A built and compiled model whose optimizer has not trained yet.
        data: `SwapPairs`, or examples for their shapes.
        batch_size: The whole batch's size; that of `data` by default.
        available: Available bytes; the free main memory by default. Give it for an
            accelerator. The plan uses three quarters of it.

    Returns:
        The plan: `plan.apply(model)`, then `fit(plan.data(pairs))` or
        `fit(x, y, batch_size=plan.batch_size)`.

    Raises:
        MemoryError: A batch of one example does not fit.
        ValueError: The batch size or the available memory is unknown.

    Example:
        >>> autoencoder.compile(Adam(1e-3))
        >>> plan = plan_memory(autoencoder, x_train, batch_size=8, available=10**9)
        >>> plan.batch_size, plan.accumulation
        (8, 1)
    """
    expected = batch_size or getattr(data, "batch_size", None)
    if not expected or expected < 1:
        raise ValueError(
            f"batch_size={batch_size} was given. Expected 1 or more, or SwapPairs, "
            "which have one. Use plan_memory(model, x_train, batch_size=64)."
        )
    usable = _usable(available)
    for parts in (n for n in range(1, expected + 1) if expected % n == 0):
        estimate = estimate_memory(model, expected // parts, data)
        if estimate.needed <= usable:
            if parts > 1:
                _LOG.warning(
                    "A batch of %d does not fit into %s: accumulating %d of %d. %s",
                    *(expected, _text(usable), parts, expected // parts, estimate),
                )
            return MemoryPlan(expected // parts, parts, estimate)
    raise MemoryError(_misfit(model, 1, estimate, usable))


class MemoryCheck(keras.callbacks.Callback):
    """Raises an error before the first step if training will not fit into memory.

    Args:
        data: `SwapPairs`, or examples for their shapes.
        batch_size: The batch size of `fit`; that of `data` by default.
        available: Available bytes, of which three quarters are used; the free main
            memory by default.

    Raises:
        MemoryError: When training begins: the estimate exceeds the usable memory.

    Attributes:
        estimate: The `MemoryEstimate`, once training has begun.

    Example:
        >>> check = MemoryCheck(x_train, batch_size=4)
        >>> history = autoencoder.fit(x_train, callbacks=[check], verbose=0)
        >>> check.estimate.total < 10**6
        True
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
        """Compares the estimate with the usable memory."""
        model, size = self.model, self.batch_size
        estimate = self.estimate = estimate_memory(model, size, self.data)
        _LOG.info("A step of batch %d is estimated to need %s.", size, estimate)
        usable = _usable(self.available)
        if estimate.needed > usable:
            raise MemoryError(_misfit(model, size, estimate, usable))


def _usable(available: int | None) -> int:
    found = available_memory() if available is None else available
    if found is None:
        raise ValueError(
            "available=None was given, and this system does not report its free "
            "memory. Expected a number of bytes. Use available=8 * 10**9."
        )
    return round(_SHARE * found)


def _misfit(
    model: keras.Model, batch: int, estimate: MemoryEstimate, usable: int
) -> str:
    return (
        f"A {type(model).__name__} and a batch of {batch} were given, which need "
        f"about {_text(estimate.needed)} more, {estimate} in all. Expected up to "
        f"{_text(usable)}. Use plan_memory() to accumulate smaller batches, a smaller "
        "model or mixed precision."
    )


def _sum(variables: Any) -> int:
    return sum(tensor_bytes(v) for v in variables)


def _text(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e8 else f"{count / 1e6:.2f} MB"

"""Finds the first layer, weight or gradient with values that are not finite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from deepface_models.callbacks._state import unchanged
from deepface_models.callbacks._watch import inside, tensors, watched


@dataclass(frozen=True)
class NonFinite:
    """Something with values that are not finite.

    Attributes:
        kind: "weight", "optimizer variable", "input", "target", "activation", "loss"
            or "gradient".
        name: Its name, such as a variable's path.
        nan: Number of NaN values.
        infinite: Number of infinite values.
        size: Number of all values.
    """

    kind: str
    name: str
    nan: int
    infinite: int
    size: int

    def __str__(self) -> str:
        return (
            f"{self.kind} {self.name} ({self.nan} NaN and {self.infinite} infinite of "
            f"{self.size} values)"
        )


def scan_non_finite(
    model: keras.Model, x: Any = None, y: Any = None, sample_weight: Any = None
) -> list[NonFinite]:
    """Searches a model and one training step for values that are not finite.

    Findings are in the order of computation: weights, optimizer variables, the batch,
    layer outputs, the loss, and gradients from the loss back to the input. The first
    one is the likely cause. Model, optimizer, metrics and random generators are
    restored afterwards.

    Args:
        model: A built model; compiled, to search gradients.
        x: A batch as for `fit`. With None only variables are searched.
        y: Its targets. With None loss and gradients are not searched.
        sample_weight: Its weights.

    Returns:
        The findings; empty if all values are finite.

    Example:
        >>> scan_non_finite(autoencoder, x_train)
        []
    """
    found = list(_variables(model))
    if x is None:
        return found
    found += [*_batch("input", x), *_batch("target", y)]
    compiled = y is not None and getattr(model, "optimizer", None) is not None
    variables = list(model.variables)
    variables += model.metrics_variables if compiled else []
    with unchanged(variables):
        found += _activations(model, x)
    if compiled:
        with unchanged(variables):
            found += _step(model, x, y, sample_weight)
    return found


def check_finite(
    model: keras.Model, x: Any = None, y: Any = None, sample_weight: Any = None
) -> None:
    """Raises an error that names the findings of `scan_non_finite`, if there are any.

    Args:
        model: As for `scan_non_finite`.
        x: A batch.
        y: Its targets.
        sample_weight: Its weights.

    Raises:
        FloatingPointError: A value is not finite.

    Example:
        >>> check_finite(autoencoder, x_train)
    """
    found = scan_non_finite(model, x, y, sample_weight)
    if found:
        raise FloatingPointError(
            f"{type(model).__name__}: {describe(found)}. Expected finite numbers. "
            "Correct the weights or the data if the first is a weight or an input. "
            "For an activation or a gradient, lower the learning rate, or look for an "
            "operation outside its domain, such as log(0)."
        )


def describe(found: list[NonFinite]) -> str:
    """Returns the first finding and the numbers of the others, as half a sentence."""
    counts = Counter(one.kind for one in found[1:])
    more = ", ".join(f"{n} of kind {kind}" for kind, n in counts.items())
    return f"first not finite is the {found[0]}" + (f"; then {more}" if more else "")


def _variables(model: keras.Model) -> Iterator[NonFinite]:
    for variable in model.variables:
        yield from _check("weight", variable.path, variable)
    for variable in getattr(getattr(model, "optimizer", None), "variables", ()):
        yield from _check("optimizer variable", variable.path, variable)


def _batch(kind: str, data: Any) -> Iterator[NonFinite]:
    if data is None:
        return
    named = data if isinstance(data, dict) else {"": data}
    for name, values in named.items():
        for part in keras.tree.flatten(values):
            yield from _check(kind, repr(name) if name else "batch", part)


def _activations(model: keras.Model, x: Any) -> list[NonFinite]:
    found: list[NonFinite] = []
    calls: Counter[int] = Counter()
    names = _names(model)

    def see(layer: Any, outputs: Any) -> None:
        calls[id(layer)] += 1
        call = f", call {calls[id(layer)]}" if calls[id(layer)] > 1 else ""
        for tensor in tensors(outputs):
            found.extend(_check("activation", names[id(layer)] + call, tensor))

    with watched(model, see):
        model(keras.tree.map_structure(keras.ops.convert_to_tensor, x), training=True)
    return found


def _names(model: keras.Model) -> dict[int, str]:
    """Returns the layers' names, after the name of an inner model if there is one."""
    names = {id(one): one.name for one in inside(model)}
    for network in model._flatten_layers(include_self=False):
        if isinstance(network, keras.Model):
            for one in inside(network):
                names[id(one)] = f"{network.name}/{one.name}"
    return names


class _Recorder(keras.optimizers.Optimizer):
    """Replaces the weights by their gradients."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        self.assign(variable, keras.ops.cast(gradient, variable.dtype))


def _step(model: keras.Model, x: Any, y: Any, sample_weight: Any) -> list[NonFinite]:
    recorder = _Recorder(learning_rate=0.0, name="recorder")
    recorder.build(model.trainable_variables)
    kept = (model.optimizer, model.train_function, model.steps_per_execution)
    model.optimizer, model.train_function, model.steps_per_execution = recorder, None, 1
    try:
        logs = model.train_on_batch(x, y, sample_weight, return_dict=True)
        loss = list(_check("loss", "of the step", np.asarray(logs["loss"])))
        back = reversed(model.trainable_variables)
        return loss + [n for v in back for n in _check("gradient", v.path, v)]
    finally:
        model.optimizer, model.train_function, model.steps_per_execution = kept


def _check(kind: str, name: str, values: Any) -> Iterator[NonFinite]:
    array = np.asarray(keras.ops.convert_to_numpy(values))
    if array.dtype.kind not in "fcV":
        return
    array = array.astype("float32") if array.dtype.kind == "V" else array
    if not np.isfinite(array).all():
        nan, infinite = int(np.isnan(array).sum()), int(np.isinf(array).sum())
        yield NonFinite(kind, name, nan, infinite, array.size)

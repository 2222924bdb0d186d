"""Counts bytes of models, optimizers and batches, without the backend."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deepface_models.callbacks._steps import inner_optimizer
from deepface_models.callbacks._watch import tensors, watched

_CGROUP = "/sys/fs/cgroup"
# Limit and usage of a container's memory: cgroup version 2, then version 1.
_LIMITS = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
# Layers that return a view of their input and allocate nothing.
_VIEWS = (keras.layers.Reshape, keras.layers.Flatten)
# Peak memory of a training step divided by the bytes of all layer outputs, because of
# gradients and of the loss. Measured with Swift at 128 px and Original at 64 px, CPU.
_BACKWARD = {"tensorflow": 1.25, "jax": 1.6, "torch": 1.8}


def available_memory() -> int | None:
    """Returns the bytes that this process can still allocate, or None if unknown.

    This is main memory: Keras does not report an accelerator's.
    """
    found = [_free()]
    for names in _LIMITS:
        try:
            texts = [Path(_CGROUP, name).read_text(encoding="ascii") for name in names]
            high, low = map(int, texts)
        except (OSError, ValueError):  # "max" means that there is no limit
            continue
        found.append(max(0, high - low))
    known = [value for value in found if value is not None]
    return min(known) if known else None


def activation_bytes(model: keras.Model, x: Any = None) -> int:
    """Returns the bytes of all layer outputs for one example.

    Nothing is computed: the layers are called with symbolic inputs.

    Args:
        model: A built model.
        x: Examples, needed if the model's inputs have no fixed shape.

    Raises:
        ValueError: The inputs' shapes are not known.
    """
    found: dict[int, Any] = {}

    class Trace(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            found.clear()  # a backend may trace more than once
            return model(inputs, training=True)

    def see(layer: Any, outputs: Any) -> None:
        if not isinstance(layer, _VIEWS):
            found.update({id(tensor): tensor for tensor in tensors(outputs)})

    with watched(model, see):
        Trace().compute_output_spec(_one(model, x))
    return round(sum(map(tensor_bytes, found.values())))


def backward_factor() -> float:
    """Returns peak memory of a step divided by the bytes of its layer outputs."""
    return _BACKWARD.get(keras.backend.backend(), max(_BACKWARD.values()))


def optimizer_bytes(model: keras.Model) -> tuple[int, bool]:
    """Returns the bytes of the optimizer's variables, and whether they exist yet."""
    optimizer = inner_optimizer(model)
    if optimizer.built:
        return sum(map(tensor_bytes, optimizer.variables)), True
    shape = (3, 5)
    trial = type(optimizer).from_config(optimizer.get_config())
    trial.build([keras.Variable(np.zeros(shape, "float32"))])
    slots = sum(tuple(v.shape) == shape for v in trial.variables)
    return slots * sum(map(tensor_bytes, model.trainable_variables)), False


def tensor_bytes(tensor: Any) -> int:
    """Returns the bytes of a tensor, variable or array."""
    count = int(np.prod([int(n) for n in tensor.shape]))
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return count * (2 if dtype == "bfloat16" else np.dtype(dtype).itemsize)


def example_bytes(batch: Any) -> int:
    """Returns the bytes of one example of a batch in float32."""
    return 4 * int(np.prod([int(n or 1) for n in batch.shape[1:]]))


def _one(model: keras.Model, x: Any) -> Any:
    given = x if x is not None else getattr(model, "input", None)
    shapes = [tuple(t.shape[1:]) for t in keras.tree.flatten(given)]
    if not shapes or any(None in shape for shape in shapes):
        raise ValueError(
            f"A {type(model).__name__} with inputs of the shapes {shapes} was given. "
            "Expected fixed shapes, to count memory. Pass examples: x=x_train[:1]."
        )
    dtype = keras.backend.floatx()
    return keras.tree.map_structure(
        lambda t: keras.KerasTensor((1, *t.shape[1:]), dtype), given
    )


def _free() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None

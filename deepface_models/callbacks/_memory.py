"""What is known of memory without asking a backend."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deepface_models.callbacks._steps import inner_optimizer
from deepface_models.callbacks._watch import tensors, watched

_LIMITS = (  # of a container: version 2 of control groups, then 1
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
# Views of what came in, which hold nothing.
_VIEWS = (keras.layers.Reshape, keras.layers.Flatten)
# What a step has at once beside what the layers return: its gradients, a loss's maps.
# Measured with Swift at 128 px and Original at 64 px on a CPU.
_BACKWARD = {"tensorflow": 1.25, "jax": 1.6, "torch": 1.8}


def available_memory() -> int | None:
    """Returns the bytes that this process may still take, or None if unknown.

    Main memory only: what is left on an accelerator Keras does not say.
    """
    found = [_machine()]
    for limit, used in _LIMITS:
        high, low = _number(limit), _number(used)
        found.append(None if high is None or low is None else max(0, high - low))
    known = [value for value in found if value is not None]
    return min(known) if known else None


def activation_bytes(model: keras.Model, x: Any = None) -> int:
    """Returns what layers of a model return for one example, in bytes.

    Nothing is computed: the layers are called with shapes.

    Args:
        model: A model that is built.
        x: Examples, where the model's inputs have no fixed shape.

    Raises:
        ValueError: The inputs' shapes are not known.
    """
    found: dict[int, Any] = {}

    class Trace(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            found.clear()  # a backend may try again
            return model(inputs, training=True)

    def see(layer: Any, outputs: Any) -> None:
        if not isinstance(layer, _VIEWS):
            found.update({id(tensor): tensor for tensor in tensors(outputs)})

    with watched(model, see):
        Trace().compute_output_spec(_one(model, x))
    return round(sum(map(tensor_bytes, found.values())))


def backward_factor() -> float:
    """Returns a step's peak over what its layers return, of this backend."""
    return _BACKWARD.get(keras.backend.backend(), max(_BACKWARD.values()))


def optimizer_bytes(model: keras.Model) -> tuple[int, bool]:
    """Returns the bytes of the optimizer's variables, and whether they are there."""
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
    """Returns the bytes of one example of a batch, as float32 goes to the model."""
    return 4 * int(np.prod([int(n or 1) for n in batch.shape[1:]]))


def _one(model: keras.Model, x: Any) -> Any:
    given = x if x is not None else getattr(model, "input", None)
    shapes = [tuple(t.shape[1:]) for t in keras.tree.flatten(given)]
    if not shapes or any(None in shape for shape in shapes):
        raise ValueError(
            f"The inputs of {type(model).__name__} have the shapes {shapes}. Expected "
            "fixed ones, without which memory cannot be counted. Pass examples, "
            "x=x_train[:1]."
        )
    dtype = keras.backend.floatx()
    return keras.tree.map_structure(
        lambda t: keras.KerasTensor((1, *t.shape[1:]), dtype), given
    )


def _machine() -> int | None:
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


def _number(path: str) -> int | None:
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" where there is no limit
        return None

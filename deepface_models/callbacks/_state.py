"""Everything that a training step changes, as arrays."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array


def state_variables(model: keras.Model) -> dict[str, Any]:
    """Returns weights, seed generators and optimizer variables by a stable name.

    Names are "part/position", so that they do not depend on the order of
    identities, nor on how Keras numbers its layers.
    """
    if model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    parts = getattr(model, "parts", None) or {}
    named: dict[str, Any] = {}
    seen: set[int] = set()
    for part, network in (*parts.items(), ("model", model)):
        for position, variable in enumerate(network.variables):
            if id(variable) not in seen:
                seen.add(id(variable))
                named[f"{part}/{position}"] = variable
    optimizer = model.optimizer.variables if model.optimizer is not None else ()
    return named | {f"optimizer/{i}": v for i, v in enumerate(optimizer)}


def read_state(model: keras.Model) -> dict[str, Array]:
    """Returns copies of all of a model's training state."""
    return {name: as_array(v) for name, v in state_variables(model).items()}


def write_state(model: keras.Model, state: dict[str, Array]) -> None:
    """Restores a training state that `read_state` returned."""
    for name, variable in state_variables(model).items():
        variable.assign(state[name])


def describe_state(model: keras.Model) -> dict[str, Any]:
    """Returns what must be equal for a saved state to fit a model, as JSON values.

    It includes the order of the trainable weights, because optimizer variables follow
    it.
    """
    variables = state_variables(model)
    names = {id(v): name for name, v in variables.items()}
    return {
        "class": type(model).__name__,
        "optimizer": type(model.optimizer).__name__,
        "trained": [names[id(v)] for v in model.trainable_variables],
        "variables": {
            name: [list(v.shape), str(v.dtype)] for name, v in sorted(variables.items())
        },
    }


def read_random() -> dict[str, Any]:
    """Returns the state of the global random generators as JSON values.

    Keras shuffles with Python's and NumPy's generators, custom data sets may use them
    too, and dropout under Torch uses Torch's.
    """
    name, keys, *rest = np.random.get_state(legacy=True)
    states = {
        "python": random.getstate(),
        "numpy": [name, np.asarray(keys).tolist(), *rest],
    }
    if keras.backend.backend() == "torch":
        import torch

        states["torch"] = torch.get_rng_state().tolist()
    return states


def write_random(states: dict[str, Any]) -> None:
    """Restores the global random generators from `read_random`."""
    random.setstate(_python_state(states))
    np.random.set_state(tuple(states["numpy"]))
    if keras.backend.backend() == "torch" and "torch" in states:
        import torch

        torch.set_rng_state(torch.tensor(states["torch"], dtype=torch.uint8))


def check_random(states: dict[str, Any]) -> None:
    """Checks that states can be restored, on separate generators.

    Raises:
        ValueError: They did not come from `read_random`.
    """
    try:
        random.Random().setstate(_python_state(states))
        np.random.RandomState().set_state(tuple(states["numpy"]))
    except Exception as error:  # setstate raises errors of many types
        raise ValueError(f"no state of random generators: {error}") from error


def _python_state(states: dict[str, Any]) -> tuple[Any, ...]:
    version, words, gauss = states["python"]
    return version, tuple(words), gauss


@contextmanager
def kept(variables: Iterable[Any]) -> Iterator[None]:
    """Restores the variables' values, bit by bit, when the block ends."""
    values = [(variable, as_array(variable)) for variable in variables]
    try:
        yield
    finally:
        for variable, value in values:
            variable.assign(value)


@contextmanager
def unchanged(variables: Iterable[Any]) -> Iterator[None]:
    """Restores variables and the global random generators when the block ends."""
    randoms = read_random()
    try:
        with kept(variables):
            yield
    finally:
        write_random(randoms)


def all_finite(state: dict[str, Array]) -> bool:
    """Whether no array holds NaN or infinity."""
    return all(np.isfinite(array).all() for array in state.values())


def as_array(variable: Any) -> Array:
    """Returns a copy of a variable's value; bfloat16 as float32."""
    array = np.array(keras.ops.convert_to_numpy(variable), copy=True)
    # NumPy has no bfloat16; float32 holds its values exactly.
    return array.astype("float32") if array.dtype.kind == "V" else array

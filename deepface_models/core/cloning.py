"""Has `keras.models.clone_model` return a model of the same class.

Keras rebuilds functional models layer by layer. It hands inputs and outputs to a
constructor of `(*args, **kwargs)` and makes a plain functional model otherwise, whose
loss, `fit` and people would be lost. So the outputs remember the model that they are
a clone's, and the constructor takes its arguments from there.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras

from deepface_models.core.whole import integers_of, whole_numbers

_SOURCE = "_deepface_models_source"


def constructor(init: Callable[..., None]) -> Callable[..., None]:
    """Returns a model's constructor that checks integers and knows clones."""
    checked = whole_numbers(**integers_of(init))(init)

    # Without __wrapped__: Keras looks at the parameters of this one.
    @functools.wraps(init, assigned=("__module__", "__qualname__", "__doc__"))
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        source = _source(args)
        if source is None:
            checked(self, *args, **kwargs)
        else:
            self._build_as(source.get_config())

    del __init__.__wrapped__
    __init__.whole = checked.whole  # type: ignore[attr-defined]
    return __init__


class ConstructorSignature:
    """What `help` and `inspect.signature` show of a class, not of its instances.

    Args:
        init: The constructor as it was written.
    """

    def __init__(self, init: Callable[..., None]) -> None:
        signature = inspect.signature(init)
        _, *own = signature.parameters.values()
        self.signature = signature.replace(parameters=own)

    def __get__(self, instance: Any, owner: type) -> inspect.Signature:
        """Returns it, where a class is asked."""
        if instance is not None:
            raise AttributeError("__signature__")
        return self.signature


def run_through_graph(
    model: Any, run: Callable[..., Any], inputs: Any, operation: Any, **kwargs: Any
) -> Any:
    """Runs a graph as `run` does; outputs of a clone remember `model`.

    Raises:
        ValueError: Other layers than the model's own were to be put into a clone.
    """
    cloned: list[Any] = []

    def noted(layer: Any) -> Any:
        made = operation(layer)
        if made is not layer and isinstance(made, keras.Layer):
            _check_same(model, layer, made)
            cloned.append(made)
        return made

    outputs = run(inputs, operation_fn=noted, **kwargs)
    if cloned:
        for tensor in keras.tree.flatten(outputs):
            setattr(tensor, _SOURCE, model)
    return outputs


def _source(args: tuple[Any, ...]) -> Any:
    """Returns the model that inputs and outputs were cloned from, or None."""
    if len(args) != 2:
        return None
    try:
        leaves = keras.tree.flatten(args[1])
    except (TypeError, ValueError):
        return None
    found = [getattr(leaf, _SOURCE, None) for leaf in leaves]
    return found[0] if found else None


def _check_same(model: Any, layer: Any, made: Any) -> None:
    if _kinds(made) != _kinds(layer):
        raise ValueError(
            f"clone_model was given a clone_function that changes the layer "
            f"{layer.name!r} of a {type(model).__name__}. Expected a copy, as a "
            "model of this package is built from its constructor's arguments. "
            "Leave clone_function out, or build a model with other arguments."
        )


def _kinds(layer: Any) -> Any:
    """Returns the classes of layers; those of a network are named by counting."""
    inner = getattr(layer, "layers", None)
    if inner is None:
        return type(layer), layer.get_config()
    return type(layer), [type(one) for one in inner]

"""Makes `keras.models.clone_model` return a model of the same class.

Keras rebuilds functional models layer by layer and passes inputs and outputs to the
constructor if its signature is `(*args, **kwargs)`; otherwise the clone is a plain
functional model without the class's methods. Here the outputs carry a reference to the
original model, and the constructor takes its arguments from that model's config.
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
    """Returns a model's constructor that checks integers and accepts clones."""
    checked = whole_numbers(**integers_of(init))(init)

    # Without __wrapped__, because Keras inspects this function's parameters.
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
    """The constructor's signature for `help` and `inspect.signature` of a class.

    Args:
        init: The original constructor.
    """

    def __init__(self, init: Callable[..., None]) -> None:
        signature = inspect.signature(init)
        _, *own = signature.parameters.values()
        self.signature = signature.replace(parameters=own)

    def __get__(self, instance: Any, owner: type) -> inspect.Signature:
        """Returns the signature for the class; instances do not have it."""
        if instance is not None:
            raise AttributeError("__signature__")
        return self.signature


def run_through_graph(
    model: Any, run: Callable[..., Any], inputs: Any, operation: Any, **kwargs: Any
) -> Any:
    """Runs a graph like `run`; outputs of a clone get a reference to `model`.

    Raises:
        ValueError: The clone would have other layers than the model.
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
    """Returns the original model of a clone's inputs and outputs, or None."""
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
            f"A clone_function that changes the layer {layer.name!r} of a "
            f"{type(model).__name__} was given. Expected copies of the layers, because "
            "the clone is built from the constructor's arguments. Leave out "
            "clone_function, or build a model with other arguments."
        )


def _kinds(layer: Any) -> Any:
    """Returns class and config of a layer, or the classes of a network's layers."""
    inner = getattr(layer, "layers", None)
    if inner is None:
        return type(layer), layer.get_config()
    return type(layer), [type(one) for one in inner]

"""Observes the output of each layer of a model, in the order of the calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

See = Callable[[Any, Any], None]


@contextmanager
def watched(model: keras.Model, see: See) -> Iterator[None]:
    """Calls `see(layer, outputs)` after each layer and operation of a model.

    Inner models are replaced by their layers. A layer that contains layers follows
    them. A compiled step is observed only while it is traced.

    Args:
        model: A built model.
        see: Function of a layer and the outputs of its `call`.
    """
    operations = inside(model)
    kept = [operation.__dict__.get("call") for operation in operations]
    for operation in operations:
        # Keras' setattr() would track it.
        object.__setattr__(operation, "call", _reporting(operation, see))
    try:
        yield
    finally:
        for operation, call in zip(operations, kept, strict=True):
            if call is None:
                object.__delattr__(operation, "call")
            else:
                object.__setattr__(operation, "call", call)


def inside(model: keras.Model) -> list[Any]:
    """Returns a model's layers and operations at any depth, but no models."""
    found: dict[int, Any] = {}
    models = [model]
    models += [n for n in model._flatten_layers() if isinstance(n, keras.Model)]
    for network in models:
        for operation in (
            *network._flatten_layers(include_self=False),
            *getattr(network, "operations", ()),
        ):
            if not isinstance(operation, (keras.Model, keras.layers.InputLayer)):
                found[id(operation)] = operation
    return list(found.values())


def tensors(outputs: Any) -> list[Any]:
    """Returns the tensors in a layer's outputs."""
    flat = keras.tree.flatten(outputs)
    return [one for one in flat if hasattr(one, "shape") and hasattr(one, "dtype")]


def _reporting(operation: Any, see: See) -> Callable[..., Any]:
    call = operation.call

    def reporting(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        see(operation, outputs)
        return outputs

    return reporting

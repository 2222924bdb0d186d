"""Seeing what each layer of a model returns, in the order of the calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

See = Callable[[Any, Any], None]


@contextmanager
def watched(model: keras.Model, see: See) -> Iterator[None]:
    """Calls `see(layer, outputs)` after each layer and operation inside a model.

    Models inside are passed through to their layers; a layer made of layers comes
    after them. Within a compiled step nothing is seen once it is traced.

    Args:
        model: A model that is built.
        see: Takes a layer and what its `call` returned.
    """
    operations = inside(model)
    kept = [operation.__dict__.get("call") for operation in operations]
    for operation in operations:
        # Not setattr(), by which Keras would track it.
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
    """Returns the tensors in what a layer returned."""
    flat = keras.tree.flatten(outputs)
    return [one for one in flat if hasattr(one, "shape") and hasattr(one, "dtype")]


def _reporting(operation: Any, see: See) -> Callable[..., Any]:
    call = operation.call

    def reporting(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        see(operation, outputs)
        return outputs

    return reporting

"""Weights of examples, in the shape that a loss's values have."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def fitting(loss: Any, target: Any, drawn: Any, weight: Any) -> Any:
    """Returns weights (B,) with as many axes as the values of a loss.

    Keras' own losses give images a value for each pixel, and Keras multiplies
    those by weights that have one axis too few by chance or not at all.

    Args:
        loss: As given to `compile`.
        target: (B, ...).
        drawn: (B, ...).
        weight: (B,); None and other shapes come back as they are.
    """
    if weight is None or len(weight.shape) != 1 or not (loss and _is_loss(loss)):
        return weight
    found = keras.losses.get(loss)
    values = getattr(found, "call", found)(target, drawn)
    return ops.reshape(weight, (-1, *[1] * (len(values.shape) - 1)))


def weights_for_each(loss: Any, targets: Any, drawn: Any, weight: Any) -> Any:
    """Returns the weights of each person's examples; one array counts for all.

    Args:
        loss: As given to `compile`, one or a dictionary.
        targets: By person.
        drawn: By person.
        weight: (B,), or a dictionary of them.
    """
    if weight is None or not isinstance(targets, dict):
        return weight
    each = weight if isinstance(weight, dict) else dict.fromkeys(targets, weight)
    losses = loss if isinstance(loss, dict) else dict.fromkeys(targets, loss)
    return {
        name: fitting(losses.get(name), targets[name], drawn[name], each.get(name))
        for name in targets
    }


def refuse_classes(class_weight: Any, name: str) -> None:
    """Refuses weights of classes: targets are images.

    Raises:
        ValueError: Some were given.
    """
    if class_weight is not None:
        raise ValueError(
            f"class_weight={class_weight!r} was given to {name}. Expected none, as its "
            "targets are images and no classes. Give each example its weight: "
            "sample_weight=weights[labels]."
        )


def _is_loss(loss: Any) -> bool:
    return isinstance(loss, str) or callable(loss)

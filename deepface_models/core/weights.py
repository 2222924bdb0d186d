"""Sample weights of face swaps and autoencoders."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def fitting(loss: Any, target: Any, output: Any, weight: Any) -> Any:
    """Returns weights (B,) with as many axes as the values of a loss.

    Keras' losses of images have a value for each pixel, which Keras would broadcast
    with weights of one axis wrongly or not at all.

    Args:
        loss: The loss, as in `compile`.
        target: (B, ...).
        output: (B, ...).
        weight: (B,); None and other shapes are returned unchanged.
    """
    if weight is None or len(weight.shape) != 1 or not (loss and _is_loss(loss)):
        return weight
    found = keras.losses.get(loss)
    values = getattr(found, "call", found)(target, output)
    return ops.reshape(weight, (-1, *[1] * (len(values.shape) - 1)))


def weights_for_each(loss: Any, targets: Any, outputs: Any, weight: Any) -> Any:
    """Returns the sample weights of each person.

    Args:
        loss: The loss or a dictionary of them, as in `compile`.
        targets: Targets by person.
        outputs: The model's outputs by person.
        weight: (B,) for all people, or a dictionary by person.
    """
    if weight is None or not isinstance(targets, dict):
        return weight
    each = weight if isinstance(weight, dict) else dict.fromkeys(targets, weight)
    losses = loss if isinstance(loss, dict) else dict.fromkeys(targets, loss)
    return {
        name: fitting(losses.get(name), targets[name], outputs[name], each.get(name))
        for name in targets
    }


def refuse_classes(class_weight: Any, name: str) -> None:
    """Rejects class weights, because targets are images.

    Raises:
        ValueError: Class weights were given.
    """
    if class_weight is not None:
        raise ValueError(
            f"class_weight={class_weight!r} was given to {name}. Expected None, "
            "because targets are images and not classes. Use "
            "sample_weight=weights[labels]."
        )


def _is_loss(loss: Any) -> bool:
    return isinstance(loss, str) or callable(loss)

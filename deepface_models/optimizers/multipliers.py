"""Learning-rate multipliers for the parts of a model."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from deepface_models.core.lr_multipliers import LearningRateMultipliers, mark_group
from deepface_models.core.model import PartModel
from deepface_models.optimizers.optimizers import SGD, AdaBelief, Adam, AdamW, RMSprop


def with_lr_multipliers(
    optimizer: keras.optimizers.Optimizer,
    model: PartModel,
    lr_multipliers: Mapping[str, float],
) -> keras.optimizers.Optimizer:
    """Returns a copy of an optimizer with learning-rate multipliers for parts.

    Args:
        optimizer: An optimizer of this module, or Keras' of the same name.
        model: The model that will be compiled with it.
        lr_multipliers: For each such part of the model, the factor on the optimizer's
            learning rate: `{"encoder": 0.1}`.

    Returns:
        A new optimizer without training state; compile the model with it.

    Raises:
        ValueError: The model has no such part, a multiplier is not above 0, or the
            optimizer is of a class that does not support multipliers.

    Example:
        >>> optimizer = with_lr_multipliers(Adam(1e-3), model, {"encoder": 0.1})
        >>> model.compile(optimizer)
    """
    name = type(optimizer).__name__
    ours = {kind.__name__: kind for kind in (AdaBelief, Adam, AdamW, RMSprop, SGD)}
    kind = (
        type(optimizer)
        if isinstance(optimizer, LearningRateMultipliers)
        else ours.get(name)
    )
    theirs = getattr(keras.optimizers, name, LearningRateMultipliers)
    if kind is None or not isinstance(optimizer, theirs | LearningRateMultipliers):
        raise ValueError(
            f"The optimizer {name} was given. Expected one of {', '.join(ours)} for "
            f"learning-rate multipliers of {', '.join(lr_multipliers)}. Use "
            "deepface_models.optimizers.Adam(1e-4)."
        )
    config = {**optimizer.get_config(), "lr_multipliers": dict(lr_multipliers)}
    multiplied = kind.from_config(config)
    for part in lr_multipliers:
        mark_group(model._part(part).variables, part)
    return multiplied

"""A sum of losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
class WeightedLoss(keras.losses.Loss):
    """Weighted sum of several losses.

        model.compile(loss=WeightedLoss({MAELoss(): 1.0, SSIMLoss(): 0.5}))

    Only the reduction of this loss is used, not those of its parts.

    Args:
        losses: Each loss with its weight.
        name: The loss's name.
        reduction: As in `keras.losses.Loss`.

    Raises:
        TypeError: A key is not a `keras.losses.Loss`.
        ValueError: There are no losses.

    Example:
        >>> from deepface_models.losses import MAELoss, SSIMLoss
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = WeightedLoss({SSIMLoss(): 1.0, MAELoss(): 0.5})
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    def __init__(
        self,
        losses: Mapping[keras.losses.Loss, float],
        name: str = "weighted_loss",
        reduction: str = "sum_over_batch_size",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        if not losses:
            raise ValueError(
                f"losses={losses!r} was given. Expected one loss or more, each with "
                "its weight. Use losses={MAELoss(): 1.0}."
            )
        for loss in losses:
            if not isinstance(loss, keras.losses.Loss):
                raise TypeError(
                    f"{loss!r} was given as a loss. Expected a keras.losses.Loss as "
                    "each key. Use losses={MAELoss(): 1.0, SSIMLoss(): 0.5}."
                )
        self.losses = dict(losses)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        total = 0.0
        for loss, weight in self.losses.items():
            value = loss.call(y_true, y_pred)
            value = ops.mean(ops.reshape(value, (ops.shape(value)[0], -1)), axis=1)
            total = total + weight * value
        return total

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, the losses as pairs."""
        pairs = [
            [keras.losses.serialize(loss), weight]
            for loss, weight in self.losses.items()
        ]
        return {**super().get_config(), "losses": pairs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WeightedLoss:
        """Builds the loss from a config, whose losses are pairs."""
        losses = {keras.losses.deserialize(c): w for c, w in config["losses"]}
        return cls(**{**config, "losses": losses})

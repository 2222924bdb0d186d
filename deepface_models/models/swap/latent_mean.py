"""Means of people's latents, and the layer that shifts latents between them."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE

_STEPS = 100.0  # batches that the moving mean covers


@keras.saving.register_keras_serializable(PACKAGE)
class LatentMean(keras.layers.Layer):
    """Returns latents (B, L) unchanged and tracks their moving mean while training.

    The latents of two people differ not only by expression but also by a constant,
    because of light, skin and shape. A decoder is trained on its own person's latents
    only, so another person's are best shifted from their mean to that person's.
    """

    def build(self, input_shape: Any) -> None:
        """Creates the mean and the number of batches seen."""
        own = {"initializer": "zeros", "trainable": False, "autocast": False}
        self.mean = self.add_weight(
            shape=(input_shape[-1],),
            dtype="float32",
            name="mean",
            aggregation="mean",
            **own,
        )
        self.seen = self.add_weight(
            shape=(), dtype="float32", name="seen", aggregation="mean", **own
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Returns `inputs`; updates the mean while training."""
        if training and self.trainable:
            seen = ops.minimum(self.seen + 1.0, _STEPS)
            latents = ops.cast(ops.stop_gradient(inputs), "float32")
            step = (ops.mean(latents, axis=0) - self.mean) / seen
            self.mean.assign(self.mean + step)
            self.seen.assign(seen)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the input shape."""
        return input_shape


class ShiftLatents(keras.layers.Layer):
    """Shifts latents from one person's mean to another's, if both means are known.

    Args:
        target: The mean to shift to.
        source: The mean to shift from; None if it is passed to `call`.
    """

    def __init__(self, target: LatentMean, source: LatentMean | None = None) -> None:
        super().__init__(dtype="float32")  # half precision would round the means
        self.target = target
        self.source = source

    def call(self, inputs: Any, mean: Any = None) -> Any:
        """Adds the difference of the means to latents (B, L); `mean` is (B, L)."""
        known = ops.minimum(self.target.seen, 1.0)
        if self.source is not None:
            mean, known = self.source.mean, ops.minimum(known, self.source.seen)
        return inputs + known * (self.target.mean - mean)

    def compute_output_shape(self, inputs_shape: Any, mean_shape: Any = None) -> Any:
        """Returns the shape of the latents."""
        return inputs_shape

"""Where a person's latents lie, so that others' can be moved there."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE

_STEPS = 100.0  # batches that a running mean looks back


@keras.saving.register_keras_serializable(PACKAGE)
class LatentMean(keras.layers.Layer):
    """Passes latents on, (B, L) -> (B, L), and learns their running mean.

    Two people's latents differ by more than expression: light, skin and shape leave
    a constant in them. A decoder has seen its own person's only, so those of another
    are best moved from the other's mean to its own.
    """

    def build(self, input_shape: Any) -> None:
        """Makes the mean and the count of batches it has seen."""
        own = {"initializer": "zeros", "trainable": False, "autocast": False}
        self.mean = self.add_weight(
            shape=(input_shape[-1],), dtype="float32", name="mean", **own
        )
        self.seen = self.add_weight(shape=(), dtype="float32", name="seen", **own)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Returns `inputs`; the mean follows them while training."""
        if training and self.trainable:
            seen = ops.minimum(self.seen + 1.0, _STEPS)
            latents = ops.cast(ops.stop_gradient(inputs), "float32")
            step = (ops.mean(latents, axis=0) - self.mean) / seen
            self.mean.assign(self.mean + step)
            self.seen.assign(seen)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape that came in."""
        return input_shape


class ShiftLatents(keras.layers.Layer):
    """Moves latents from one person's mean to another's, once both are known.

    Args:
        target: Where they go.
        source: Where they come from; None where the mean comes with the latents.
    """

    def __init__(self, target: LatentMean, source: LatentMean | None = None) -> None:
        super().__init__(dtype="float32")  # half of it would round the means
        self.target = target
        self.source = source

    def call(self, inputs: Any, mean: Any = None) -> Any:
        """Adds the difference of the means to (B, L); `mean` is (B, L) too."""
        known = ops.minimum(self.target.seen, 1.0)
        if self.source is not None:
            mean, known = self.source.mean, ops.minimum(known, self.source.seen)
        return inputs + known * (self.target.mean - mean)

    def compute_output_shape(self, inputs_shape: Any, mean_shape: Any = None) -> Any:
        """Returns the shape of the latents."""
        return inputs_shape

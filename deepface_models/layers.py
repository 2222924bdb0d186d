"""Small registered layers that Keras does not have."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

PACKAGE = "deepface_models"


@keras.saving.register_keras_serializable(PACKAGE)
class PixelShuffle(keras.layers.Layer):
    """Trades channels for resolution: (B, H, W, r*r*C) -> (B, H*r, W*r, C).

    Reference: Shi et al., "Real-Time Single Image and Video Super-Resolution Using
    an Efficient Sub-Pixel Convolutional Neural Network", 2016.

    Args:
        factor: Upscaling factor r.
    """

    def __init__(self, factor: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        """Rearranges `inputs`; adds no weights."""
        _, height, width, channels = inputs.shape
        factor = self.factor
        depth = channels // factor**2
        x = ops.reshape(inputs, (-1, height, width, factor, factor, depth))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (-1, height * factor, width * factor, depth))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape after the shuffle."""
        batch, height, width, channels = input_shape
        factor = self.factor
        return batch, height * factor, width * factor, channels // factor**2

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable(PACKAGE)
class ConstantVector(keras.layers.Layer):
    """A learned vector that is the same for every picture: (B, ...) -> (B, units).

    It lets a person's own part steer a decoder trunk that people share.

    Args:
        units: Length of the vector.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        """Creates the vector, zero at first (no modulation)."""
        self.vector = self.add_weight(
            shape=(1, self.units), initializer="zeros", name="vector"
        )

    def call(self, inputs: Any) -> Any:
        """Repeats the vector once for each row of `inputs`."""
        return ops.repeat(self.vector, ops.shape(inputs)[0], axis=0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns (batch, units)."""
        return input_shape[0], self.units

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(PACKAGE)
class Modulate(keras.layers.Layer):
    """Scales and shifts feature maps by a vector: maps * (1 + scale) + shift.

    Reference: Perez et al., "FiLM: Visual Reasoning with a General Conditioning
    Layer", 2018. Inputs are maps (B, H, W, C) and a vector (B, 2*C).
    """

    def call(self, inputs: Any) -> Any:
        """Applies the vector's first half as scale, its second half as shift."""
        maps, vector = inputs
        channels = maps.shape[-1]
        vector = ops.reshape(vector, (-1, 1, 1, 2 * channels))
        return maps * (1.0 + vector[..., :channels]) + vector[..., channels:]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the maps."""
        return input_shape[0]

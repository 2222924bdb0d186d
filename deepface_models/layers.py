"""Layers that Keras does not have; all are registered for saving."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_number


@keras.saving.register_keras_serializable(PACKAGE)
class PixelShuffle(keras.layers.Layer):
    """Rearranges channels into space: (B, H, W, r*r*C) -> (B, H*r, W*r, C).

    Reference: Shi et al., "Real-Time Single Image and Video Super-Resolution Using
    an Efficient Sub-Pixel Convolutional Neural Network", 2016.

    Args:
        factor: Upscaling factor r.
    """

    def __init__(self, factor: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = whole_number("factor", factor)

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
    """A learned vector that does not depend on the input: (B, ...) -> (B, units).

    In a person's own part it conditions the shared decoder.

    Args:
        units: Length of the vector.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = whole_number("units", units)

    def build(self, input_shape: Any) -> None:
        """Creates the vector, initialized to zeros."""
        self.vector = self.add_weight(
            shape=(1, self.units), initializer="zeros", name="vector"
        )

    def call(self, inputs: Any) -> Any:
        """Returns the vector for each example of `inputs`."""
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

    Inputs are maps (B, H, W, C) and a vector (B, 2*C) of scales and shifts.

    Reference: Perez et al., "FiLM: Visual Reasoning with a General Conditioning
    Layer", 2018.
    """

    def call(self, inputs: Any) -> Any:
        """Returns the modulated maps, of the shape of the maps."""
        maps, vector = inputs
        channels = maps.shape[-1]
        vector = ops.reshape(vector, (-1, 1, 1, 2 * channels))
        return maps * (1.0 + vector[..., :channels]) + vector[..., channels:]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the maps."""
        return input_shape[0]


@keras.saving.register_keras_serializable(PACKAGE)
class SelfAttention2D(keras.layers.Layer):
    """Self-attention over all pixels with a residual connection, on (B, H, W, C).

    The output is x + gain * softmax(queries keys^T) values, where queries, keys and
    values are 1 x 1 convolutions of x and the learned gain is initialized to zero.
    Time and memory are proportional to (H * W)^2.

    Reference: Zhang et al., "Self-Attention Generative Adversarial Networks", 2019.

    Args:
        squeeze: Queries and keys have C / squeeze channels, at least one.
        kernel_regularizer: Regularizer of the three convolutions, as in Keras.
    """

    def __init__(
        self, squeeze: int = 8, kernel_regularizer: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.squeeze = whole_number("squeeze", squeeze)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: Any) -> None:
        """Creates queries, keys, values and the gain."""
        channels = input_shape[-1]
        narrow = max(1, channels // self.squeeze)
        self.queries, self.keys, self.values = (
            keras.layers.Dense(
                units,
                kernel_regularizer=self.kernel_regularizer,
                dtype=self.dtype_policy,
            )
            for units in (narrow, narrow, channels)
        )
        for dense in (self.queries, self.keys, self.values):
            dense.build(input_shape)
        self.gain = self.add_weight(shape=(1,), initializer="zeros", name="gain")

    def call(self, inputs: Any) -> Any:
        """Returns the shape of `inputs`; attention is computed in float32."""
        _, height, width, channels = inputs.shape
        pixels = ops.reshape(inputs, (-1, height * width, channels))
        queries, keys = (
            ops.cast(dense(pixels), "float32") for dense in (self.queries, self.keys)
        )
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        values = self.values(pixels)
        shares = ops.cast(ops.softmax(scores, axis=-1), values.dtype)
        found = ops.reshape(ops.matmul(shares, values), (-1, height, width, channels))
        return inputs + self.gain * found

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        regularizer = keras.regularizers.serialize(self.kernel_regularizer)
        own = {"squeeze": self.squeeze, "kernel_regularizer": regularizer}
        return {**super().get_config(), **own}

"""An autoencoder with several dense layers in encoder and decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.core.inputs import precision
from deepface_models.models.autoencoders.base import (
    Autoencoder,
    check_shape,
    check_widths,
    size_of,
)
from deepface_models.models.registry import register_architecture


@register_architecture(
    "deep_autoencoder", smallest={"image_shape": (6, 5, 1), "widths": (9, 7)}
)
class DeepAutoencoder(Autoencoder):
    """An autoencoder of several dense layers; the decoder mirrors the encoder.

    784-128-64-32-64-128-784 for digits of 28 x 28 pixels: 222,384 parameters.
    `compile()` uses Adam with a learning rate of 1e-3 and binary cross-entropy.

    Reference: F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        image_shape: Shape of one example without the batch axis, or a number of
            features.
        widths: Units of the encoder's layers; the last is the size of the code.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: `widths` or `image_shape` are not whole numbers of 1 or more.

    Example:
        >>> model = DeepAutoencoder(image_shape=(64, 64, 3), widths=(512, 128))
        >>> model.compile()
        >>> model.encoder.output.shape
        (None, 128)
    """

    _arguments = ("image_shape", "widths")

    def __init__(
        self,
        image_shape: int | Sequence[int] = (28, 28, 1),
        widths: Sequence[int] = (128, 64, 32),
        **kwargs: Any,
    ) -> None:
        shape = check_shape(image_shape)
        widths = check_widths(widths)
        with precision(kwargs.get("dtype")):
            image = keras.Input(shape)
            x = layers.Flatten()(image)
            for width in widths:
                x = layers.Dense(width, activation="relu")(x)
            encoder = keras.Model(image, x, name="encoder")
            latent = x = keras.Input(widths[-1:])
            for width in widths[-2::-1]:
                x = layers.Dense(width, activation="relu")(x)
            x = layers.Dense(size_of(shape))(x)
            x = layers.Reshape(shape)(x)
            # Last, so that TensorFlow computes cross-entropy from the logits.
            x = layers.Activation("sigmoid", dtype="float32")(x)
            decoder = keras.Model(latent, x, name="decoder")
            super().__init__(encoder=encoder, decoder=decoder, **kwargs)
        self.image_shape = shape
        self.widths = widths

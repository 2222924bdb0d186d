"""The simplest autoencoder: one dense layer in encoder and decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.core.inputs import precision
from deepface_models.models.autoencoders.base import (
    Autoencoder,
    check_shape,
    check_size,
    size_of,
)
from deepface_models.models.registry import register_architecture


@register_architecture(
    "dense_autoencoder", smallest={"image_shape": (6, 5, 1), "latent_size": 7}
)
class DenseAutoencoder(Autoencoder):
    """Compresses each example to `latent_size` numbers by a single dense layer.

    784-32-784 for digits of 28 x 28 pixels: 50,992 parameters. `compile()` uses Adam
    with a learning rate of 1e-3 and binary cross-entropy.

    Reference: F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        image_shape: Shape of one example without the batch axis, or a number of
            features.
        latent_size: Dimensions of the code.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Example:
        >>> model = DenseAutoencoder(image_shape=(28, 28, 1))
        >>> model.compile()
        >>> model.count_params()
        50992
    """

    _arguments = ("image_shape", "latent_size")

    def __init__(
        self,
        image_shape: int | Sequence[int] = (28, 28, 1),
        latent_size: int = 32,
        **kwargs: Any,
    ) -> None:
        shape = check_shape(image_shape)
        latent_size = check_size(latent_size)
        with precision(kwargs.get("dtype")):
            image = keras.Input(shape)
            x = layers.Flatten()(image)
            x = layers.Dense(latent_size, activation="relu")(x)
            encoder = keras.Model(image, x, name="encoder")
            latent = keras.Input((latent_size,))
            x = layers.Dense(size_of(shape))(latent)
            x = layers.Reshape(shape)(x)
            # Last, so that TensorFlow computes cross-entropy from the logits.
            x = layers.Activation("sigmoid", dtype="float32")(x)
            decoder = keras.Model(latent, x, name="decoder")
            super().__init__(encoder=encoder, decoder=decoder, **kwargs)
        self.image_shape = shape
        self.latent_size = latent_size

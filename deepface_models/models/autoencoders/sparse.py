"""A dense autoencoder with an L1 penalty on its code."""

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
    "sparse_autoencoder",
    smallest={"image_shape": (6, 5, 1), "latent_size": 7, "activity": 0.01},
)
class SparseAutoencoder(Autoencoder):
    """A dense autoencoder with an L1 penalty that makes its code sparse.

    784-32-784 for digits of 28 x 28 pixels: 50,992 parameters, as many as
    `DenseAutoencoder`. The loss that Keras shows is

        binary cross-entropy, mean over an example's values
        + activity * sum of the absolute values of its code,

    both averaged over the batch: Keras 3 divides activity penalties by the batch
    size, so `activity` does not depend on it. The penalty is a sum over the code, but
    the cross-entropy a mean over the image, so their ratio depends on `latent_size`.
    `evaluate` includes the penalty, so compare sparse and dense models by a metric,
    such as `compile(metrics=["mse"])`, not by their losses.

    Reference: F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        image_shape: Shape of one example without the batch axis, or a number of
            features.
        latent_size: Dimensions of the code.
        activity: Weight of the penalty, 0 or more; published as 10e-5. If it is too
            large, all codes become zero; check the mean of `encode(x)`.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: `activity` is negative, or `image_shape` is not a shape.

    Example:
        >>> model = SparseAutoencoder(image_shape=(28, 28, 1), activity=1e-4)
        >>> model.compile()
        >>> model.count_params()
        50992
    """

    _arguments = ("image_shape", "latent_size", "activity")

    def __init__(
        self,
        image_shape: int | Sequence[int] = (28, 28, 1),
        latent_size: int = 32,
        activity: float = 1e-4,
        **kwargs: Any,
    ) -> None:
        shape = check_shape(image_shape)
        latent_size = check_size(latent_size)
        if not activity >= 0:
            raise ValueError(
                f"activity={activity!r} was given. Expected the weight of a penalty, 0 "
                "or more. Use activity=1e-4, or 0 for none."
            )
        with precision(kwargs.get("dtype")):
            image = keras.Input(shape)
            x = layers.Flatten()(image)
            x = layers.Dense(latent_size, activation="relu")(x)
            # A separate layer in float32: in float16 the batch's sum would overflow.
            x = layers.ActivityRegularization(l1=activity, dtype="float32")(x)
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
        self.activity = activity

"""An autoencoder of convolutions, for images of any size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from deepface_models.core.arrays import images_of
from deepface_models.core.components import directions
from deepface_models.core.inputs import (
    precision,
)
from deepface_models.core.predict import predict
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import (
    Autoencoder,
    check_images,
    check_size,
    check_widths,
)
from deepface_models.models.registry import register_architecture

# Most images for principal components, and most values of their maps (half a GB).
_MOST, _MOST_VALUES = 4096, 2**26
# Activations that pass positive values through.
_PASSING = ("linear", "relu", "leaky_relu", "elu")


@register_architecture(
    "convolutional_autoencoder",
    smallest={
        "image_shape": (10, 12, 3),
        "widths": (5, 3),
        "activation": "leaky_relu",
        "latent_size": 6,
    },
)
class ConvolutionalAutoencoder(Autoencoder):
    """An autoencoder of convolutions with pooling and upsampling.

    The published network for digits of 28 x 28 pixels has 3 x 3 convolutions with 16,
    8 and 8 filters, each followed by max pooling, and a code of 4 x 4 x 8; then 8, 8
    and 16 filters, each followed by upsampling, and a last convolution: 4,385
    parameters. Its code has 128 values, four times as many as that of
    `DenseAutoencoder`; keep that in mind when comparing their losses. `compile()` uses
    Adam with a learning rate of 1e-3 and binary cross-entropy.

    Each width halves the size once: the code of a 128 x 128 image is 16 x 16 x 8 by
    default, and more widths make it smaller. Images may have any size; see
    `image_decoder`.

    Reference: F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        image_shape: (height, width, channels) or (height, width).
        widths: Filters of the encoder's convolutions; the decoder has the reverse.
        activation: Activation of the hidden layers and of the code, by its Keras name.
            With "relu", as published, channels of the code can die; "leaky_relu"
            avoids that.
        latent_size: Size of a code that is a vector, with a dense layer before and
            after it. All positions of an image share it, so it describes more with the
            same number of values. With None the maps are the code.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: `image_shape` is not an image's, `widths` are not whole numbers of
            1 or more, `latent_size` is below 1, or Keras has no such activation.

    Example:
        >>> model = ConvolutionalAutoencoder(image_shape=(28, 28, 1))
        >>> model.compile()
        >>> model.count_params()
        4385
    """

    _arguments = ("image_shape", "widths", "activation", "latent_size")

    def __init__(
        self,
        image_shape: Sequence[int] = (28, 28, 1),
        widths: Sequence[int] = (16, 8, 8),
        activation: str = "relu",
        latent_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        shape = check_images(image_shape)
        widths = check_widths(widths)
        with precision(kwargs.get("dtype")):
            encoder = image_encoder(shape, widths, activation)
            decoder = image_decoder(shape, widths, activation)
            if latent_size is not None:
                latent_size = check_size(latent_size)
                encoder, decoder = _with_vector(
                    encoder, decoder, latent_size, activation
                )
            super().__init__(encoder=encoder, decoder=decoder, **kwargs)
        self.image_shape = shape
        self.widths = widths
        self.activation = activation
        self.latent_size = latent_size

    @whole_numbers(batch_size=1)
    def adapt(self, images: Any, batch_size: int = 32) -> None:
        """Initializes a code that is a vector from principal components, before `fit`.

        The code becomes the principal components of the maps of the randomly
        initialized convolutions, scaled to a mean square of 1, and the decoder's first
        layer reconstructs the maps from it. Dimensions beyond the rank of the data
        keep their random weights. Training is then much shorter. A trained model is
        rejected, because it would lose its weights.

        Args:
            images: As in `fit`, but not a data set. Of more than 4,096 images, or
                fewer if maps are large, evenly spaced ones are used.
            batch_size: Examples per batch.

        Raises:
            ValueError: The model has no `latent_size`, is trained already, or its
                activation does not pass positive values through; or the images do not
                fit.
        """
        last, back = self._fresh_code()
        maps = keras.Model(self.encoder.input, last.input)
        most = min(_MOST, max(2, _MOST_VALUES // last.input.shape[-1]))
        images = images_of(images)
        batch, _ = self._batch(images[:: max(1, -(-len(images) // most))])
        _start_code(last, back, np.asarray(predict(maps, batch, batch_size), "float64"))

    def _fresh_code(self) -> tuple[layers.Dense, layers.Dense]:
        """Returns the layers before and after the code, if `adapt` may run."""
        if self.latent_size is None:
            raise ValueError(
                f"A model with latent_size=None was given ({self.name}). Expected a "
                "code that is a vector. Build it with latent_size, such as 256."
            )
        if self.activation not in _PASSING:
            raise ValueError(
                f"A model with activation={self.activation!r} was given ({self.name}). "
                "Expected one that passes positive values through. Use one of "
                f"{', '.join(_PASSING)}."
            )
        last, back = self.encoder.get_layer("code"), self.decoder.get_layer("maps")
        if any(np.any(one.get_weights()[1]) for one in (last, back)):  # fresh: zero
            raise ValueError(
                f"A trained or adapted model was given ({self.name}), whose weights "
                "adapt would overwrite. Expected a new model. Call fit to train this "
                "one further."
            )
        return last, back


def image_encoder(
    shape: Sequence[int], widths: Sequence[int], activation: str = "relu"
) -> keras.Model:
    """Returns a model of (B, *shape) -> (B, rows, columns, widths[-1]).

    Each width is a 3 x 3 convolution with the activation and a 2 x 2 max pooling, in
    which odd sizes are rounded up.
    """
    image = x = keras.Input(shape)
    for width in widths:
        x = layers.Conv2D(width, 3, padding="same", activation=activation)(x)
        x = layers.MaxPooling2D(2, padding="same")(x)
    return keras.Model(image, x, name="encoder")


def image_decoder(
    shape: Sequence[int], widths: Sequence[int], activation: str = "relu"
) -> keras.Model:
    """Returns a model of `image_encoder`'s code -> (B, *shape) in [0, 1].

    Each width, in reverse order, is a 3 x 3 convolution with the activation and an
    upsampling. Because the encoder rounds odd sizes up, maps may become too large. If
    they are at least 2 too large in both directions, a convolution without padding
    removes 2 (as in the published decoder at 16 x 16). The rest is cropped from the
    output's lower and right edge, where the pooling had padded.
    """
    sizes = [tuple(shape[:2])]
    for _ in widths:
        rows, columns = sizes[-1]
        sizes.append((-(-rows // 2), -(-columns // 2)))
    code = x = keras.Input((*sizes[-1], widths[-1]))
    for width, size in zip(reversed(widths), reversed(sizes), strict=False):
        padding = _padding(x, size)
        x = layers.Conv2D(width, 3, padding=padding, activation=activation)(x)
        x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(shape[-1], 3, padding=_padding(x, sizes[0]))(x)
    rows, columns = _surplus(x, sizes[0])
    if rows or columns:
        x = layers.Cropping2D(((0, rows), (0, columns)))(x)
    x = layers.Activation("sigmoid", dtype="float32")(x)
    return keras.Model(code, x, name="decoder")


def _with_vector(
    encoder: keras.Model, decoder: keras.Model, numbers: int, activation: str
) -> tuple[keras.Model, keras.Model]:
    """Adds a dense layer after the encoder and one before the decoder."""
    maps = encoder.output.shape[1:]
    code = layers.Dense(numbers, name="code")(layers.Flatten()(encoder.output))
    vector = x = keras.Input((numbers,))
    x = layers.Dense(math.prod(maps), activation=activation, name="maps")(x)
    image = decoder(layers.Reshape(maps)(x))
    return (
        keras.Model(encoder.input, code, name="encoder"),
        keras.Model(vector, image, name="decoder"),
    )


def _start_code(code: layers.Dense, back: layers.Dense, values: Any) -> None:
    """Sets one layer to the projection on principal components, one to its inverse."""
    mean = values.mean(axis=0)
    components, spread = directions(values - mean, code.units)
    nonzero = components.any(axis=0)
    (forward, bias), (backward, _) = (layer.get_weights() for layer in (code, back))
    forward[:, nonzero] = components[:, nonzero] / max(spread, 1e-6)
    bias[nonzero] = -mean @ forward[:, nonzero]
    backward[nonzero] = components.T[nonzero] * spread
    code.set_weights([forward, bias])
    back.set_weights([backward, mean])


def _padding(maps: Any, size: Sequence[int]) -> str:
    return "valid" if min(_surplus(maps, size)) >= 2 else "same"


def _surplus(maps: Any, size: Sequence[int]) -> tuple[int, int]:
    return maps.shape[1] - size[0], maps.shape[2] - size[1]

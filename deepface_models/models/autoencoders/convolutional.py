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

# To find principal components: images, and values of their maps (half a GB).
_MOST, _MOST_VALUES = 4096, 2**26
# Activations of which a mean of maps comes out about as it went in.
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
    """Halves an image by convolutions and pooling, and doubles it back.

    The published layout for digits of 28 x 28 pixels: 3 x 3 convolutions of 16, 8
    and 8 maps, each with a pooling, to a code of 4 x 4 x 8; then 8, 8 and 16 maps,
    each with a doubling, and one more convolution: 4,385 parameters. Its code has
    128 numbers, four times that of `DenseAutoencoder`, so their losses are not to
    be compared without saying so. `compile()` gives Adam 1e-3 and binary
    cross-entropy.

    Each width halves once more: the code of a 128 x 128 image is 16 x 16 x 8 by
    default; more widths make it smaller. Any size will do, see `image_decoder`.

    Reference: F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        image_shape: (height, width, channels) or (height, width).
        widths: Maps of the encoder's convolutions; the decoder has them backwards.
        activation: Of the hidden layers and of the code, by its name in Keras. With
            "relu", as published, maps of the code can die, and those are lost to the
            code; "leaky_relu" keeps all of them.
        latent_size: Numbers of a code that is a vector, which a dense layer each way
            joins to the maps: all places of an image share it, so that it describes
            more with as many numbers. None leaves the maps as the code.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: `image_shape` is no image's, `widths` are no whole numbers of 1
            or more, `latent_size` is below 1, or Keras has no such activation.

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
        """Starts a code that is a vector from principal components, before `fit`.

        The encoder's fresh convolutions say much of an image already. The code
        becomes the directions in which their maps vary the most, with a mean square
        of 1, and the decoder's first layer takes it back to the maps. Numbers beyond
        what the images vary by stay as they are. Training is then much shorter. A
        model that has learned would forget it, and is refused.

        Args:
            images: As in `fit`, but no data set; of more than 4,096, or fewer where
                maps are large, every second, third, ... is taken.
            batch_size: Examples a step.

        Raises:
            ValueError: The model has no `latent_size`, has learned already, or its
                activation does not let positive values through; or the images do
                not fit.
        """
        last, back = self._fresh_code()
        maps = keras.Model(self.encoder.input, last.input)
        most = min(_MOST, max(2, _MOST_VALUES // last.input.shape[-1]))
        images = images_of(images)
        batch, _ = self._batch(images[:: max(1, -(-len(images) // most))])
        _start_code(last, back, np.asarray(predict(maps, batch, batch_size), "float64"))

    def _fresh_code(self) -> tuple[layers.Dense, layers.Dense]:
        """Returns the layers before and behind the code, or why `adapt` cannot be."""
        if self.latent_size is None:
            raise ValueError(
                f"{self.name} has latent_size=None, so its code is maps and there is "
                "nothing to adapt. Expected a vector: give latent_size, such as 256."
            )
        if self.activation not in _PASSING:
            raise ValueError(
                f"{self.name} has activation={self.activation!r}. Expected one that "
                f"lets positive values through: {', '.join(_PASSING)}."
            )
        last, back = self.encoder.get_layer("code"), self.decoder.get_layer("maps")
        if any(np.any(one.get_weights()[1]) for one in (last, back)):  # fresh: zero
            raise ValueError(
                f"{self.name} has learned or was adapted already, and adapt would undo "
                "that. Expected a new model. Call fit to train this one on."
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

    Each width, backwards, is a 3 x 3 convolution with the activation and a doubling.
    Odd sizes were rounded up on the way down, so maps may get larger than they were at
    that level: once they are 2 too large both ways, a convolution without padding takes
    2 off (as the published decoder does at 16 x 16), and the rest is cropped from the
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
    """Puts a dense layer behind the encoder and one before the decoder."""
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
    """Has one layer project values on their principal components, another undo it."""
    mean = values.mean(axis=0)
    found, spread = directions(values - mean, code.units)
    known = found.any(axis=0)
    (there, bias), (again, _) = (layer.get_weights() for layer in (code, back))
    there[:, known] = found[:, known] / max(spread, 1e-6)
    bias[known] = -mean @ there[:, known]
    again[known] = found.T[known] * spread
    code.set_weights([there, bias])
    back.set_weights([again, mean])


def _padding(maps: Any, size: Sequence[int]) -> str:
    return "valid" if min(_surplus(maps, size)) >= 2 else "same"


def _surplus(maps: Any, size: Sequence[int]) -> tuple[int, int]:
    return maps.shape[1] - size[0], maps.shape[2] - size[1]

"""What excites the layers of an encoder most, found by gradient ascent on images."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.predict import predict
from deepface_models.core.sheet import grid
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import Autoencoder
from deepface_models.models.autoencoders.images import _image_shape, _images
from deepface_models.models.autoencoders.maps import ACROSS, LEAST, layers_with_maps

_RATE = 0.1  # of Adam, for values before the sigmoid
_NOISE = 0.5  # standard deviation of the same values at the start


@whole_numbers(count=1, steps=1)
def layer_favorites(
    model: Autoencoder, layer: str = "encoder/1", count: int = 16, steps: int = 30
) -> Array:
    """Returns an image of what excites a layer: the input that each map likes most.

    The weights stay as they are and images are trained, from gray noise that is the
    same each time, to raise the mean activation of one map each (Erhan et al. 2009,
    "Visualizing higher-layer features of a deep network").

    Args:
        model: The autoencoder.
        layer: A name from `map_layers`, of the encoder.
        count: Most maps that are shown, the first ones of the layer.
        steps: Steps of the ascent.

    Returns:
        uint8 (H, W, 3), RGB, with 8 images in a row, in the order of the maps. An
        image that stays gray noise belongs to a map that none of it excites.

    Raises:
        ValueError: The model has no such layer, or it is one of the decoder.

    Example:
        >>> from deepface_models.models.autoencoders import ConvolutionalAutoencoder
        >>> model = ConvolutionalAutoencoder((8, 8, 1))
        >>> layer_favorites(model, count=2, steps=2).shape
        (48, 98, 3)
    """
    found = layers_with_maps(model)
    of_encoder = tuple(name for name in found if name.startswith("encoder/"))
    choose("layer", layer, of_encoder)
    network = keras.Model(model.encoder.inputs[0], found[layer].output)
    made = _ascended(network, model.data_shape, count, steps)
    cells = _images(made, _image_shape(model.data_shape, None), LEAST)
    return grid([cells[i : i + ACROSS] for i in range(0, len(cells), ACROSS)])


def _ascended(network: Any, shape: Any, count: int, steps: int) -> Array:
    """Returns images, (N, *shape) in [0, 1], each of which excites one map."""
    maps = int(network.output.shape[-1])
    count = min(count, maps)
    noise = keras.initializers.RandomNormal(stddev=_NOISE, seed=0)
    canvas = keras.Sequential(
        [
            layers.Embedding(count, int(np.prod(shape)), noise),
            layers.Reshape(shape),
            layers.Activation("sigmoid"),
        ]
    )

    def seen(images: Any) -> Any:
        # A function, not a layer, keeps the network's weights from being trained.
        return ops.mean(network(images, training=False), axis=(1, 2))

    ascent = keras.Sequential([canvas, layers.Lambda(seen, output_shape=(maps,))])
    ascent.compile(keras.optimizers.Adam(_RATE), _minus_activation, jit_compile=False)
    numbers, wanted = np.arange(count), np.eye(count, maps, dtype="float32")
    ascent.fit(numbers, wanted, batch_size=count, epochs=steps, verbose=0)
    return np.asarray(predict(canvas, numbers, count), "float32")


def _minus_activation(wanted: Any, activation: Any) -> Any:
    return -ops.sum(wanted * activation, axis=-1)

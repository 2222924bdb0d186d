"""What the layers of an autoencoder see in an image: their feature maps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.predict import predict
from deepface_models.core.sheet import grid
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import Autoencoder
from deepface_models.models.autoencoders.images import _images

ACROSS = 8  # maps in a row
LEAST = 48  # pixels of a map, about


def map_layers(model: Autoencoder) -> dict[str, tuple[int, int, int]]:
    """Returns the layers of an autoencoder that have feature maps.

    Args:
        model: The autoencoder.

    Returns:
        Height, width and number of the maps of each layer, by a name such as
        "encoder/1": the part of the model, and the layer's place among those with
        maps, from 1.

    Example:
        >>> from deepface_models.models.autoencoders import ConvolutionalAutoencoder
        >>> map_layers(ConvolutionalAutoencoder((8, 8, 1)))["encoder/1"]
        (8, 8, 16)
    """
    return {name: _maps_of(layer) for name, layer in layers_with_maps(model).items()}


@whole_numbers(count=1)
def layer_maps(
    model: Autoencoder, image: Array, layer: str = "encoder/1", count: int = 32
) -> Array:
    """Returns an image of what a layer sees in an example: its feature maps.

    The maps that vary most come first. Each is stretched to its own range, so that
    black is its lowest value and white its highest.

    Args:
        model: The autoencoder.
        image: One example, uint8 or float in [0, 1], of the shape `model.data_shape`.
        layer: A name from `map_layers`.
        count: Most maps that are shown.

    Returns:
        uint8 (H, W, 3), RGB, with 8 maps in a row.

    Raises:
        ValueError: The image does not fit the model, or it has no such layer.

    Example:
        >>> from deepface_models.models.autoencoders import ConvolutionalAutoencoder
        >>> layer_maps(ConvolutionalAutoencoder((8, 8, 1)), x_train[0]).shape
        (98, 398, 3)
    """
    layers = layers_with_maps(model)
    choose("layer", layer, tuple(layers))
    batch, single = model._batch(image)
    if not single and len(batch) != 1:
        raise ValueError(
            f"{len(batch)} examples were given. Expected one. Use images[0]."
        )
    part = layer.partition("/")[0]
    given = model.encode(batch) if part == "decoder" else batch
    network = keras.Model(model.parts[part].inputs[0], layers[layer].output)
    values = np.asarray(predict(network, given, 1), "float32")[0]
    return _drawn(np.moveaxis(values, -1, 0), count)


def layers_with_maps(model: Autoencoder) -> dict[str, Any]:
    """Returns the layers that `map_layers` names.

    Args:
        model: The autoencoder.

    Raises:
        ValueError: It has none.
    """
    found: dict[str, Any] = {}
    for part in ("encoder", "decoder"):
        layers = [layer for layer in model.parts[part].layers if _has_maps(layer)]
        found |= {f"{part}/{n}": layer for n, layer in enumerate(layers, start=1)}
    if not found:
        raise ValueError(
            f"{model.name} has no feature maps. Expected an autoencoder with "
            "convolutions. Use another one, such as ConvolutionalAutoencoder."
        )
    return found


def _has_maps(layer: Any) -> bool:
    if isinstance(layer, keras.layers.InputLayer):
        return False
    shape = getattr(getattr(layer, "output", None), "shape", ())
    sides = list(shape)[1:]
    return len(sides) == 3 and None not in sides and bool(sides[0] * sides[1] > 1)


def _maps_of(layer: Any) -> tuple[int, int, int]:
    height, width, count = layer.output.shape[1:]
    return int(height), int(width), int(count)


def _drawn(maps: Array, count: int) -> Array:
    """Returns a grid of maps, (N, H, W), those that vary most first."""
    order = np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:count]
    chosen = maps[order]
    low = chosen.min(axis=(1, 2), keepdims=True)
    span = chosen.max(axis=(1, 2), keepdims=True) - low
    scaled = (chosen - low) / np.where(span > 0, span, 1.0)
    cells = _images(scaled, (*scaled.shape[1:], 1), LEAST)
    return grid([cells[i : i + ACROSS] for i in range(0, len(cells), ACROSS)])

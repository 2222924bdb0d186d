"""What a layer sees: its own maps, strongest first, each in its own range."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from drawn_digits import digits, unit

from deepface_models.models.autoencoders import (
    ConvolutionalAutoencoder,
    DenseAutoencoder,
    layer_maps,
    map_layers,
)

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return ConvolutionalAutoencoder(widths=(4, 2))


def test_layers_are_named_by_their_place(model):
    assert map_layers(model) == {
        "encoder/1": (28, 28, 4),
        "encoder/2": (14, 14, 4),
        "encoder/3": (14, 14, 2),
        "encoder/4": (7, 7, 2),
        "decoder/1": (7, 7, 2),
        "decoder/2": (14, 14, 2),
        "decoder/3": (14, 14, 4),
        "decoder/4": (28, 28, 4),
        "decoder/5": (28, 28, 1),
        "decoder/6": (28, 28, 1),  # between 0 and 1
    }


def test_maps_are_those_of_the_layer(model):
    image = unit(digits(1)[0])
    layer = model.encoder.layers[1]
    maps = keras.ops.convert_to_numpy(layer(image.reshape(1, 28, 28, 1)))[0]
    order = np.argsort(-maps.std(axis=(0, 1)))
    shown = layer_maps(model, image, "encoder/1")
    assert shown.shape == (56, 4 * 56 + 3 * 2, 3) and shown.dtype == np.uint8
    for place, number in enumerate(order):
        cell = shown[::2, place * 58 : place * 58 + 56 : 2, 0] / 255
        expected = maps[..., number] - maps[..., number].min()
        expected = expected / max(expected.max(), 1e-9)
        assert np.abs(cell - expected).max() < 0.01
    assert layer_maps(model, image, "encoder/1", count=3).shape[1] == 3 * 56 + 2 * 2


def test_the_decoder_sees_the_code(model):
    image = digits(1)[0]
    last = layer_maps(model, image, "decoder/6")[::2, ::2, 0] / 255
    made = model.reconstruct(image)[..., 0]
    stretched = (made - made.min()) / (made.max() - made.min())
    assert np.abs(last - stretched).max() < 0.01


def test_wrong_input_gets_a_sentence(model):
    image = digits(1)[0]
    with pytest.raises(ValueError, match="layer='encoder/9' was given"):
        layer_maps(model, image, "encoder/9")
    with pytest.raises(ValueError, match=r"2 examples were given. Expected one"):
        layer_maps(model, digits(2))
    with pytest.raises(ValueError, match="count=0 was given"):
        layer_maps(model, image, count=0)
    with pytest.raises(ValueError, match="has no feature maps"):
        map_layers(DenseAutoencoder(784))

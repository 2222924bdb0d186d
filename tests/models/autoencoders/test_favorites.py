"""What excites a layer: each image excites its own map more than noise does."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.models.autoencoders import (
    ConvolutionalAutoencoder,
    layer_favorites,
)

pytestmark = [pytest.mark.backend, pytest.mark.usefixtures("eager")]
SIDE = 16  # enlarged to 48 when it is shown


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return ConvolutionalAutoencoder((SIDE, SIDE, 1), widths=(4, 2))


def activations(model, images):
    """Mean of each map of the first layer, (images, maps)."""
    maps = model.encoder.layers[1](images.astype("float32"))
    return keras.ops.convert_to_numpy(maps).mean(axis=(1, 2))


def test_each_image_excites_its_map_most(model):
    before = [np.array(weight) for weight in model.encoder.get_weights()]
    shown = layer_favorites(model, "encoder/1", steps=8)
    assert shown.shape == (48, 4 * 48 + 3 * 2, 3) and shown.dtype == np.uint8
    cells = [shown[::3, n * 50 : n * 50 + 48 : 3, :1] / 255 for n in range(4)]
    found = activations(model, np.stack(cells))
    noise = np.random.default_rng(0).normal(0.5, 0.12, (20, SIDE, SIDE, 1))
    usual = activations(model, noise).max(axis=0)
    assert (found.diagonal() > 1.3 * usual).all()
    # Two maps with similar kernels like similar images.
    assert (found.diagonal() > 0.8 * found.max(axis=0)).all()
    after = model.encoder.get_weights()
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert all(layer.trainable for layer in model.encoder.layers)
    one, same = (layer_favorites(model, count=3, steps=1) for _ in range(2))
    assert (one == same).all() and one.shape[1] == 3 * 48 + 2 * 2


def test_wrong_layers_get_a_sentence(model):
    with pytest.raises(ValueError, match="layer='decoder/1' was given"):
        layer_favorites(model, "decoder/1")
    with pytest.raises(ValueError, match="steps=0 was given"):
        layer_favorites(model, steps=0)

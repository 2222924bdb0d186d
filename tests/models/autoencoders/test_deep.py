from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.models.autoencoders.deep import DeepAutoencoder
from deepface_models.models.autoencoders.dense import DenseAutoencoder


@pytest.mark.parametrize(
    ("shape", "widths", "parameters"),
    [
        ((28, 28, 1), (128, 64, 32), 222_384),
        (784, (128, 64, 32), 222_384),
        ((64, 64, 3), (128, 64, 32), 3_178_912),
        ((128, 128, 3), (16, 4), 1_622_180),
        ((9, 5, 2), (7,), 1_357),
    ],
)
def test_parameters_and_shapes(shape, widths, parameters):
    model = DeepAutoencoder(image_shape=shape, widths=widths)
    assert model.count_params() == parameters
    assert model.encoder.output.shape == (None, widths[-1])
    assert model.output.shape == (None, *model.image_shape)


def test_layers_are_the_published_ones():
    model = DeepAutoencoder()
    units = [
        layer.units
        for part in (model.encoder, model.decoder)
        for layer in part.layers
        if isinstance(layer, keras.layers.Dense)
    ]
    assert units == [128, 64, 32, 64, 128, 784]


@pytest.mark.parametrize(("shape", "latent_size"), [((28, 28, 1), 32), (6, 2)])
def test_dense_is_the_one_with_a_single_width(shape, latent_size):
    deep = DeepAutoencoder(image_shape=shape, widths=(latent_size,))
    dense = DenseAutoencoder(image_shape=shape, latent_size=latent_size)
    assert [w.shape for w in dense.weights] == [w.shape for w in deep.weights]
    if latent_size == 32:
        assert dense.count_params() == 50_992


@pytest.mark.slow
def test_faces_are_learned(people):
    keras.utils.set_random_seed(0)
    faces = np.concatenate([people["ana"].images, people["ben"].images])
    model = DeepAutoencoder(image_shape=(64, 64, 3), widths=(64, 16))
    model.compile(metrics=["mse"])
    model.fit(faces, epochs=25, batch_size=5, verbose=0)
    mean = (faces / 255.0).mean(axis=0)
    error = np.mean((faces / 255.0 - mean) ** 2)  # of drawing their mean
    assert model.evaluate(faces, verbose=0)[1] < 0.5 * error


@pytest.mark.parametrize("widths", [(), 32, (8, 0), (8.0,), "8", None])
def test_bad_widths_are_refused(widths):
    with pytest.raises(ValueError, match=r"widths=.*one whole number .*\(128, 64, 32"):
        DeepAutoencoder(widths=widths)

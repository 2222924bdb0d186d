from __future__ import annotations

import keras
import numpy as np
import pytest
from drawn_digits import digits, unit

from deepface_models.models.autoencoders.dense import DenseAutoencoder
from deepface_models.models.autoencoders.sparse import SparseAutoencoder

DIGITS = unit(digits(40))


def made(activity, **kwargs):
    keras.utils.set_random_seed(0)
    model = SparseAutoencoder(activity=activity, **kwargs)
    model.compile(keras.optimizers.Adam(0.01), metrics=["mse"])
    return model


@pytest.mark.parametrize(
    ("shape", "parameters"),
    [((28, 28, 1), 50_992), (784, 50_992), ((64, 64, 3), 798_752), ((7, 9), 4_127)],
)
def test_parameters_and_shapes(shape, parameters):
    model = SparseAutoencoder(image_shape=shape)
    assert model.count_params() == parameters
    assert model.encoder.output.shape == (None, 32)
    assert model.output.shape == (None, *model.image_shape)
    assert parameters == DenseAutoencoder(image_shape=shape).count_params()


@pytest.mark.backend
@pytest.mark.parametrize("batch_size", [8, 40])
def test_penalty_is_a_sum_over_the_code_and_a_mean_over_examples(batch_size):
    model = made(0.02)
    code, drawn = model.encode(DIGITS), model.reconstruct(DIGITS)
    entropy = DIGITS * np.log(drawn) + (1 - DIGITS) * np.log(1 - drawn)
    expected = -entropy.mean() + 0.02 * np.abs(code).sum(axis=1).mean()
    loss = model.evaluate(DIGITS, batch_size=batch_size, verbose=0)[0]
    assert loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_penalty_makes_the_code_smaller_while_both_learn():
    codes = {}
    for activity in (0.0, 0.001):
        model = made(activity)
        before = model.evaluate(DIGITS, verbose=0)[1]
        model.fit(DIGITS, epochs=20, batch_size=10, verbose=0)
        assert model.evaluate(DIGITS, verbose=0)[1] < 0.5 * before
        codes[activity] = model.encode(DIGITS).mean()
    assert codes[0.001] < 0.5 * codes[0.0]


def test_penalty_does_not_overflow_in_float16():
    model = made(1e-4, dtype="mixed_float16")
    kernel, bias = model.encoder.get_weights()
    model.encoder.set_weights([np.ones_like(kernel), bias])
    model(np.ones((8, 28, 28, 1), "float32"))
    assert float(model.losses[0]) == pytest.approx(1e-4 * 32 * 784, rel=1e-3)


def test_negative_penalty_is_refused():
    with pytest.raises(ValueError, match=r"activity=-1.*0 or more.*activity=1e-4"):
        SparseAutoencoder(activity=-1)

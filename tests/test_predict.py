"""Predictions on arrays."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from deepface_models.core.predict import predict


@pytest.mark.parametrize("count", [1, 4, 5, 11])
def test_the_same_as_keras_predict(count):
    x = keras.Input((3,))
    y = keras.Input((2,))
    keras.utils.set_random_seed(0)
    both = keras.layers.Concatenate()([x, y])
    outputs = [keras.layers.Dense(4)(both), keras.layers.Dense(1)(both)]
    model = keras.Model([x, y], outputs)
    rng = np.random.default_rng(0)
    given = [rng.random((count, n), "float32") for n in (3, 2)]
    for mine, theirs in zip(
        predict(model, given, 4), model.predict(given, verbose=0), strict=True
    ):
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_several_devices_share_a_batch_as_keras_does():
    class Distributed(keras.Model):
        distribute_strategy = SimpleNamespace(num_replicas_in_sync=2)

        def predict(self, x, **kwargs):
            return "shared out"

    assert predict(Distributed(), np.zeros((3, 1), "float32")) == "shared out"


def test_a_last_batch_is_filled_so_that_graphs_are_few():
    sizes = []

    class Noting(keras.layers.Layer):
        def call(self, inputs):
            sizes.append(inputs.shape[0])
            return 2 * inputs

    given = keras.Input((1,))
    model = keras.Model(given, Noting()(given))
    model.compile(run_eagerly=True)
    sizes.clear()
    found = predict(model, np.arange(10, dtype="float32")[:, None], 4)
    np.testing.assert_array_equal(found[:, 0], 2 * np.arange(10))
    assert set(sizes) == {4}


def test_advice_on_tracing_is_kept_from_who_cannot_follow_it(caplog):
    logger = logging.getLogger("tensorflow")

    class Traced:  # TensorFlow warns of each new model from the fifth one on
        def predict_on_batch(self, batch):
            logger.warning("5 out of the last 5 calls triggered tf.function retracing.")
            logger.warning("something else")
            return batch

    former, logger.propagate = logger.propagate, True  # to where caplog listens
    try:
        predict(Traced(), np.zeros((3, 4), "float32"))
        logger.warning("a user's own triggered tf.function retracing")
    finally:
        logger.propagate = former
    said = [record.getMessage() for record in caplog.records]
    assert said == ["something else", "a user's own triggered tf.function retracing"]

"""A network of a few weights that trains in no time, and what it saw."""

from __future__ import annotations

import keras
import numpy as np

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 6)).astype("float32")
Y = (X[:, :1] * 2.0 - X[:, 1:2]).astype("float32")


def net(optimizer=None, seed=3, **compiled) -> keras.Model:
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dropout(0.2)]
    made = keras.Sequential([keras.Input((6,)), *layers, keras.layers.Dense(1)])
    made.compile(optimizer or keras.optimizers.Adam(0.01), "mse", **compiled)
    return made


def fit(made, *callbacks, x=X, y=Y, epochs=1, batch_size=4, shuffle=False, **kwargs):
    """Six batches an epoch."""
    return made.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        shuffle=shuffle,
        verbose=0,
        callbacks=list(callbacks),
        **kwargs,
    )


def values(made) -> list[np.ndarray]:
    variables = [*made.variables, *made.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def same(a, b) -> bool:
    """Whether two models have the same weights, seeds and optimizers, exactly."""
    left, right = values(a), values(b)
    return len(left) == len(right) and all(map(np.array_equal, left, right))


class Rates(keras.callbacks.Callback):
    """The learning rate that each step took."""

    def __init__(self):
        super().__init__()
        self.rates: list[float] = []

    def on_train_batch_end(self, batch, logs=None):
        rate = self.model.optimizer.learning_rate
        self.rates.append(float(keras.ops.convert_to_numpy(rate)))

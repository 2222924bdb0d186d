"""The plain Keras scripts that `autoencoders.py` compares: no code of the package.

Layer by layer the networks of F. Chollet, "Building Autoencoders in Keras" (2016), for
28 x 28 images, with Adam, as a reader of the tutorial would write them for Keras 3. Two
differ from the page: the variational one reads one symbol as a log-variance in both the
sample and the KL term (the page mixes the two up), and the sequence one, for which the
page has no sizes, has those of `SequenceAutoencoder`. `variational_convolutional` is
not on the page; it is the package's network, for its time.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


def dense() -> keras.Model:
    image = keras.Input((784,))
    x = layers.Dense(32, activation="relu")(image)
    x = layers.Dense(784, activation="sigmoid")(x)
    return compiled(keras.Model(image, x))


def sparse() -> keras.Model:
    image = keras.Input((784,))
    penalty = keras.regularizers.L1(1e-4)
    x = layers.Dense(32, activation="relu", activity_regularizer=penalty)(image)
    x = layers.Dense(784, activation="sigmoid")(x)
    return compiled(keras.Model(image, x))


def deep() -> keras.Model:
    image = x = keras.Input((784,))
    for width in (128, 64, 32, 64, 128):
        x = layers.Dense(width, activation="relu")(x)
    x = layers.Dense(784, activation="sigmoid")(x)
    return compiled(keras.Model(image, x))


def convolutional() -> keras.Model:
    image = x = keras.Input((28, 28, 1))
    for width in (16, 8, 8):
        x = layers.Conv2D(width, 3, activation="relu", padding="same")(x)
        x = layers.MaxPooling2D(2, padding="same")(x)
    for width, padding in ((8, "same"), (8, "same"), (16, "valid")):
        x = layers.Conv2D(width, 3, activation="relu", padding=padding)(x)
        x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
    return compiled(keras.Model(image, x))


def denoising() -> keras.Model:
    image = x = keras.Input((28, 28, 1))
    for _ in range(2):
        x = layers.Conv2D(32, 3, activation="relu", padding="same")(x)
        x = layers.MaxPooling2D(2, padding="same")(x)
    for _ in range(2):
        x = layers.Conv2D(32, 3, activation="relu", padding="same")(x)
        x = layers.UpSampling2D(2)(x)
    x = layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
    return compiled(keras.Model(image, x))


def sequence() -> keras.Model:
    rows = keras.Input((28, 28))
    x = layers.LSTM(128)(rows)
    x = layers.Dense(32)(x)
    x = layers.RepeatVector(28)(x)
    x = layers.LSTM(128, return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(28))(x)
    return compiled(keras.Model(rows, x), "mse")


def sequence_masked() -> keras.Model:
    """The same for sequences of any length: padded steps are skipped."""
    rows = keras.Input((28, 28))
    x = layers.Masking(-1000.0)(rows)
    x = layers.LSTM(128)(x)
    x = layers.Dense(32)(x)
    x = layers.RepeatVector(28)(x)
    x = layers.LSTM(128, return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(28))(x)
    return compiled(keras.Model(rows, x), "mse")


class Sampling(layers.Layer):
    def __init__(self) -> None:
        super().__init__(name="sampling")
        self.noise = keras.random.SeedGenerator(0)

    def call(self, inputs: Any, training: bool = False) -> Any:
        mean, log_var = inputs
        terms = ops.square(mean) + ops.exp(log_var) - 1.0 - log_var
        self.add_loss(0.5 * ops.mean(ops.sum(terms, axis=-1)))
        if not training:
            return mean
        epsilon = keras.random.normal(ops.shape(mean), seed=self.noise)
        return mean + ops.exp(0.5 * log_var) * epsilon


def variational() -> keras.Model:
    image = keras.Input((784,))
    x = layers.Dense(64, activation="relu")(image)
    code = Sampling()([layers.Dense(2)(x), layers.Dense(2)(x)])
    x = layers.Dense(64, activation="relu")(code)
    x = layers.Dense(784, activation="sigmoid")(x)
    return compiled(keras.Model(image, x), summed)


def variational_convolutional() -> keras.Model:
    image = x = keras.Input((28, 28, 1))
    for width in (32, 64):
        x = layers.Conv2D(width, 3, 2, activation="relu", padding="same")(x)
    x = layers.Flatten()(x)
    code = Sampling()([layers.Dense(2)(x), layers.Dense(2)(x)])
    x = layers.Dense(7 * 7 * 64, activation="relu")(code)
    x = layers.Reshape((7, 7, 64))(x)
    x = layers.Conv2DTranspose(32, 4, 2, activation="relu", padding="same")(x)
    x = layers.Conv2DTranspose(1, 4, 2, activation="sigmoid", padding="same")(x)
    return compiled(keras.Model(image, x), summed)


def summed(y: Any, p: Any) -> Any:
    return 784.0 * keras.losses.binary_crossentropy(y, p)


def compiled(model: keras.Model, loss: Any = "binary_crossentropy") -> keras.Model:
    model.compile(optimizer="adam", loss=loss)
    return model

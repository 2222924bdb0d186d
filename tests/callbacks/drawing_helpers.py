"""Small autoencoders and images for the callbacks that draw."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from deepface_models.models.autoencoders.base import Autoencoder

SIZE = 8


def shapes(count: int = 24) -> np.ndarray:
    """Bright squares at places of their own, uint8 (count, 8, 8)."""
    rng = np.random.default_rng(4)
    made = np.zeros((count, SIZE, SIZE), "uint8")
    for image, (top, left) in zip(made, rng.integers(0, 5, (count, 2)), strict=True):
        image[top : top + 3, left : left + 3] = rng.integers(120, 256)
    return made


@keras.saving.register_keras_serializable("deepface_models_tests")
class Restless(layers.Layer):
    """Draws a random number in every call, also outside of training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(7)

    def call(self, inputs):
        drawn = keras.random.normal(keras.ops.shape(inputs), seed=self.generator)
        return inputs + 0.01 * drawn


def autoencoder(
    latent_size: int = 2, seed: int = 1, noisy: bool = False
) -> Autoencoder:
    keras.utils.set_random_seed(seed)
    image = keras.Input((SIZE, SIZE, 1))
    x = layers.Flatten()(image)
    if noisy:
        x = layers.Dropout(0.2)(layers.GaussianNoise(0.1)(Restless()(x)))
        x = layers.BatchNormalization()(x)
    encoder = keras.Model(image, layers.Dense(latent_size)(x))
    latent = keras.Input((latent_size,))
    x = layers.Dense(SIZE * SIZE, activation="sigmoid")(latent)
    decoder = keras.Model(latent, layers.Reshape((SIZE, SIZE, 1))(x))
    model = Autoencoder(encoder=encoder, decoder=decoder)
    model.compile(keras.optimizers.Adam(1e-2))
    return model


def everything(model: keras.Model) -> list[np.ndarray]:
    """Copies of weights, seeds and the optimizer's variables."""
    variables = [*model.variables, *model.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]

"""Noise for denoising autoencoders, as a layer and as a function of arrays."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.inputs import as_unit_float
from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_numbers

NOISES = ("gaussian", "masking", "salt_pepper")


@whole_numbers(seed=0)
def corrupt(
    images: Any,
    noise: str | None = "gaussian",
    amount: float = 0.5,
    seed: int | None = None,
) -> Array:
    """Returns a noisy copy of images, for display or evaluation.

    Args:
        images: Images of any shape, uint8 or float in [0, 1].
        noise: "gaussian" adds N(0, amount) and clips to [0, 1]; "masking" sets values
            to 0; "salt_pepper" sets values to 0 or 1 with equal probability. Noise is
            independent for each value, also for the colors of a pixel. None leaves the
            images as they are.
        amount: Standard deviation of the Gaussian noise, for values in [0, 1]; else
            the fraction of values that are changed, from 0 to 1.
        seed: The same seed gives the same noise, on every backend; with None it
            differs each time.

    Returns:
        float32 in [0, 1] of the same shape.

    Raises:
        ValueError: `noise` is unknown, `amount` is out of range, or values are not in
            [0, 1].

    Reference: P. Vincent et al., "Stacked Denoising Autoencoders", 2010.

    Example:
        >>> images = np.full((2, 8, 8, 1), 0.5)
        >>> corrupt(images, "gaussian", 0.1, seed=0).shape
        (2, 8, 8, 1)
    """
    check_noise(noise, amount)
    images, rng = as_unit_float(images), np.random.default_rng(seed)
    if noise is None:
        return images.copy()
    if noise == "gaussian":
        samples = rng.standard_normal(images.shape, "float32")
    else:
        samples = rng.random(images.shape, "float32")
    return np.asarray(_mix(np, images, samples, noise, amount), "float32")


@keras.saving.register_keras_serializable(PACKAGE)
class Corrupt(keras.layers.Layer):
    """Adds noise to images in [0, 1] while training only.

    Args:
        noise: As in `corrupt`.
        amount: As in `corrupt`.
        seed: Seed of the noise; random if None.
        **kwargs: As in `keras.layers.Layer`.
    """

    def __init__(
        self,
        noise: str | None = "gaussian",
        amount: float = 0.5,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_noise(noise, amount)
        self.noise = noise
        self.amount = amount
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Returns `inputs`, with noise if `training`."""
        if not training or self.noise is None:
            return inputs
        kind = keras.random.normal if self.noise == "gaussian" else keras.random.uniform
        # Always float32: uniform numbers of 16 bits are too coarse for a fraction.
        samples = kind(ops.shape(inputs), dtype="float32", seed=self.generator)
        images = ops.cast(inputs, "float32")
        noisy = _mix(ops, images, samples, self.noise, self.amount)
        return ops.cast(noisy, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        own = {"noise": self.noise, "amount": self.amount, "seed": self.seed}
        return {**super().get_config(), **own}


def check_noise(noise: str | None, amount: float) -> None:
    """Raises a ValueError for arguments that `corrupt` does not support."""
    if noise is not None:
        choose("noise", noise, NOISES, "Use None for no noise.")
    most = 1 if noise in ("masking", "salt_pepper") else 1e6
    if not 0 <= amount <= most:
        raise ValueError(
            f"amount={amount!r} was given for noise={noise!r}. Expected a standard "
            "deviation of 0 or more for Gaussian noise, else a fraction from 0 to 1. "
            "Use amount=0.5."
        )


def _mix(xp: Any, images: Any, samples: Any, noise: str, amount: float) -> Any:
    """Applies random samples, N(0, 1) or uniform in [0, 1), by numpy or keras.ops."""
    if noise == "gaussian":
        return xp.clip(images + amount * samples, 0.0, 1.0)
    if noise == "masking":
        return xp.where(samples < amount, 0.0, images)
    salted = xp.where(samples < amount, 1.0, images)
    return xp.where(samples < amount / 2, 0.0, salted)

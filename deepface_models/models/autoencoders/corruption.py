"""Noise for denoising autoencoders: as a layer for training, and for arrays."""

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
    """Returns a noisy copy of images, to show or to measure with.

    Args:
        images: Images of any shape, uint8 or float in [0, 1].
        noise: "gaussian" adds N(0, amount) and clips to [0, 1]; "masking" sets values
            to 0, "salt_pepper" as many to 0 as to 1. Each value is drawn by itself,
            those of a pixel's colors too. None changes nothing.
        amount: Standard deviation of the Gaussian noise, where values lie in [0, 1];
            else the share of values that are hit, 0 to 1.
        seed: The same seed gives the same noise, on every backend; None another
            each time.

    Returns:
        float32 in [0, 1] of the same shape.

    Raises:
        ValueError: Noise or amount are unknown, or values not in [0, 1].

    Reference: P. Vincent et al., "Stacked Denoising Autoencoders", 2010.
    """
    check_noise(noise, amount)
    images, rng = as_unit_float(images), np.random.default_rng(seed)
    if noise is None:
        return images.copy()
    if noise == "gaussian":
        drawn = rng.standard_normal(images.shape, "float32")
    else:
        drawn = rng.random(images.shape, "float32")
    return np.asarray(_mix(np, images, drawn, noise, amount), "float32")


@keras.saving.register_keras_serializable(PACKAGE)
class Corrupt(keras.layers.Layer):
    """Adds noise to images in [0, 1] while training; else they pass unchanged.

    Args:
        noise: As in `corrupt`.
        amount: As in `corrupt`.
        seed: Where the noise starts; None draws one.
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
        """Returns `inputs` with noise where `training`, in the same shape."""
        if not training or self.noise is None:
            return inputs
        kind = keras.random.normal if self.noise == "gaussian" else keras.random.uniform
        # float32 always: uniform numbers of 16 bits are too coarse for a share.
        drawn = kind(ops.shape(inputs), dtype="float32", seed=self.generator)
        noisy = _mix(ops, ops.cast(inputs, "float32"), drawn, self.noise, self.amount)
        return ops.cast(noisy, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        own = {"noise": self.noise, "amount": self.amount, "seed": self.seed}
        return {**super().get_config(), **own}


def check_noise(noise: str | None, amount: float) -> None:
    """Raises ValueError where `corrupt` would not know what to do."""
    if noise is not None:
        choose("noise", noise, NOISES, "Use None for no noise.")
    most = 1 if noise in ("masking", "salt_pepper") else 1e6
    if not 0 <= amount <= most:
        raise ValueError(
            f"amount={amount!r} was given for noise={noise!r}. Expected a standard "
            "deviation of 0 or more for Gaussian noise, else a share from 0 to 1. Use "
            "amount=0.5."
        )


def _mix(xp: Any, images: Any, drawn: Any, noise: str, amount: float) -> Any:
    """Applies drawn numbers, N(0, 1) or uniform in [0, 1), by numpy or keras.ops."""
    if noise == "gaussian":
        return xp.clip(images + amount * drawn, 0.0, 1.0)
    if noise == "masking":
        return xp.where(drawn < amount, 0.0, images)
    salted = xp.where(drawn < amount, 1.0, images)
    return xp.where(drawn < amount / 2, 0.0, salted)

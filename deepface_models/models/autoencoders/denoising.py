"""A convolutional autoencoder that turns noisy images into clean ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array, images_of
from deepface_models.core.inputs import (
    is_arrays,
    precision,
)
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import (
    Autoencoder,
    check_images,
    check_widths,
)
from deepface_models.models.autoencoders.convolutional import (
    image_decoder,
    image_encoder,
)
from deepface_models.models.autoencoders.corruption import Corrupt, corrupt
from deepface_models.models.registry import register_architecture


@register_architecture(
    "denoising_autoencoder",
    smallest={
        "image_shape": (10, 12, 3),
        "widths": (4, 3),
        "noise": "masking",
        "amount": 0.3,
    },
)
class DenoisingAutoencoder(Autoencoder):
    """Learns to reconstruct clean images from noisy ones.

    Convolutions with 32 and 32 filters encode digits of 28 x 28 pixels to 7 x 7 x 32:
    28,353 parameters. `compile()` uses Adam with a learning rate of 1e-3 and binary
    cross-entropy.

    `fit(clean)` adds new noise to every training batch and compares with the clean
    images. `predict`, `encode` and `evaluate` add none: they take images that are noisy
    already. So validate with noisy images:
    `validation_data=(model.corrupt(x, seed=0), x)`. To train on your own noisy images,
    as published, use `noise=None` and `fit(noisy, clean)`.

    References: F. Chollet, "Building Autoencoders in Keras", 2016; P. Vincent et al.,
    "Stacked Denoising Autoencoders", 2010.

    Args:
        image_shape: (height, width, channels) or (height, width), of any size.
        widths: Filters of the encoder's convolutions, each of which halves the size;
            the decoder has the reverse.
        noise: "gaussian", "masking" (values set to 0), "salt_pepper" (to 0 or 1) or
            None; see `corrupt`.
        amount: Standard deviation of the Gaussian noise, else the fraction of values
            that are changed.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: An argument has another value than these.

    Example:
        >>> model = DenoisingAutoencoder(image_shape=(28, 28, 1), noise="masking")
        >>> model.compile()
        >>> model.count_params()
        28353
    """

    _arguments = ("image_shape", "widths", "noise", "amount")

    def __init__(
        self,
        image_shape: Sequence[int] = (28, 28, 1),
        widths: Sequence[int] = (32, 32),
        noise: str | None = "gaussian",
        amount: float = 0.5,
        **kwargs: Any,
    ) -> None:
        shape = check_images(image_shape)
        widths = check_widths(widths)
        with precision(kwargs.get("dtype")):
            encoder = image_encoder(shape, widths)
            decoder = image_decoder(shape, widths)
            image = keras.Input(shape)
            noisy = Corrupt(noise, amount, dtype="float32")(image)
            graph = {"inputs": image, "outputs": decoder(encoder(noisy))}
            super().__init__(encoder=encoder, decoder=decoder, **graph, **kwargs)
        self.image_shape = shape
        self.widths = widths
        self.noise = noise
        self.amount = amount

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains on clean images; see `Autoencoder.fit`.

        The model's noise is also added to the inputs of a data set of (noisy, clean)
        pairs.

        Raises:
            ValueError: Targets that differ from `x` were given to a model that adds
                noise itself.
        """
        x, y = images_of(x), images_of(y)
        pair = is_arrays((x, y)) and y is not x and self.noise is not None
        if pair and not np.array_equal(self._arrays(x), self._arrays(y)):
            raise ValueError(
                "Targets that differ from the inputs were given to "
                f'{self.name}, which adds noise="{self.noise}" itself. Expected clean '
                "images only, or a model without noise. Use fit(clean), or build it "
                "with noise=None for fit(noisy, clean)."
            )
        return super().fit(x, y, **kwargs)

    @whole_numbers(seed=0)
    def corrupt(self, images: Any, seed: int | None = None) -> Array:
        """Returns images with noise as in training, for display or evaluation.

        Args:
            images: As in `fit`, or one image without the batch axis.
            seed: The same seed gives the same noise; with None it differs each time.

        Returns:
            float32 in [0, 1], (N, *image_shape), or without the batch axis.
        """
        batch, single = self._batch(images)
        noisy = corrupt(batch, self.noise, self.amount, seed)
        return noisy[0] if single else noisy

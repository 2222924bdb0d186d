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
    """Learns to draw the clean image from a noisy one.

    32 and 32 maps down to 7 x 7 x 32 and back, for digits of 28 x 28 pixels: 28,353
    parameters. `compile()` gives Adam 1e-3 and binary cross-entropy.

    `fit(clean)` draws fresh noise for every batch, while training only, and compares
    with the clean images. `predict`, `encode` and `evaluate` add none: they take
    images that are noisy already. So give `fit` noisy images to validate with:
    `validation_data=(model.corrupt(x, seed=0), x)`. To train on noisy images of
    your own, as published, use `noise=None` and `fit(noisy, clean)`.

    References: F. Chollet, "Building Autoencoders in Keras", 2016; P. Vincent et al.,
    "Stacked Denoising Autoencoders", 2010.

    Args:
        image_shape: (height, width, channels) or (height, width), of any size.
        widths: Maps of the encoder's convolutions, each of which halves the size;
            the decoder has them backwards.
        noise: "gaussian", "masking" (values set to 0), "salt_pepper" (to 0 or 1) or
            None; see `corrupt`.
        amount: Standard deviation of the Gaussian noise, else the share of values
            that are hit.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: An argument is none of these.

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

        A data set of (noisy, clean) pairs is taken as it is, and the model's own
        noise comes on top.

        Raises:
            ValueError: Targets other than `x` were given to a model that adds noise
                itself.
        """
        x, y = images_of(x), images_of(y)
        pair = is_arrays((x, y)) and y is not x and self.noise is not None
        if pair and not np.array_equal(self._arrays(x), self._arrays(y)):
            raise ValueError(
                f'{self.name} adds noise="{self.noise}" itself and was given targets '
                "that differ from its inputs. Expected clean images alone, or pairs "
                "for a model without noise of its own. Use fit(clean), or build it "
                "with noise=None for fit(noisy, clean)."
            )
        return super().fit(x, y, **kwargs)

    @whole_numbers(seed=0)
    def corrupt(self, images: Any, seed: int | None = None) -> Array:
        """Returns images with noise as in training, to show or to measure with.

        Args:
            images: As in `fit`, or one of them without the batch axis.
            seed: The same seed gives the same noise; None another each time.

        Returns:
            float32 in [0, 1], (N, *image_shape) or one of them.
        """
        batch, single = self._batch(images)
        noisy = corrupt(batch, self.noise, self.amount, seed)
        return noisy[0] if single else noisy

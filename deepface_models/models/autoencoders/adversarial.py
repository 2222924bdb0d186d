"""The adversarial autoencoder: a discriminator makes codes follow the prior."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from deepface_models.core.inputs import precision
from deepface_models.losses.embedders import frozen_outputs
from deepface_models.models.autoencoders._networks import (
    build_decoder,
    check_widths,
    features,
)
from deepface_models.models.autoencoders._prior import PriorAutoencoder, update_means
from deepface_models.models.autoencoders.base import check_shape, check_size
from deepface_models.models.registry import register_architecture


@register_architecture(
    "adversarial_autoencoder",
    smallest={
        "image_shape": (6, 6, 1),
        "latent_size": 3,
        "architecture": "convolutional",
        "widths": (4,),
        "discriminator_widths": (9, 5),
        "adversarial_weight": 4.0,
    },
)
class AdversarialAutoencoder(PriorAutoencoder):
    """Encodes examples to codes that follow the standard normal distribution.

    A discriminator learns to distinguish codes from samples of the standard normal
    distribution, and the encoder learns to deceive it. Unlike in a variational
    autoencoder, no closed form of the prior is needed. There is one loss and one
    optimizer step; gradients of the discriminator's term do not reach the encoder, nor
    the reverse. The history shows `reconstruction_loss` (summed over each example),
    `generator_loss` and `discriminator_loss`. When the latter two stay near log(2) =
    0.69 and 2 log(2) = 1.39, the discriminator cannot distinguish codes from samples.

    `model(x)` is the reconstruction, `model(x, training=True)` a dictionary of
    "image" and "code".

    Reference: A. Makhzani et al., "Adversarial Autoencoders", 2015, with the
    deterministic encoder.

    Args:
        image_shape: Shape of one example without the batch axis, or a number of
            features.
        latent_size: Dimensions of a code.
        architecture: "dense", or "convolutional" for images of any size.
        widths: As in `VariationalAutoencoder`.
        discriminator_widths: Units of the discriminator's layers.
        adversarial_weight: Weight of the encoder's adversarial term relative to the
            reconstruction; 0 gives a plain autoencoder. Larger weights bring codes
            closer to the prior, until (from 10 on with digits) some dimensions
            collapse.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Example:
        >>> model = AdversarialAutoencoder(image_shape=(28, 28, 1), latent_size=8)
        >>> model.compile()
        >>> model.encode(np.zeros((2, 28, 28, 1))).shape
        (2, 8)
    """

    _arguments = (
        *PriorAutoencoder._arguments,
        "discriminator_widths",
        "adversarial_weight",
    )

    def __init__(
        self,
        image_shape: int | Sequence[int] = (28, 28, 1),
        latent_size: int = 8,
        architecture: str = "dense",
        widths: Sequence[int] | None = None,
        discriminator_widths: Sequence[int] = (128, 128),
        adversarial_weight: float = 3.0,
        **kwargs: Any,
    ) -> None:
        shape = check_shape(image_shape)
        latent_size = check_size(latent_size)
        sizes = check_widths(widths, architecture, shape)
        discriminator_widths = check_widths(discriminator_widths, "dense", shape)
        _check_weight(adversarial_weight)
        with precision(kwargs.get("dtype")):
            image = keras.Input(shape)
            x = features(image, architecture, sizes)
            code = layers.Dense(latent_size, dtype="float32", name="code")(x)
            encoder = keras.Model(image, code, name="encoder")
            decoder = build_decoder(shape, latent_size, architecture, sizes)
            discriminator = _build_discriminator(latent_size, discriminator_widths)
            super().__init__(encoder=encoder, decoder=decoder, **kwargs)
        self.discriminator = discriminator
        self.image_shape = shape
        self.latent_size = latent_size
        self.architecture = architecture
        self.widths = None if widths is None else sizes
        self.discriminator_widths = discriminator_widths
        self.adversarial_weight = float(adversarial_weight)
        self._prior = keras.random.SeedGenerator()
        names = ("reconstruction_loss", "generator_loss", "discriminator_loss")
        self._means = [keras.metrics.Mean(name=name) for name in names]

    @property
    def parts(self) -> dict[str, keras.Model]:
        """Encoder, decoder and the discriminator, which only training needs."""
        return {**super().parts, "discriminator": self.discriminator}

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Adds the adversarial terms to the reconstruction; see the class.

        `sample_weight` applies to the reconstruction only.
        """
        outputs = self._terms(x, y_pred)
        reconstruction = self._reconstruction(
            x, y, outputs["image"], sample_weight, training
        )
        generator = self._generator_loss(outputs["code"])
        discriminator = self._discriminator_loss(outputs["code"], training)
        terms = (reconstruction, generator, discriminator)
        update_means(dict(zip(self._means, terms, strict=True)), x)
        return reconstruction + self.adversarial_weight * generator + discriminator

    def _encoded(self, images: Any, training: bool) -> dict[str, Any]:
        return {"code": self.encoder(images, training=training)}

    def _training_codes(self, terms: dict[str, Any]) -> Any:
        return terms["code"]

    def _generator_loss(self, code: Any) -> Any:
        """Returns the encoder's loss, without gradients for the discriminator."""
        (logits,) = frozen_outputs(self.discriminator, code, training=False)
        return ops.mean(ops.softplus(-logits))

    def _discriminator_loss(self, code: Any, training: bool) -> Any:
        """Returns the discriminator's loss, without gradients for the encoder."""
        # Evaluation uses a fixed seed: it is repeatable and does not affect training.
        seed = self._prior if training else 0
        prior = keras.random.normal(ops.shape(code), dtype=code.dtype, seed=seed)
        real = self.discriminator(prior)
        fake = self.discriminator(ops.stop_gradient(code))
        return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def _build_discriminator(latent_size: int, widths: Sequence[int]) -> keras.Model:
    code = keras.Input((latent_size,))
    x = features(code, "dense", widths, "leaky_relu")
    logit = layers.Dense(1, dtype="float32")(x)
    return keras.Model(code, logit, name="discriminator")


def _check_weight(weight: float) -> None:
    if not (math.isfinite(weight) and weight >= 0):
        raise ValueError(
            f"adversarial_weight={weight!r} was given. Expected a finite number of 0 "
            "or more. Use adversarial_weight=3.0."
        )

"""The variational autoencoder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from deepface_models.core.arrays import Array
from deepface_models.core.inputs import precision
from deepface_models.core.predict import predict
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders._gaussian import (
    GaussianCode,
    bounded_log_var,
    gaussian_kl,
)
from deepface_models.models.autoencoders._networks import (
    build_decoder,
    check_widths,
    features,
)
from deepface_models.models.autoencoders._prior import PriorAutoencoder, update_means
from deepface_models.models.autoencoders._whitening import whiten_codes
from deepface_models.models.autoencoders.base import check_shape, check_size
from deepface_models.models.registry import register_architecture


@register_architecture(
    "variational_autoencoder",
    smallest={
        "image_shape": (8, 12, 3),
        "latent_size": 3,
        "architecture": "convolutional",
        "widths": (4, 6),
        "beta": 0.5,
    },
)
class VariationalAutoencoder(PriorAutoencoder):
    """Encodes each example to a Gaussian that is close to the standard normal.

    784-64-(2, 2)-64-784 for digits of 28 x 28 pixels: 101,652 parameters. The loss
    is `reconstruction_loss + beta * kl_loss`, both summed over each example (784
    times the binary cross-entropy of a digit) and averaged over examples; the history
    shows both. Training decodes a code sampled from the Gaussian; `predict`, `encode`
    and `evaluate` use its mean.

    `model(x)` is the reconstruction, `model(x, training=True)` a dictionary of
    "image", "mean" and "log_var".

    References: D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", 2014; the
    dense network is that of F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        image_shape: Shape of one example without the batch axis, or a number of
            features.
        latent_size: Dimensions of a code; 2 can be plotted, faces need 64 or more.
        architecture: "dense", or "convolutional" for images of any size.
        widths: Units of each dense layer, (64,) by default, or channels of each
            convolution, which halves the image: (32, 64) by default at 28 pixels,
            (32, 64, 128) at 64 and (32, 64, 128, 256) at 128.
        beta: Weight of the KL term; 1 is the variational bound. `KLWarmup` increases
            it while training.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Attributes:
        beta: The current weight, a variable: `model.beta.assign(0.5)`.

    Example:
        >>> model = VariationalAutoencoder(image_shape=(28, 28, 1))
        >>> model.compile()
        >>> model.count_params()
        101652
        >>> model.sample(3, seed=0).shape
        (3, 28, 28, 1)
    """

    _arguments = (*PriorAutoencoder._arguments, "beta")

    def __init__(
        self,
        image_shape: int | Sequence[int] = (28, 28, 1),
        latent_size: int = 2,
        architecture: str = "dense",
        widths: Sequence[int] | None = None,
        beta: float = 1.0,
        **kwargs: Any,
    ) -> None:
        shape = check_shape(image_shape)
        latent_size = check_size(latent_size)
        sizes = check_widths(widths, architecture, shape)
        _check_beta(beta)
        with precision(kwargs.get("dtype")):
            encoder = _build_encoder(shape, latent_size, architecture, sizes)
            sampler = _build_sampler(latent_size, float(beta))
            decoder = build_decoder(shape, latent_size, architecture, sizes)
            inputs = keras.Input(shape)
            super().__init__(
                encoder=encoder,
                decoder=decoder,
                inputs=inputs,
                outputs=decoder(sampler(encoder(inputs))),
                **kwargs,
            )
        self.sampler = sampler
        self.image_shape = shape
        self.latent_size = latent_size
        self.architecture = architecture
        self.widths = None if widths is None else sizes
        self._beta = float(beta)
        self._reconstruction_mean = keras.metrics.Mean(name="reconstruction_loss")
        self._kl_mean = keras.metrics.Mean(name="kl_loss")

    @property
    def beta(self) -> Any:
        """The current weight of the KL term, a variable."""
        return self.sampler.get_layer("code").beta

    @property
    def parts(self) -> dict[str, keras.Model]:
        """Encoder, sampler (with `beta` and the noise's state) and decoder."""
        return {
            "encoder": self.encoder,
            "sampler": self.sampler,
            "decoder": self.decoder,
        }

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Adds the KL term to the reconstruction; see the class.

        A `sample_weight` of shape (B,) applies to both terms, other shapes to the
        reconstruction only.
        """
        terms = self._terms(x, y_pred)
        reconstruction = self._reconstruction(
            x, y, terms["image"], sample_weight, training
        )
        divergence = gaussian_kl(terms["mean"], terms["log_var"])
        if sample_weight is not None and len(sample_weight.shape) == 1:
            divergence = divergence * ops.cast(sample_weight, divergence.dtype)
        kl = ops.mean(divergence)
        update_means({self._reconstruction_mean: reconstruction, self._kl_mean: kl}, x)
        return reconstruction + ops.convert_to_tensor(self.beta) * kl

    @whole_numbers(batch_size=1, seed=0)
    def encode(
        self,
        images: Any,
        batch_size: int = 32,
        sample: bool = False,
        seed: int | None = None,
    ) -> Array:
        """Encodes examples to the means of their Gaussians.

        Args:
            images: As in `fit`, or one example without the batch axis.
            batch_size: Examples per batch.
            sample: Whether to sample from the Gaussians instead.
            seed: The same seed gives the same noise; with None it differs each time.

        Returns:
            float32 (N, latent_size), or one without the batch axis.
        """
        batch, single = self._batch(images)
        mean, log_var = predict(self.encoder, batch, batch_size)
        if sample:
            noise = np.random.default_rng(seed).standard_normal(mean.shape)
            mean = (mean + np.exp(0.5 * log_var) * noise).astype("float32")
        return mean[0] if single else mean

    @whole_numbers(batch_size=1)
    def fit_prior(self, images: Any, batch_size: int = 32) -> None:
        """Makes the codes of examples follow the prior, for better samples.

        After training, codes are still correlated, so samples of the standard normal
        distribution differ from the codes of examples. This method changes the layers
        before and after the code so that the examples' means have mean 0 and the
        identity as covariance. Reconstructions do not change; codes from before are no
        longer valid. Call it after training.

        Reference: P. Ghosh et al., "From Variational to Deterministic Autoencoders",
        2020 (ex-post density estimation), with a Gaussian.

        Args:
            images: The training examples, as in `fit`; more than `latent_size`.
            batch_size: Examples per batch.

        Raises:
            ValueError: There are too few examples, or all have the same code.
        """
        batch, _ = self._batch(images)
        count = len(batch)
        if count <= self.latent_size:
            raise ValueError(
                f"{count} examples were given to fit_prior. Expected more than the "
                f"{self.latent_size} dimensions of a code. Use the training examples."
            )
        codes = predict(self.encoder, batch, batch_size)
        # Equal images differ by rounding, depending on their place in a batch.
        if np.allclose(codes[0], codes[0][:1], rtol=1e-5, atol=1e-6):
            raise ValueError(
                f"{count} examples with the same code were given to fit_prior. "
                "Expected different examples and a model that distinguishes them. "
                "Train it with a smaller beta."
            )
        mean, log_var = map(self.encoder.get_layer, ("mean", "log_var"))
        whiten_codes(mean, log_var, self.decoder.layers[1], codes)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments; `beta` is the one given there."""
        # The number in place of the variable.
        return {**super().get_config(), "beta": self._beta}

    def _encoded(self, images: Any, training: bool) -> dict[str, Any]:
        mean, log_var = self.encoder(images, training=training)
        return {"mean": mean, "log_var": log_var}

    def _training_codes(self, terms: dict[str, Any]) -> Any:
        return self.sampler([terms["mean"], terms["log_var"]], training=True)


def _build_encoder(
    shape: tuple[int, ...], latent_size: int, architecture: str, widths: Sequence[int]
) -> keras.Model:
    image = keras.Input(shape)
    x = features(image, architecture, widths)
    mean = layers.Dense(latent_size, dtype="float32", name="mean")(x)
    log_var = layers.Dense(
        latent_size, activation=bounded_log_var, dtype="float32", name="log_var"
    )(x)
    return keras.Model(image, [mean, log_var], name="encoder")


def _build_sampler(latent_size: int, beta: float) -> keras.Model:
    mean, log_var = keras.Input((latent_size,)), keras.Input((latent_size,))
    code = GaussianCode(beta, dtype="float32", name="code")([mean, log_var])
    return keras.Model([mean, log_var], code, name="sampler")


def _check_beta(beta: float) -> None:
    if not (math.isfinite(beta) and beta >= 0):
        raise ValueError(
            f"beta={beta!r} was given. Expected a finite number of 0 or more, the "
            "weight of the KL term. Use beta=1.0."
        )

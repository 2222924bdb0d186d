"""The variational autoencoder: codes that one can draw from."""

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
from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders._networks import (
    build_decoder,
    check_widths,
    features,
)
from deepface_models.models.autoencoders._prior import PriorAutoencoder, update_means
from deepface_models.models.autoencoders._whitening import whiten_codes
from deepface_models.models.autoencoders.base import check_shape, check_size
from deepface_models.models.registry import register_architecture

_LOG_VAR = (-20.0, 10.0)  # exp() of it is far from the ends of float32


@keras.saving.register_keras_serializable(PACKAGE)
def bounded_log_var(values: Any) -> Any:
    """Keeps log-variances in [-20, 10], with the gradient that leads back inside."""
    return values + ops.stop_gradient(ops.clip(values, *_LOG_VAR) - values)


def gaussian_kl(mean: Any, log_var: Any) -> Any:
    """Returns how far diagonal Gaussians are from the standard normal.

    Args:
        mean: (B, n).
        log_var: Logarithm of the variance, (B, n).

    Returns:
        Kullback-Leibler divergence in nats, summed over the code, (B,).
    """
    terms = ops.square(mean) + ops.exp(log_var) - 1.0 - log_var
    return 0.5 * ops.sum(terms, axis=-1)


@keras.saving.register_keras_serializable(PACKAGE)
class GaussianCode(layers.Layer):
    """Draws codes: mean and log-variance -> mean + std * noise, or the mean.

    Noise is added in training only. The layer also keeps `beta`, the weight of the
    KL term, as a variable that a compiled step reads anew. As a schedule's state it
    is saved and checkpointed, but is none of the layer's `weights`.

    Args:
        beta: Initial weight of the KL term.
        **kwargs: Of `keras.layers.Layer`.
    """

    def __init__(self, beta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._beta = beta
        self.noise = keras.random.SeedGenerator()
        self.beta = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(beta),
            dtype="float32",
            trainable=False,
            name="beta",
        )

    @property
    def weights(self) -> list[Any]:
        """No weights: nothing here is learned."""
        return []

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Returns codes (B, n) for [mean, log_var], both (B, n)."""
        mean, log_var = inputs
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.noise)
        return mean + ops.exp(0.5 * log_var) * noise

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the mean's shape."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "beta": self._beta}


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
    """Compresses each example to a Gaussian, near enough to the standard normal.

    784-64-(2, 2)-64-784 for digits of 28 x 28 pixels: 101,652 parameters. The loss
    is `reconstruction_loss + beta * kl_loss`, both summed over each example (784
    times the binary cross-entropy of a digit) and averaged over examples; History
    shows both. Training decodes a code drawn from the Gaussian; `predict`, `encode`
    and `evaluate` use its mean and draw nothing.

    `model(x)` is the reconstruction, `model(x, training=True)` a dictionary of
    "image", "mean" and "log_var".

    References: D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", 2014; the
    dense network is that of F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        image_shape: Shape of one example without the batch axis, or a number of
            features.
        latent_size: Numbers of a code; 2 can be drawn as a map, faces want 64 or
            more.
        architecture: "dense", or "convolutional" for images of any size.
        widths: Units of each dense layer, (64,) by default, or channels of each
            convolution, which halves the image: (32, 64) by default at 28 pixels,
            (32, 64, 128) at 64 and (32, 64, 128, 256) at 128.
        beta: Weight of the KL term; 1 is the variational bound. `KLWarmup` lets it
            grow while training.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Attributes:
        beta: The weight as it is now, a variable: `model.beta.assign(0.5)`.

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
        """The weight of the KL term as it is now, a variable."""
        return self.sampler.get_layer("code").beta

    @property
    def parts(self) -> dict[str, keras.Model]:
        """Encoder, sampler (it keeps `beta` and the noise's state) and decoder."""
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

        Weights of examples, (B,), weigh both terms, other weights the first only.
        """
        terms = self._terms(x, y_pred)
        first = self._reconstruction(x, y, terms["image"], sample_weight, training)
        divergence = gaussian_kl(terms["mean"], terms["log_var"])
        if sample_weight is not None and len(sample_weight.shape) == 1:
            divergence = divergence * ops.cast(sample_weight, divergence.dtype)
        second = ops.mean(divergence)
        update_means({self._reconstruction_mean: first, self._kl_mean: second}, x)
        return first + ops.convert_to_tensor(self.beta) * second

    @whole_numbers(batch_size=1, seed=0)
    def encode(
        self,
        images: Any,
        batch_size: int = 32,
        sample: bool = False,
        seed: int | None = None,
    ) -> Array:
        """Compresses examples to the means of their Gaussians.

        Args:
            images: As in `fit`, or one of them without the batch axis.
            batch_size: Examples a step.
            sample: Whether to draw from the Gaussians instead.
            seed: The same seed draws the same noise; a new draw each time if None.

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
        """Has codes of examples follow the prior, so that `sample` draws their like.

        Training leaves codes correlated, and what the standard normal draws is then
        like no example's code. This changes the layers before and after the code
        such that the examples' means have mean 0 and covariance 1: reconstructions
        stay as they are, codes of before no longer fit. Call it after training.

        Reference: P. Ghosh et al., "From Variational to Deterministic Autoencoders",
        2020 (ex-post density estimation), with a Gaussian.

        Args:
            images: Those of the training, as in `fit`; more than `latent_size`.
            batch_size: Examples a step.

        Raises:
            ValueError: There are too few examples, or all have the same code.
        """
        batch, _ = self._batch(images)
        count = len(batch)
        if count <= self.latent_size:
            raise ValueError(
                f"{count} examples were given to fit_prior. Expected more than the "
                f"{self.latent_size} numbers of a code. Give those of the training."
            )
        codes = predict(self.encoder, batch, batch_size)
        # Equal images differ by rounding, depending on their place in a batch.
        if np.allclose(codes[0], codes[0][:1], rtol=1e-5, atol=1e-6):
            raise ValueError(
                f"All {count} examples given to fit_prior have the same code. Expected "
                "different examples and a model that tells them apart. Train it with a "
                "smaller beta."
            )
        mean, log_var = map(self.encoder.get_layer, ("mean", "log_var"))
        whiten_codes(mean, log_var, self.decoder.layers[1], codes)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments; `beta` is the one given there."""
        # PriorAutoencoder's, with a number in place of the variable.
        return {**super().get_config(), "beta": self._beta}

    def _encoded(self, images: Any, training: bool) -> dict[str, Any]:
        mean, log_var = self.encoder(images, training=training)
        return {"mean": mean, "log_var": log_var}

    def _drawn(self, terms: dict[str, Any]) -> Any:
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

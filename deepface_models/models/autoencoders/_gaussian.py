"""Codes that are samples of a Gaussian, and their distance to the standard normal."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from deepface_models.core.version import PACKAGE

_LOG_VAR = (-20.0, 10.0)  # their exponentials are far from the limits of float32


@keras.saving.register_keras_serializable(PACKAGE)
def bounded_log_var(values: Any) -> Any:
    """Clips log-variances to [-20, 10], with the gradient of the identity."""
    return values + ops.stop_gradient(ops.clip(values, *_LOG_VAR) - values)


def gaussian_kl(mean: Any, log_var: Any) -> Any:
    """Returns the KL divergence of diagonal Gaussians from the standard normal.

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
    """Samples codes from mean and log-variance; returns the mean at inference.

    The layer also has `beta`, the weight of the KL term, as a variable, so that it can
    change while training without compiling again. It is saved and checkpointed, but is
    not among the layer's `weights`.

    Args:
        beta: Initial weight of the KL term.
        **kwargs: As in `keras.layers.Layer`.
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
        """An empty list: nothing here is learned."""
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

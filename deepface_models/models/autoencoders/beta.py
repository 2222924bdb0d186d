"""The beta-VAE: a variational autoencoder with a stronger prior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepface_models.models.autoencoders.variational import VariationalAutoencoder
from deepface_models.models.registry import register_architecture


@register_architecture(
    "beta_vae",
    smallest={
        "image_shape": (4, 5, 3),
        "latent_size": 3,
        "architecture": "dense",
        "widths": (12,),
        "beta": 3.0,
    },
)
class BetaVAE(VariationalAutoencoder):
    """A variational autoencoder whose KL term weighs `beta` times as much.

    The more it weighs, the more each number of the code has to stand for something
    of its own, and the softer reconstructions get. Start with `KLWarmup` where the
    code falls silent (`kl_loss` near 0).

    Reference: I. Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a
    Constrained Variational Framework", 2017, with 10 numbers a code.

    Args:
        image_shape: Shape of one example without the batch axis, or a number of
            features.
        latent_size: Numbers of a code.
        architecture: "convolutional" or "dense".
        widths: As in `VariationalAutoencoder`.
        beta: Weight of the KL term.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Example:
        >>> model = BetaVAE(image_shape=(28, 28, 1), latent_size=10, beta=4.0)
        >>> model.compile()
        >>> model.count_params()
        149365
    """

    def __init__(
        self,
        image_shape: int | Sequence[int] = (64, 64, 3),
        latent_size: int = 10,
        architecture: str = "convolutional",
        widths: Sequence[int] | None = None,
        beta: float = 4.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_shape, latent_size, architecture, widths, beta, **kwargs)

"""Losses of discriminators and generators, as functions of logits.

Each function takes the discriminator's logits for real and for generated images and
returns a scalar. Logits may have any shape that begins with the batch axis, such as
the patches of a PatchGAN. The generator losses that do not use the real images accept
them too, so that all kinds are interchangeable.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE

_register = keras.saving.register_keras_serializable(PACKAGE)


@_register
def lsgan_discriminator(real: Any, fake: Any) -> Any:
    """Least-squares loss: real images toward 1, generated ones toward 0.

    Reference: Mao et al., "Least Squares Generative Adversarial Networks", 2017.

    Args:
        real: Logits for real images, (B, ...).
        fake: Logits for generated images, (B, ...).

    Returns:
        The loss, a scalar.

    Example:
        >>> real, fake = ops.full((2, 4, 4, 1), 2.0), ops.full((2, 4, 4, 1), -2.0)
        >>> round(float(lsgan_discriminator(real, fake)), 4)
        2.5
    """
    real, fake = _float(real), _float(fake)
    return 0.5 * (ops.mean(ops.square(real - 1.0)) + ops.mean(ops.square(fake)))


@_register
def lsgan_generator(real: Any, fake: Any) -> Any:
    """Least-squares loss: generated images toward 1.

    Reference: Mao et al., "Least Squares Generative Adversarial Networks", 2017.

    Args:
        real: Logits for real images, (B, ...) or None.
        fake: Logits for generated images, (B, ...).

    Returns:
        The loss, a scalar.

    Example:
        >>> real, fake = ops.full((2, 4, 4, 1), 2.0), ops.full((2, 4, 4, 1), -2.0)
        >>> round(float(lsgan_generator(real, fake)), 4)
        4.5
    """
    return 0.5 * ops.mean(ops.square(_float(fake) - 1.0))


@_register
def hinge_discriminator(real: Any, fake: Any) -> Any:
    """Hinge loss: 0 for real images above 1 and for generated ones below -1.

    Reference: Lim and Ye, "Geometric GAN", 2017.

    Args:
        real: Logits for real images, (B, ...).
        fake: Logits for generated images, (B, ...).

    Returns:
        The loss, a scalar.

    Example:
        >>> real, fake = ops.full((2, 4, 4, 1), 2.0), ops.full((2, 4, 4, 1), -2.0)
        >>> round(float(hinge_discriminator(real, fake)), 4)
        0.0
    """
    real, fake = _float(real), _float(fake)
    return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))


@_register
def hinge_generator(real: Any, fake: Any) -> Any:
    """Hinge loss: minus the mean logit of generated images.

    Reference: Lim and Ye, "Geometric GAN", 2017.

    Args:
        real: Logits for real images, (B, ...) or None.
        fake: Logits for generated images, (B, ...).

    Returns:
        The loss, a scalar.

    Example:
        >>> real, fake = ops.full((2, 4, 4, 1), 2.0), ops.full((2, 4, 4, 1), -2.0)
        >>> round(float(hinge_generator(real, fake)), 4)
        2.0
    """
    return -ops.mean(_float(fake))


@_register
def relativistic_discriminator(real: Any, fake: Any) -> Any:
    """Relativistic average loss: compares each image with the mean of the other kind.

    Real images are to have higher logits than the average generated image, and
    generated images lower ones than the average real image.

    Reference: Jolicoeur-Martineau, "The Relativistic Discriminator: A Key Element
    Missing from Standard GAN", 2019 (RaSGAN).

    Args:
        real: Logits for real images, (B, ...).
        fake: Logits for generated images, (B, ...).

    Returns:
        The loss, a scalar.

    Example:
        >>> real, fake = ops.full((2, 4, 4, 1), 2.0), ops.full((2, 4, 4, 1), -2.0)
        >>> round(float(relativistic_discriminator(real, fake)), 4)
        0.0363
    """
    real, fake = _float(real), _float(fake)
    above = ops.softplus(ops.mean(fake, axis=0, keepdims=True) - real)
    below = ops.softplus(fake - ops.mean(real, axis=0, keepdims=True))
    return ops.mean(above) + ops.mean(below)


@_register
def relativistic_generator(real: Any, fake: Any) -> Any:
    """Relativistic average loss with real and generated images exchanged.

    Reference: Jolicoeur-Martineau, "The Relativistic Discriminator: A Key Element
    Missing from Standard GAN", 2019 (RaSGAN).

    Args:
        real: Logits for real images, (B, ...).
        fake: Logits for generated images, (B, ...).

    Returns:
        The loss, a scalar.

    Example:
        >>> real, fake = ops.full((2, 4, 4, 1), 2.0), ops.full((2, 4, 4, 1), -2.0)
        >>> round(float(relativistic_generator(real, fake)), 4)
        8.0363
    """
    return relativistic_discriminator(fake, real)


def _float(logits: Any) -> Any:
    """Casts logits to float32; means of squares need more than 16 bits."""
    return ops.cast(logits, "float32")

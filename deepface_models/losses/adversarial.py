"""What a discriminator and a generator minimize, as functions of logits.

Every function takes the discriminator's logits of real and of drawn images, of
any shape that begins with the batch (patches included), and returns one number.
Functions for generators that do not look at the real images accept them too, so
that one kind can take another's place.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE

_register = keras.saving.register_keras_serializable(PACKAGE)


@_register
def lsgan_discriminator(real: Any, fake: Any) -> Any:
    """Least squares: real toward 1, drawn toward 0.

    Reference: Mao et al., "Least Squares Generative Adversarial Networks", 2017.
    """
    real, fake = _float(real), _float(fake)
    return 0.5 * (ops.mean(ops.square(real - 1.0)) + ops.mean(ops.square(fake)))


@_register
def lsgan_generator(real: Any, fake: Any) -> Any:
    """Least squares: drawn toward 1; `real` may be None.

    Reference: Mao et al., "Least Squares Generative Adversarial Networks", 2017.
    """
    return 0.5 * ops.mean(ops.square(_float(fake) - 1.0))


@_register
def hinge_discriminator(real: Any, fake: Any) -> Any:
    """Hinge: real above 1, drawn below -1; what is there already does not count.

    Reference: Lim and Ye, "Geometric GAN", 2017.
    """
    real, fake = _float(real), _float(fake)
    return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))


@_register
def hinge_generator(real: Any, fake: Any) -> Any:
    """Hinge: drawn as high as can be; `real` may be None.

    Reference: Lim and Ye, "Geometric GAN", 2017.
    """
    return -ops.mean(_float(fake))


@_register
def relativistic_discriminator(real: Any, fake: Any) -> Any:
    """Relativistic average: real more real than the drawn on average, and reverse.

    Reference: Jolicoeur-Martineau, "The Relativistic Discriminator: A Key Element
    Missing from Standard GAN", 2019 (RaSGAN).
    """
    real, fake = _float(real), _float(fake)
    above = ops.softplus(ops.mean(fake, axis=0, keepdims=True) - real)
    below = ops.softplus(fake - ops.mean(real, axis=0, keepdims=True))
    return ops.mean(above) + ops.mean(below)


@_register
def relativistic_generator(real: Any, fake: Any) -> Any:
    """Relativistic average: drawn more real than the real on average, and reverse.

    Reference: Jolicoeur-Martineau, "The Relativistic Discriminator: A Key Element
    Missing from Standard GAN", 2019 (RaSGAN).
    """
    return relativistic_discriminator(fake, real)


def _float(logits: Any) -> Any:
    """Mixed precision leaves logits in 16 bits, too few for means of squares."""
    return ops.cast(logits, "float32")

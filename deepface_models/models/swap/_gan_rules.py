"""The losses of generator and discriminator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from deepface_models import losses
from deepface_models.losses.embedders import as_list, frozen_outputs

Pair = tuple[Any, Any]


def _logistic_discriminator(real: Any, fake: Any) -> Any:
    fake, real = (ops.cast(logits, "float32") for logits in (fake, real))
    return 0.5 * (ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake)))


def _logistic_generator(real: Any, fake: Any) -> Any:
    return ops.mean(ops.softplus(-ops.cast(fake, "float32")))


def _whole_generator(real: Any, fake: Any) -> Any:
    """`lsgan_generator` without the factor 0.5."""
    return 2.0 * losses.lsgan_generator(real, fake)


def _average_discriminator(real: Any, fake: Any) -> Any:
    return losses.lsgan_discriminator(
        real - ops.mean(fake, axis=0, keepdims=True),
        fake - ops.mean(real, axis=0, keepdims=True),
    )


def _average_generator(real: Any, fake: Any) -> Any:
    return _average_discriminator(fake, real)


# Losses of discriminator and generator, as functions of logits (real, fake).
RULES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "logistic": (_logistic_discriminator, _logistic_generator),
    "lsgan": (losses.lsgan_discriminator, losses.lsgan_generator),
    "whole_lsgan": (losses.lsgan_discriminator, _whole_generator),
    "relativistic_lsgan": (_average_discriminator, _average_generator),
    "hinge": (losses.hinge_discriminator, losses.hinge_generator),
    "relativistic": (
        losses.relativistic_discriminator,
        losses.relativistic_generator,
    ),
}


def gan_loss(
    discriminator: keras.Model, real: Any, fakes: Mapping[str, Any], training: bool
) -> Pair:
    """Returns the losses of generator and discriminator.

    Gradients of the generator's loss do not reach the discriminator, nor the reverse.

    Args:
        discriminator: Model of images -> logits, or a list of logits.
        real: Real images.
        fakes: Generated images, by the key in `RULES` of the loss that they get.
        training: Whether the discriminator is in training mode.
    """
    real_logits = as_list(discriminator(real, training=training))
    fixed_real_logits = frozen_outputs(discriminator, real, training)
    generator = judgement = 0.0
    for rules, image in fakes.items():
        discriminator_loss, generator_loss = RULES[rules]
        logits = discriminator(ops.stop_gradient(image), training=training)
        judgement = judgement + _total(discriminator_loss, real_logits, as_list(logits))
        logits = frozen_outputs(discriminator, image, training)
        generator = generator + _total(generator_loss, fixed_real_logits, logits)
    return generator, judgement


def mixed_gan_loss(
    discriminator: keras.Model, real: Any, fake: Any, share: Any, training: bool
) -> Pair:
    """Returns least-squares GAN losses with mixup.

    The discriminator sees mixtures of real and generated images and predicts the share
    of the real image.

    Reference: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018.

    Args:
        discriminator: As in `gan_loss`.
        real: Real images.
        fake: Generated images.
        share: Share of the real image in the mixture, from 0 to 1.
        training: As in `gan_loss`.
    """
    mixture = share * real + (1.0 - share) * ops.stop_gradient(fake)
    predicted = as_list(discriminator(mixture, training=training))
    fake_logits = frozen_outputs(discriminator, fake, training)
    error = sum(ops.mean(ops.square(logits - share)) for logits in predicted)
    return _total(_whole_generator, fake_logits, fake_logits), error


def _total(rule: Callable[..., Any], real: list[Any], fake: list[Any]) -> Any:
    return sum(rule(r, f) for r, f in zip(real, fake, strict=True))

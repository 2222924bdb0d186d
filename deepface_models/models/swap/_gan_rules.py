"""What the two players of a GAN minimize."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from deepface_models import losses
from deepface_models.losses.embedders import as_list, standing

Pair = tuple[Any, Any]


def _logistic_discriminator(real: Any, fake: Any) -> Any:
    fake, real = (ops.cast(logits, "float32") for logits in (fake, real))
    return 0.5 * (ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake)))


def _logistic_generator(real: Any, fake: Any) -> Any:
    return ops.mean(ops.softplus(-ops.cast(fake, "float32")))


def _whole_generator(real: Any, fake: Any) -> Any:
    """`lsgan_generator` without its half."""
    return 2.0 * losses.lsgan_generator(real, fake)


def _average_discriminator(real: Any, fake: Any) -> Any:
    return losses.lsgan_discriminator(
        real - ops.mean(fake, axis=0, keepdims=True),
        fake - ops.mean(real, axis=0, keepdims=True),
    )


def _average_generator(real: Any, fake: Any) -> Any:
    return _average_discriminator(fake, real)


# What the discriminator and the generator minimize, of logits (real, drawn).
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
    discriminator: keras.Model, real: Any, drawn: Mapping[str, Any], training: bool
) -> Pair:
    """Returns what generator and discriminator lose; neither reaches the other.

    Args:
        discriminator: Model of images -> logits, or a list of them.
        real: What is to be taken for real.
        drawn: What the generator drew, by the key of `RULES` that it is judged by.
        training: Whether the discriminator is training.
    """
    true = as_list(discriminator(real, training=training))
    target = standing(discriminator, real, training)
    generator = judgement = 0.0
    for rules, image in drawn.items():
        judge, deceive = RULES[rules]
        false = discriminator(ops.stop_gradient(image), training=training)
        judgement = judgement + _total(judge, true, as_list(false))
        found = standing(discriminator, image, training)
        generator = generator + _total(deceive, target, found)
    return generator, judgement


def mixed_gan_loss(
    discriminator: keras.Model, real: Any, drawn: Any, share: Any, training: bool
) -> Pair:
    """Least squares, where the discriminator sees mixtures and guesses their share.

    Reference: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018.

    Args:
        discriminator: As in `duel`.
        real: As in `duel`.
        drawn: As in `duel`.
        share: Of the real image in the mixture, from 0 to 1.
        training: As in `duel`.
    """
    mixture = share * real + (1.0 - share) * ops.stop_gradient(drawn)
    guessed = as_list(discriminator(mixture, training=training))
    found = standing(discriminator, drawn, training)
    guess = sum(ops.mean(ops.square(logits - share)) for logits in guessed)
    return _total(_whole_generator, found, found), guess


def _total(rule: Callable[..., Any], real: list[Any], drawn: list[Any]) -> Any:
    return sum(rule(r, d) for r, d in zip(real, drawn, strict=True))

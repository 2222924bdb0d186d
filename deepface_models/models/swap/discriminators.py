"""Discriminators: networks that distinguish generated images from real ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from deepface_models.models.swap import _gan_blocks as gan
from deepface_models.models.swap import blocks

_MOST_LAYERS, _MOST_CHANNELS = 9, 512


def strided_discriminator(
    name: str,
    size: int,
    norm: str = "instance",
    attention: bool = True,
    scale: Callable[[int], int] = lambda channels: channels,
) -> keras.Model:
    """Builds faceswap-GAN's discriminator: convolutions down to 8 x 8 logits.

    Reference: Lu, "faceswap-GAN", 2018 (version 2.2).

    Args:
        name: The model's name.
        size: Width and height of the images in pixels, 64 or more.
        norm: Normalization: "instance", "group", "batch" or "none".
        attention: Whether there is self-attention from 256 channels on.
        scale: Function that scales widths.

    Returns:
        Model of (B, size, size, 6) -> logits (B, 8, 8, 1), float32. Inputs are an image
        in [-1, 1], concatenated with the generator's warped input.
    """
    images = x = keras.Input((size, size, 6))
    x = gan.down(x, scale(64), "none", 4, 0.2)
    x = gan.down(x, scale(128), norm, 4, 0.2)
    while x.shape[1] > 8:
        x = gan.down(x, scale(256), norm, 4, 0.2)
        x = gan.attend(x) if attention else x
    logits = blocks.conv(x, 1, 4, use_bias=False, dtype="float32")
    return keras.Model(images, logits, name=name)


def unet_discriminator(
    name: str, size: int, patch: int | None = None, width: int = 16
) -> keras.Model:
    """Builds DeepFaceLab's discriminator: logits for each patch and each pixel.

    References: Schonfeld et al., "A U-Net Based Discriminator for Generative
    Adversarial Networks", 2020; Perov et al., "DeepFaceLab", 2020.

    Args:
        name: The model's name.
        size: Width and height of the images in pixels.
        patch: Approximate receptive field of a patch's logit in pixels; an eighth of
            `size` by default.
        width: Channels at full size; they double with each convolution.

    Returns:
        Model of (B, size, size, 3) -> [(B, h, h, 1), (B, size, size, 1)], float32.
    """
    strides = patch_strides(patch or max(3, size // 8))
    widths = [min(width * 2**n, _MOST_CHANNELS) for n in range(len(strides) + 1)]
    image = keras.Input((size, size, 3))
    x = _leaky(blocks.conv(image, widths[0], 1))
    skips = []
    for stride, filters in zip(strides, widths[1:], strict=True):
        skips.append(x)
        x = _leaky(blocks.conv(x, filters, 3, strides=stride))
    logits = blocks.conv(x, 1, 1, dtype="float32")
    x = _leaky(blocks.conv(x, widths[-1], 1))
    for stride, filters, skip in zip(
        reversed(strides), reversed(widths[:-1]), reversed(skips), strict=True
    ):
        x = layers.Concatenate()([skip, _leaky(_enlarge(x, filters, stride))])
    pixel_logits = blocks.conv(x, 1, 1, dtype="float32")
    return keras.Model(image, [logits, pixel_logits], name=name)


def patch_strides(patch: int) -> tuple[int, ...]:
    """Returns strides of 3 x 3 convolutions with a receptive field of about `patch`.

    The first stride is 2. Of equal receptive fields, the one with fewer layers is
    chosen, then the one that downsamples more.

    Args:
        patch: Width of the receptive field in pixels.
    """
    candidates = []
    for count in range(1, _MOST_LAYERS + 1):
        for rest in itertools.product((2, 1), repeat=count - 1):
            strides = (2, *rest)
            field, step = 1, 1
            for stride in strides:
                field, step = field + 2 * step, step * stride
            order = tuple(-s for s in reversed(strides))
            candidates.append((abs(field - patch), field, count, -sum(strides), order))
    return tuple(-s for s in reversed(min(candidates)[-1]))


def _leaky(x: Any) -> Any:
    return layers.LeakyReLU(negative_slope=0.2)(x)


def _enlarge(x: Any, filters: int, stride: int) -> Any:
    # Same as padding="same" on TensorFlow; other backends crop the opposite side.
    size = x.shape[1] * stride
    x = layers.Conv2DTranspose(filters, 3, strides=stride)(x)
    before = 1 if stride == 1 else 0
    sides = (before, x.shape[1] - size - before)
    return layers.Cropping2D((sides, sides))(x)

"""Networks that tell drawn images from real ones."""

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
    """Builds faceswap-GAN's: convolutions down to 8 x 8 logits.

    Reference: Lu, "faceswap-GAN", 2018 (version 2.2).

    Args:
        name: Its name.
        size: Width and height of the images, 64 or more.
        norm: Normalization: "instance", "group", "batch" or "none".
        attention: Whether there is self-attention from 256 channels on.
        scale: Multiplies widths.

    Returns:
        Model of (B, size, size, 6), an image in [-1, 1] beside the warped one that
        it was drawn from, -> (B, 8, 8, 1), float32.
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
    """Builds DeepFaceLab's: one logit for each patch and one for each pixel.

    References: Schonfeld et al., "A U-Net Based Discriminator for Generative
    Adversarial Networks", 2020; Perov et al., "DeepFaceLab", 2020.

    Args:
        name: Its name.
        size: Width and height of the images.
        patch: Pixels that a logit of the first kind sees, about; an eighth of `size`
            by default.
        width: Channels at full size; they double with each convolution.

    Returns:
        Model of (B, size, size, 3) -> [(B, h, h, 1), (B, size, size, 1)], float32.
    """
    strides = patch_strides(patch or max(3, size // 8))
    widths = [min(width * 2**n, _MOST_CHANNELS) for n in range(len(strides) + 1)]
    image = keras.Input((size, size, 3))
    x = _leaky(blocks.conv(image, widths[0], 1))
    seen = []
    for stride, filters in zip(strides, widths[1:], strict=True):
        seen.append(x)
        x = _leaky(blocks.conv(x, filters, 3, strides=stride))
    logits = blocks.conv(x, 1, 1, dtype="float32")
    x = _leaky(blocks.conv(x, widths[-1], 1))
    for stride, filters, before in zip(
        reversed(strides), reversed(widths[:-1]), reversed(seen), strict=True
    ):
        x = layers.Concatenate()([before, _leaky(_enlarge(x, filters, stride))])
    each = blocks.conv(x, 1, 1, dtype="float32")
    return keras.Model(image, [logits, each], name=name)


def patch_strides(patch: int) -> tuple[int, ...]:
    """Returns the strides of 3 x 3 convolutions whose view comes nearest to a patch.

    The first is 2. Of equal views the one with fewer layers is taken, then the one
    that shrinks more.

    Args:
        patch: Width of the view wanted, in pixels.
    """
    found = []
    for count in range(1, _MOST_LAYERS + 1):
        for rest in itertools.product((2, 1), repeat=count - 1):
            strides = (2, *rest)
            view, step = 1, 1
            for stride in strides:
                view, step = view + 2 * step, step * stride
            order = tuple(-s for s in reversed(strides))
            found.append((abs(view - patch), view, count, -sum(strides), order))
    return tuple(-s for s in reversed(min(found)[-1]))


def _leaky(x: Any) -> Any:
    return layers.LeakyReLU(negative_slope=0.2)(x)


def _enlarge(x: Any, filters: int, stride: int) -> Any:
    # As padding="same" on TensorFlow; other backends would crop the other side.
    size = x.shape[1] * stride
    x = layers.Conv2DTranspose(filters, 3, strides=stride)(x)
    before = 1 if stride == 1 else 0
    sides = (before, x.shape[1] - size - before)
    return layers.Cropping2D((sides, sides))(x)

"""PhazeA's ways to enlarge maps, one by one and as a chain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import layers

from deepface_models.models.swap import blocks
from deepface_models.models.swap._phaze_settings import Settings


def fit_size(target: int, size: int) -> int:
    """Returns the largest size up to `size` that doubles to `target`.

    Where there is none, as `target` cannot be halved any further, the least that does.
    """
    while target > size and target % 2 == 0:
        target //= 2
    return target


def normalize(x: Any, norm: str) -> Any:
    """Applies a normalization by its name."""
    if norm == "instance":  # over the whole image, as published
        return blocks.ImageNormalization()(x)
    if norm == "batch":
        return layers.BatchNormalization()(x)
    if norm == "group":
        return layers.GroupNormalization(math.gcd(32, x.shape[-1]), epsilon=1e-6)(x)
    if norm == "layer":
        return layers.LayerNormalization()(x)
    return layers.RMSNormalization()(x) if norm == "rms" else x


def enlarge(x: Any, filters: int, upscaler: str) -> Any:
    """Doubles the size of maps.

    Args:
        x: (B, H, W, C).
        filters: Channels after it; "upsample2d" keeps those that there are.
        upscaler: "subpixel" shuffles; "upscale_fast" adds and "upscale_hybrid"
            concatenates shuffled and interpolated maps; "resize_images" adds an
            interpolation and a transposed convolution; "upscale_dny" interpolates and
            convolves twice; "upsample2d" interpolates only.

    Returns:
        (B, 2 * H, 2 * W, filters).
    """
    if upscaler == "subpixel":
        return blocks.up(x, filters)
    if upscaler == "upscale_fast":
        return layers.Add()([blocks.up(x, filters), _smooth(blocks.conv(x, filters))])
    if upscaler == "upscale_hybrid":
        half = filters // 2
        smooth = _smooth(blocks.conv(x, filters - half))
        return layers.Concatenate()([blocks.up(x, half), smooth])
    if upscaler == "resize_images":
        smooth = blocks.conv(_smooth(x), filters)
        spread = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
        return blocks.activate(layers.Add()([smooth, spread]), 0.2)
    x = _smooth(x)
    if upscaler == "upscale_dny":
        for _ in range(2):
            x = blocks.activate(blocks.conv(x, filters), 0.2)
    return x


def upscale(
    maps: Sequence[Any],
    settings: Settings,
    widths: Sequence[int],
    start: int,
    stop: int | None,
) -> list[Any]:
    """Applies some of a chain's enlargements to the image's maps, and the mask's.

    Args:
        maps: The image's, and perhaps the mask's.
        settings: Of the model.
        widths: Filters of the whole chain.
        start: The first enlargement that is applied.
        stop: The first one that is not; None for all that are left.
    """
    done = [_begin(x, settings) for x in maps] if start == 0 else list(maps)
    chosen = widths[start:stop]
    for index, filters in enumerate(chosen):
        last = index == len(chosen) - 1
        skip = settings.skip_last_residual and last
        count = 0 if skip else settings.residual_blocks
        face, *masks = done
        done = [_step(face, filters, settings, count, settings.gaussian_noise)]
        done += [_step(mask, filters, settings, 0, False) for mask in masks]
    return done


def _begin(x: Any, settings: Settings) -> Any:
    """Reshapes maps to a size that doubles to the image's; starts "upscale_dny"."""
    _, size, _, channels = x.shape
    fitted = fit_size(settings.output_size, size)
    if fitted != size:
        values = size**2 * channels // fitted**2
        x = layers.Reshape((fitted, fitted, values))(x)
    if settings.upscaler == "upscale_dny":
        for kernel in (4, 3):
            x = blocks.activate(blocks.conv(x, settings.max_filters, kernel), 0.2)
    return x


def _step(x: Any, filters: int, settings: Settings, residuals: int, noise: bool) -> Any:
    x = enlarge(x, filters, settings.upscaler)
    x = layers.GaussianNoise(1.0)(x) if noise else x
    x = normalize(x, settings.norm)
    if residuals:
        x = blocks.activate(x, 0.2)
        for _ in range(residuals):
            x = blocks.residual(x)
        return x
    return x if settings.upscaler == "upscale_dny" else blocks.activate(x, 0.1)


def _smooth(x: Any) -> Any:
    return layers.UpSampling2D(2, interpolation="bilinear")(x)

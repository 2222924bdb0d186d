"""PhazeA's upscaling layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import layers

from deepface_models.models.swap import blocks
from deepface_models.models.swap._phaze_settings import Settings


def fit_size(target: int, size: int) -> int:
    """Returns the largest size up to `size` from which doubling leads to `target`.

    If there is none, because `target` cannot be halved often enough, returns the
    smallest size from which doubling leads to `target`.
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
        filters: Output channels; "upsample2d" keeps the number of channels.
        upscaler: "subpixel" is a pixel shuffle; "upscale_fast" adds and
            "upscale_hybrid" concatenates shuffled and interpolated maps;
            "resize_images" adds an interpolation and a transposed convolution;
            "upscale_dny" interpolates and convolves twice; "upsample2d" interpolates
            only.

    Returns:
        (B, 2 * H, 2 * W, filters).
    """
    if upscaler == "subpixel":
        return blocks.up(x, filters)
    if upscaler == "upscale_fast":
        return layers.Add()([blocks.up(x, filters), _smooth(blocks.conv(x, filters))])
    if upscaler == "upscale_hybrid":
        return blocks.hybrid_up(x, filters)
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
    """Applies some of the upscaling layers to the maps of image and mask.

    Args:
        maps: The image's maps, and perhaps the mask's.
        settings: The model's settings.
        widths: Filters of all upscaling layers.
        start: Index of the first layer to apply.
        stop: Index after the last layer to apply; None for all.
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
    """Reshapes maps so that doubling leads to the image's size.

    For "upscale_dny" it also applies that upscaler's first convolutions.
    """
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

"""PhazeA's bottleneck and dense layers, and widths of its upscaling layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.models.swap._phaze_settings import Settings
from deepface_models.models.swap._phaze_upscales import (
    enlarge,
    fit_size,
    normalize,
    upscale,
)


def bottleneck(x: Any, settings: Settings) -> Any:
    """Applies the bottleneck to an encoder's output, maps or a vector; (B, units)."""
    x = normalize(x, settings.bottleneck_norm)
    kind = settings.bottleneck
    if kind in ("average", "max") and len(x.shape) == 2:
        raise ValueError(
            f"bottleneck={kind!r} was given with encoder={settings.encoder!r}, which "
            'returns a vector. Expected maps to pool. Use bottleneck="flatten".'
        )
    if kind == "average":
        return layers.GlobalAveragePooling2D()(x)
    if kind == "max":
        return layers.GlobalMaxPooling2D()(x)
    x = x if len(x.shape) == 2 else layers.Flatten()(x)
    return layers.Dense(settings.bottleneck_size)(x) if kind == "dense" else x


def build_fc(
    name: str, latent: Sequence[int], settings: Settings
) -> tuple[keras.Model, list[tuple[int, ...]]]:
    """Builds latent -> code: the maps of image and mask, flattened to one vector.

    The mask has maps of its own only if this part contains upscaling layers.

    Returns:
        The model, and the shapes of the maps.
    """
    s = settings
    inputs = keras.Input(latent)
    side = s.fc_dimensions
    high = _filters(s.fc_max_filters, s)
    ends = (s.fc_min_filters * side**2, high * side**2)
    units = curve(*ends, s.fc_depth, s.fc_slope)
    x = _dense(_to_bottleneck(inputs, s), units, s.fc_dropout)
    if x.shape[1] != high * side**2:
        raise ValueError(
            f"fc_depth=0 was given with a bottleneck of {x.shape[1]} values. Expected "
            f"fc_dimensions**2 * fc_max_filters = {high * side**2}, because no layer "
            "comes between them. Use fc_depth=1."
        )
    x = _enlarge(layers.Reshape((side, side, high))(x), s)
    maps = [x]
    if s.upscales_in_fc:
        masks = [x] if s.learn_mask else []
        maps = upscale([*maps, *masks], s, chain(s), 0, s.upscales_in_fc)
    shapes = [tuple(one.shape[1:]) for one in maps]
    flat = [layers.Flatten()(one) for one in maps]
    code = flat[0] if len(flat) == 1 else layers.Concatenate()(flat)
    return keras.Model(inputs, code, name=name), shapes


def build_style(latent: Sequence[int], settings: Settings) -> keras.Model:
    """Builds latent -> style vector (B, units) of the G-block, shared by all people."""
    s = settings
    inputs = keras.Input(latent)
    ends = (s.gblock_min_units, s.gblock_max_units)
    units = curve(*ends, s.gblock_depth, s.gblock_slope)
    x = _dense(_to_bottleneck(inputs, s), units, s.gblock_dropout)
    return keras.Model(inputs, x, name="inter_style")


def chain(settings: Settings) -> list[int]:
    """Returns the filters of all upscaling layers up to the image."""
    s = settings
    size = fit_size(s.output_size, s.fc_dimensions * 2**s.fc_upscales)
    count = int(math.log2(s.output_size // size))
    if s.upscales_in_fc >= count:
        raise ValueError(
            f"upscales_in_fc={s.upscales_in_fc} was given, but {size} pixels are "
            f"upscaled {count} time(s) in all. Expected fewer, so that the decoder has "
            f"one or more. Use an output_size above {s.output_size}, or smaller "
            "fc_dimensions and fc_upscales."
        )
    return curve(s.max_filters, s.min_filters, count, s.slope, s.slope_mode)


def curve(
    first: int, last: int, count: int, slope: float, mode: str = "full"
) -> list[int]:
    """Returns `count` widths from `first` to `last`; those between are multiples of 8.

    Args:
        first: The first width.
        last: The last width.
        count: Number of widths; if it is 1, the width is `last`.
        slope: From -1 to 1. With the mode "full", 0 is linear, and lower values change
            faster at first. With the other modes it is the fraction by which each
            width is smaller than the one before.
        mode: "full"; or "cap_max" or "cap_min", where surplus widths equal the first
            or the last.
    """
    if count < 2:
        return [last] * count
    if mode == "full":
        steps = [n / (count - 1) for n in range(1, count - 1)]
        bent = [(x - x * slope) / (slope - 2 * x * slope + 1) for x in steps]
        between = [_eighths(first + y * (last - first), first, last) for y in bent]
        return [first, *between, last]
    widths = [first]
    while len(widths) < count and widths[-1] != last:
        width = int(widths[-1] * (1 - abs(slope)) // 8 * 8)
        widths.append(max(last, width))
    spare = count - len(widths)
    if mode == "cap_max":
        return [first] * spare + widths
    return widths + [last] * spare


def _eighths(value: float, first: int, last: int) -> int:
    return max(min(first, last), int(value // 8 * 8))


def _filters(filters: int, settings: Settings) -> int:
    """Returns the largest number of filters that `_begin` can reshape as needed."""
    size = settings.fc_dimensions * 2**settings.fc_upscales
    fitted = fit_size(settings.output_size, size)
    if fitted == size:
        return filters
    found = filters // fitted**2 * fitted**2
    if not found:
        raise ValueError(
            f"output_size={settings.output_size} was given with maps of {size} pixels "
            f"and {filters} filters. Doubling does not lead from {size} pixels to it, "
            f"and reshaping to {fitted} pixels needs more filters. Expected "
            f"{fitted**2} filters or more. Use fc_dimensions and fc_upscales that give "
            f"{fitted} pixels."
        )
    return found


def _to_bottleneck(x: Any, settings: Settings) -> Any:
    return x if settings.bottleneck_in_encoder else bottleneck(x, settings)


def _dense(x: Any, units: Sequence[int], dropout: float) -> Any:
    x = x if len(x.shape) == 2 else layers.Flatten()(x)
    for count in units:
        x = layers.Dense(count)(layers.Dropout(dropout)(x) if dropout else x)
    return x


def _enlarge(x: Any, settings: Settings) -> Any:
    """Applies the upscaling layers that follow the dense layers."""
    s = settings
    if s.fc_upscaler == "upsample2d":
        if s.fc_upscales:
            # As published: nearest for one step, bilinear for several.
            kind = "nearest" if s.fc_upscales == 1 else "bilinear"
            x = layers.UpSampling2D(2**s.fc_upscales, interpolation=kind)(x)
        return layers.LeakyReLU(negative_slope=0.1)(x)
    for _ in range(s.fc_upscales):
        x = enlarge(x, _filters(s.fc_upscale_filters, s), s.fc_upscaler)
    return x

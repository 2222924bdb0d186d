"""PhazeA's middle: bottleneck, dense layers and the widths of a chain."""

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
    """Returns a vector (B, units) of what an encoder gives, maps or a vector."""
    x = normalize(x, settings.bottleneck_norm)
    kind = settings.bottleneck
    if kind in ("average", "max") and len(x.shape) == 2:
        raise ValueError(
            f"bottleneck={kind!r} was given with encoder={settings.encoder!r}, which "
            'gives a vector. Expected maps to pool. Use bottleneck="flatten".'
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
    """Builds latent -> code: the maps of the image, and of the mask, as one vector.

    The mask has maps of its own only where the first enlargements belong to this
    part.

    Returns:
        The model, and the shape of each of the maps.
    """
    s = settings
    given = keras.Input(latent)
    side = s.fc_dimensions
    high = _filters(s.fc_max_filters, s)
    ends = (s.fc_min_filters * side**2, high * side**2)
    units = curve(*ends, s.fc_depth, s.fc_slope)
    x = _dense(_initializer(given, s), units, s.fc_dropout)
    if x.shape[1] != high * side**2:
        raise ValueError(
            f"fc_depth=0 was given with a bottleneck of {x.shape[1]} values. Expected "
            f"fc_dimensions**2 * fc_max_filters = {high * side**2}, as nothing comes "
            "between them. Use fc_depth=1."
        )
    x = _enlarge(layers.Reshape((side, side, high))(x), s)
    maps = [x]
    if s.upscales_in_fc:
        masks = [x] if s.learn_mask else []
        maps = upscale([*maps, *masks], s, chain(s), 0, s.upscales_in_fc)
    shapes = [tuple(one.shape[1:]) for one in maps]
    flat = [layers.Flatten()(one) for one in maps]
    code = flat[0] if len(flat) == 1 else layers.Concatenate()(flat)
    return keras.Model(given, code, name=name), shapes


def build_style(latent: Sequence[int], settings: Settings) -> keras.Model:
    """Builds latent -> (B, units), what steers the G-block for everybody."""
    s = settings
    given = keras.Input(latent)
    ends = (s.gblock_min_units, s.gblock_max_units)
    units = curve(*ends, s.gblock_depth, s.gblock_slope)
    x = _dense(_initializer(given, s), units, s.gblock_dropout)
    return keras.Model(given, x, name="inter_style")


def chain(settings: Settings) -> list[int]:
    """Returns the filters of every enlargement up to the image."""
    s = settings
    size = fit_size(s.output_size, s.fc_dimensions * 2**s.fc_upscales)
    count = int(math.log2(s.output_size // size))
    if s.upscales_in_fc >= count:
        raise ValueError(
            f"upscales_in_fc={s.upscales_in_fc} was given where {size} pixels are "
            f"enlarged {count} time(s). Expected fewer, and one or more left for the "
            f"decoder. Use a larger output_size than {s.output_size}, or smaller "
            "fc_dimensions and fc_upscales."
        )
    return curve(s.max_filters, s.min_filters, count, s.slope, s.slope_mode)


def curve(
    first: int, last: int, count: int, slope: float, mode: str = "full"
) -> list[int]:
    """Returns `count` widths from `first` to `last`, multiples of 8 between them.

    Args:
        first: The first one.
        last: The last one.
        count: How many; of one only the last is left.
        slope: From -1 to 1. In the mode "full" 0 is a straight line, and less changes
            quicker at first; otherwise the share that each step takes off.
        mode: "full"; or "cap_max" and "cap_min", where steps that are more than
            needed stay at the first or at the last.
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
    """Returns filters that can be reshaped to a size that doubles to the image's."""
    size = settings.fc_dimensions * 2**settings.fc_upscales
    fitted = fit_size(settings.output_size, size)
    if fitted == size:
        return filters
    found = filters // fitted**2 * fitted**2
    if not found:
        raise ValueError(
            f"output_size={settings.output_size} was given with maps of {size} pixels "
            f"and {filters} filters, which do not double to it and are too few to be "
            f"reshaped to {fitted} pixels. Expected {fitted**2} filters or more. Use "
            f"fc_dimensions and fc_upscales that give {fitted} pixels."
        )
    return found


def _initializer(x: Any, settings: Settings) -> Any:
    return x if settings.bottleneck_in_encoder else bottleneck(x, settings)


def _dense(x: Any, units: Sequence[int], dropout: float) -> Any:
    x = x if len(x.shape) == 2 else layers.Flatten()(x)
    for count in units:
        x = layers.Dense(count)(layers.Dropout(dropout)(x) if dropout else x)
    return x


def _enlarge(x: Any, settings: Settings) -> Any:
    """Applies the enlargements that follow the dense layers."""
    s = settings
    if s.fc_upscaler == "upsample2d":
        if s.fc_upscales:
            # As published: one step repeats pixels, more of them interpolate.
            kind = "nearest" if s.fc_upscales == 1 else "bilinear"
            x = layers.UpSampling2D(2**s.fc_upscales, interpolation=kind)(x)
        return layers.LeakyReLU(negative_slope=0.1)(x)
    for _ in range(s.fc_upscales):
        x = enlarge(x, _filters(s.fc_upscale_filters, s), s.fc_upscaler)
    return x

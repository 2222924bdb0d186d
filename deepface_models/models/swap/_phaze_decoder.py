"""The G-block and the decoder of PhazeA."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from deepface_models.models.swap import blocks
from deepface_models.models.swap._phaze_settings import Settings
from deepface_models.models.swap._phaze_upscales import upscale


def unpack(code: Any, shapes: Sequence[Sequence[int]], routes: int) -> list[Any]:
    """Returns the maps in a code, with those of its inters concatenated.

    Args:
        code: (B, values): the flattened maps of each inter, and perhaps more.
        shapes: Shapes of an inter's maps.
        routes: Number of inters.

    Returns:
        One tensor (B, H, W, C * routes) for each shape.
    """
    sizes = [math.prod(shape) for shape in shapes]
    if [code.shape[1]] == sizes:
        return [layers.Reshape(shapes[0])(code)]
    found: list[list[Any]] = [[] for _ in shapes]
    start = 0
    for _ in range(routes):
        for index, size in enumerate(sizes):
            values = code[:, start : start + size]
            found[index].append(layers.Reshape(shapes[index])(values))
            start += size
    return [m[0] if routes == 1 else layers.Concatenate()(m) for m in found]


def build_gblock(
    name: str, shape: Sequence[int], units: int, settings: Settings
) -> keras.Model:
    """Builds [maps, vector] -> maps: two convolutions with adaptive normalization.

    References: Karras et al., "A Style-Based Generator Architecture for Generative
    Adversarial Networks", 2019; Huang and Belongie, "Arbitrary Style Transfer in
    Real-time with Adaptive Instance Normalization", 2017.

    Args:
        name: The model's name.
        shape: (H, W, C) of the maps.
        units: Length of the style vector.
        settings: The model's settings.
    """
    maps, style = keras.Input(shape), keras.Input((units,))
    vector = style
    for step in range(3):
        vector = blocks.activate(vector, 0.1) if step else vector
        vector = layers.Dense(settings.style_size, kernel_initializer="he_normal")(
            vector
        )
    filters = shape[-1]
    x = layers.GaussianNoise(1.0)(blocks.conv(maps, filters))
    for step in range(2):
        noise = blocks.conv(layers.GaussianNoise(1.0)(x), filters, 1)
        if step:  # no bias: the next normalization would remove it
            x = blocks.conv(x, filters, use_bias=False)
        x = blocks.activate(layers.Add()([_styled(x, vector), noise]), 0.2)
    return keras.Model([maps, style], x, name=name)


def decode(maps: Sequence[Any], settings: Settings, widths: Sequence[int]) -> Any:
    """Decodes maps to the image (B, S, S, 3), or (B, S, S, 4) with a mask."""
    s = settings
    if s.learn_mask and len(maps) == 1:
        maps = [*maps, *maps]
    face, *masks = upscale(maps, s, widths, s.upscales_in_fc, None)
    image = blocks.out(face, 3, s.output_kernel)
    if not masks:
        return image
    both = [image, blocks.out(masks[0], 1, s.output_kernel)]
    return layers.Concatenate(dtype="float32")(both)


def _styled(x: Any, vector: Any) -> Any:
    """Sets mean and standard deviation of each channel from the style vector."""
    shape = (1, 1, x.shape[-1])
    shift, gain = (
        layers.Reshape(shape)(layers.Dense(shape[-1])(vector)) for _ in range(2)
    )
    x = blocks.standardize(x, (1, 2))
    return x * ops.cast(gain, "float32") + ops.cast(shift, "float32")

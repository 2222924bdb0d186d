"""A face swap with output images up to three times as large as its input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.core.choices import choose
from deepface_models.core.inputs import precision
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._published import Published, light_people

# Width of the encoder's first convolution and of the bottleneck.
QUALITIES = {"low": (24, 640), "fair": (32, 1152), "best": (32, 1664)}


@register_architecture(
    "dlight",
    image_size=128,
    parameters=143_614_006,
    smallest={
        "light": ("ana",),
        "width": 0.02,
        "image_size": 32,
        "output_size": 64,
        "quality": "low",
    },
)
class DLight(Published):
    """faceswap's DLight: 128 pixels in and 128, 256 or 384 out.

    Upscaling layers combine pixel shuffle and bilinear interpolation. Target people
    get a deep decoder, source people a small one. It has 115,299,382 (128 pixels out),
    143,614,006 (256) or 190,805,046 (384) parameters for two people. The defaults are
    faceswap's quality "best" with details "good".

    Reference: faceswap, model "dlight" (dfaker, 2019).

    Args:
        identities: The people's names.
        image_size: Side of the input images in pixels, a multiple of 32; published
            with 128.
        output_size: Side of the output images: one, two or three times `image_size`.
        quality: Widths of encoder and bottleneck: "low", "fair" or "best".
        light: The people with the small decoder; the first one by default.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = DLight(identities=("ana", "ben"), width=0.1)
        >>> model.output["ben"].shape
        (None, 256, 256, 3)
    """

    _arguments = (
        *("identities", "image_size", "output_size", "quality", "light", "width"),
    )

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        output_size: int = 256,
        quality: str = "best",
        light: str | Sequence[str] | None = None,
        width: float = 1.0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("DLight", image_size, 32, 128)
        _check_choices(image_size, output_size, quality)
        light = light_people(light, identities)
        factor = 2 * output_size // image_size
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, *QUALITIES[quality], width)
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                decoders={
                    n: (_small if n in light else _large)(n, encoder, factor, width)
                    for n in identities
                },
                **kwargs,
            )
        self.quality = quality
        self.light = light
        self.width = width


def _check_choices(image_size: int, output_size: int, quality: str) -> None:
    sizes = tuple(image_size * n for n in (1, 2, 3))
    if output_size not in sizes:
        raise ValueError(
            f"output_size={output_size!r} was given with image_size={image_size}. "
            f"Expected one of {sizes} pixels. Use output_size={sizes[1]}."
        )
    choose("quality", quality, QUALITIES, 'Use "low" to save memory.')


def _encoder(size: int, filters: int, units: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    image = keras.Input((size, size, 3))
    x = image
    for step in range(5):
        pooled = blocks.activate(layers.AveragePooling2D(2)(x), 0.1)
        x = layers.Concatenate()([blocks.down(x, wide(filters * 2**step)), pooled])
    x = layers.Dense(wide(units))(layers.Flatten()(x))
    x = layers.Dropout(0.05)(x)
    low = size // 32
    x = layers.Dense(low * low * wide(1024))(x)
    x = layers.Reshape((low, low, wide(1024)))(layers.Dropout(0.05)(x))
    return keras.Model(image, x, name="encoder")


def _small(name: str, encoder: keras.Model, factor: int, width: float) -> keras.Model:
    latent = keras.Input(encoder.output.shape[1:])
    x = layers.UpSampling2D(factor, interpolation="bilinear")(latent)
    for filters in (256, 128, 64, 32):
        x = blocks.hybrid_up(x, blocks.scaled(width)(filters))
    return keras.Model(latent, blocks.out(x), name=f"decoder_{name}")


def _large(name: str, encoder: keras.Model, factor: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    latent = keras.Input(encoder.output.shape[1:])
    x = _late_up(latent, wide(512), factor)
    for use_bias in (True, False, False):
        x = blocks.residual(x, use_bias=use_bias)
    x = _late_up(x, wide(512))
    for use_bias in (True, False):
        x = blocks.residual(x, use_bias=use_bias)
    x = _late_up(layers.BatchNormalization()(x), wide(256))
    x = _late_up(blocks.residual(x), wide(128))
    x = layers.BatchNormalization()(blocks.residual(x, use_bias=False))
    x = blocks.hybrid_up(x, wide(64))
    return keras.Model(latent, blocks.out(x), name=f"decoder_{name}")


def _late_up(x: Any, filters: int, factor: int = 2) -> Any:
    """Upscales by `hybrid_up` without activation; a leaky ReLU follows."""
    return blocks.activate(blocks.hybrid_up(x, filters, factor, slope=None), 0.2)

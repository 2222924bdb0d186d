"""A face swap with a larger decoder for the target person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.core.inputs import precision
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._published import Published, light_people

_STDDEV = 0.02


@register_architecture(
    "unbalanced",
    image_size=128,
    parameters=207_046_186,
    smallest={"light": ("ana",), "width": 0.02, "image_size": 32},
)
class Unbalanced(Published):
    """faceswap's Unbalanced: a large decoder for target people, small for source.

    Images have 128 x 128 pixels. 207,046,186 parameters: encoder 83,964,932, small
    decoder 43,633,827, large decoder 79,447,427.

    Reference: faceswap, model "unbalanced".

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 32; published with 64
            to 512.
        light: The people with the small decoder; the first one by default.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = Unbalanced(("ana", "ben"), light=("ben",), width=0.1)
        >>> sizes = {n: d.count_params() for n, d in model.decoders.items()}
        >>> sizes["ben"] < sizes["ana"]
        True
    """

    _arguments = ("identities", "image_size", "light", "width")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        light: str | Sequence[str] | None = None,
        width: float = 1.0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("Unbalanced", image_size, 32, 128)
        light = light_people(light, identities)
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, width)
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                decoders={
                    n: (_small if n in light else _large)(n, encoder, width)
                    for n in identities
                },
                **kwargs,
            )
        self.light = light
        self.width = width


def _encoder(size: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    image = keras.Input((size, size, 3))
    x = image
    for filters in (128, 256):
        x = blocks.conv(x, wide(filters), 5, _STDDEV, strides=2)
        x = blocks.activate(blocks.ImageNormalization()(x), 0.1)
    for filters in (512, 768, 1024):
        x = blocks.down(x, wide(filters), stddev=_STDDEV)
    x = blocks.dense_maps(x, wide(1024), size // 16, wide(512))
    return keras.Model(image, x, name="encoder")


def _small(name: str, encoder: keras.Model, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    latent = keras.Input(encoder.output.shape[1:])
    x = latent
    for filters in (384, 384, 192):
        x = blocks.up(x, wide(filters), 5, stddev=_STDDEV)
        x = layers.SpatialDropout2D(0.25)(x)
    x = blocks.up(x, wide(96), 5, stddev=_STDDEV)
    return keras.Model(latent, blocks.out(x, stddev=_STDDEV), name=f"decoder_{name}")


def _large(name: str, encoder: keras.Model, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    latent = keras.Input(encoder.output.shape[1:])
    x = latent
    for filters in (512, 512, 256):
        x = blocks.up(x, wide(filters), 5, slope=0.2, stddev=_STDDEV)
        x = blocks.residual(x, stddev=_STDDEV)
    x = blocks.up(x, wide(128), 5, stddev=_STDDEV)
    return keras.Model(latent, blocks.out(x, stddev=_STDDEV), name=f"decoder_{name}")

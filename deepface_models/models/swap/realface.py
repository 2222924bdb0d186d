"""A face swap with the bottleneck in its decoders, one large and one small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.inputs import precision
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._published import Published, light_people

_STDDEV = 0.02
_SHRINK = 1.5  # divisor of the small decoder's widths


@register_architecture(
    "realface",
    image_size=64,
    parameters=238_241_676,
    smallest={"light": ("ana",), "width": 0.02, "image_size": 16, "output_size": 32},
)
class RealFace(Published):
    """faceswap's RealFace: a residual encoder, and decoders with a bottleneck each.

    Target people get a decoder of 144,441,027 parameters, source people one of
    64,196,041: 238,241,676 with the encoder, for 64 pixels in and 128 out.

    Reference: faceswap, model "realface" (Andenixa).

    Args:
        identities: The people's names.
        image_size: Side of the input images in pixels, a multiple of 16; published
            with 64 to 128.
        output_size: Side of the output images in pixels, a multiple of 32; published
            with 64 to 256.
        light: The people with the small decoder; the first one by default.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = RealFace(identities=("ana", "ben"), width=0.1)
        >>> model.output["ben"].shape
        (None, 128, 128, 3)
    """

    _arguments = ("identities", "image_size", "output_size", "light", "width")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 64,
        output_size: int = 128,
        light: str | Sequence[str] | None = None,
        width: float = 1.0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("RealFace", image_size, 16, 64)
        sizes = _start_and_doublings(image_size, output_size)
        light = light_people(light, identities)
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, width)
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                decoders={
                    n: _decoder(n, encoder, *sizes, n in light, width)
                    for n in identities
                },
                **kwargs,
            )
        self.light = light
        self.width = width


def _start_and_doublings(image_size: int, output_size: int) -> tuple[int, int]:
    """Returns the size of a decoder's first maps, and how often it is doubled."""
    pairs = [(output_size // 2**n, n) for n in (4, 5) if 0 < output_size // 2**n < 10]
    if output_size < 32 or output_size % 32 or not pairs:
        raise ValueError(
            f"output_size={output_size!r} was given. Expected a multiple of 32 up to "
            "288 for RealFace. Use output_size=128, as published."
        )
    return min(pairs, key=lambda pair: abs(pair[0] * 16 - image_size))


def _encoder(size: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    image = keras.Input((size, size, 3))
    x = image
    for filters in (128, 256, 512):
        x = blocks.down(x, wide(filters), 0.2, stddev=_STDDEV)
        for _ in range(2):
            x = blocks.residual(x, stddev=_STDDEV)
    x = blocks.down(x, wide(1024), stddev=_STDDEV)  # (B, S/16, S/16, 1024)
    return keras.Model(image, x, name="encoder")


def _decoder(
    name: str,
    encoder: keras.Model,
    size: int,
    doublings: int,
    small: bool,
    width: float,
) -> keras.Model:
    shrink = _SHRINK if small else 1.0
    wide = blocks.scaled(width)
    filters = wide(int((1024 - (size - 4) * 64) / shrink))
    latent = keras.Input(encoder.output.shape[1:])
    x = blocks.dense_maps(latent, wide(int(1536 / shrink)), size, filters)
    x = blocks.up(x, filters, slope=0.2, stddev=_STDDEV)
    x = blocks.residual(x, use_bias=False, stddev=_STDDEV)
    for step in range(doublings - 1):
        deep = not small and step < doublings - 2
        width_of_step = wide(int(512 / shrink) // 2**step)
        x = blocks.up(x, width_of_step, slope=0.2 if deep else 0.1, stddev=_STDDEV)
        if deep:
            x = blocks.residual(x, use_bias=False, stddev=_STDDEV)
            x = blocks.residual(x, stddev=_STDDEV)
    return keras.Model(latent, blocks.out(x, stddev=_STDDEV), name=f"decoder_{name}")

"""The first published face swap with larger output than input images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.inputs import precision
from deepface_models.models.registry import Form, register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._published import Published

_STDDEV = 0.02  # of the convolutions' initial weights, as published


@register_architecture(
    "dfaker",
    image_size=64,
    parameters=113_330_822,
    smallest={"image_size": 128, "width": 0.01, "residual_slope": 0.1},
    forms={"128 to 256": Form({"image_size": 128}, 258_046_598)},
)
class DFaker(Published):
    """dfaker's network: 64 x 64 pixels in and 128 x 128 out, or 128 in and 256 out.

    It has the original encoder, and decoders with a residual block after each
    upscaling layer: 113,330,822 parameters for two people, or 258,046,598 with 128
    pixels in. The defaults are those of faceswap.

    Reference: faceswap, model "dfaker", after dfaker/df (2018).

    Args:
        identities: The people's names.
        image_size: Side of the input images in pixels, 64 or 128; output images have
            twice that.
        width: Multiple of the published widths.
        residual_slope: Negative slope of the leaky ReLU before a residual block:
            0.2 as in faceswap, 0.1 as in dfaker/df.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = DFaker(identities=("ana", "ben"), width=0.1)
        >>> model.output["ben"].shape
        (None, 128, 128, 3)
    """

    _arguments = ("identities", "image_size", "width", "residual_slope")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 64,
        width: float = 1.0,
        residual_slope: float = 0.2,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        if image_size not in (64, 128):
            raise ValueError(
                f"image_size={image_size!r} was given. Expected 64 or 128 pixels for "
                "DFaker, whose output has twice that. Use image_size=64."
            )
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, width)
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                decoders={
                    n: _decoder(n, encoder, image_size, width, residual_slope)
                    for n in identities
                },
                **kwargs,
            )
        self.width = width
        self.residual_slope = residual_slope


def _encoder(size: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    image = keras.Input((size, size, 3))
    x = image
    for filters in (128, 256, 512, 1024):
        x = blocks.down(x, wide(filters), stddev=_STDDEV)
    x = blocks.dense_maps(x, wide(1024), 4, wide(1024))
    x = blocks.up(x, wide(512), stddev=_STDDEV)  # (B, 8, 8, 512)
    return keras.Model(image, x, name="encoder")


def _decoder(
    name: str, encoder: keras.Model, size: int, width: float, slope: float
) -> keras.Model:
    wide = blocks.scaled(width)
    latent = keras.Input(encoder.output.shape[1:])
    x = latent
    for filters in (1024, 512, 256, 128) if size == 128 else (512, 256, 128):
        x = blocks.up(x, wide(filters), slope=slope, stddev=_STDDEV)
        x = blocks.residual(x, stddev=_STDDEV)
    x = blocks.up(x, wide(64), stddev=_STDDEV)
    return keras.Model(latent, blocks.out(x, stddev=_STDDEV), name=f"decoder_{name}")

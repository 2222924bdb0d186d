"""The smallest of the published face-swap autoencoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.inputs import precision
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._published import Published


@register_architecture(
    "lightweight",
    image_size=64,
    parameters=51_066_374,
    smallest={"image_size": 32, "width": 0.02},
)
class Lightweight(Published):
    """The original network with three convolutions and half the bottleneck width.

    Images have 64 x 64 pixels; 51,066,374 parameters for two people. It trains about
    three times as fast as `Original`.

    Reference: faceswap, model "lightweight".

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 16; published with 64.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = Lightweight(identities=("ana", "ben"), width=0.1)
        >>> model.output["ben"].shape
        (None, 64, 64, 3)
    """

    _arguments = ("identities", "image_size", "width")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 64,
        width: float = 1.0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("Lightweight", image_size, 16, 64)
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, width)
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                decoders={n: _decoder(n, encoder, width) for n in identities},
                **kwargs,
            )
        self.width = width


def _encoder(size: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    image = keras.Input((size, size, 3))
    x = image
    for filters in (128, 256, 512):
        x = blocks.down(x, wide(filters))  # (B, S/8, S/8, 512) at the end
    x = blocks.dense_maps(x, wide(512), size // 16, wide(512))
    return keras.Model(image, blocks.up(x, wide(256)), name="encoder")


def _decoder(name: str, encoder: keras.Model, width: float) -> keras.Model:
    widths = [blocks.scaled(width)(filters) for filters in (512, 256, 128)]
    return blocks.up_decoder(f"decoder_{name}", encoder.output.shape[1:], widths)

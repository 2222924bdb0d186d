"""A face swap with a deep residual encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.core.inputs import precision
from deepface_models.layers import PixelShuffle
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._published import Published

_STDDEV = 0.02


@register_architecture(
    "villain",
    image_size=128,
    parameters=155_115_014,
    smallest={"image_size": 32, "residual_blocks": 2, "width": 0.05},
)
class Villain(Published):
    """faceswap's Villain: an encoder with sixteen residual blocks at half size.

    Images have 128 x 128 pixels; 155,115,014 parameters for two people. It preserves
    fine detail and is slow, because most layers work at 64 x 64 pixels.

    Reference: faceswap, model "villain" (VillainGuy).

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 32; published with 128.
        residual_blocks: Residual blocks at half size; faceswap uses 8 for small GPUs.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = Villain(("ana", "ben"), residual_blocks=2, width=0.1)
        >>> model.output["ben"].shape
        (None, 128, 128, 3)
    """

    _arguments = ("identities", "image_size", "residual_blocks", "width")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        residual_blocks: int = 16,
        width: float = 1.0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("Villain", image_size, 32, 128)
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, residual_blocks, width)
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                decoders={n: _decoder(n, encoder, width) for n in identities},
                **kwargs,
            )
        self.residual_blocks = residual_blocks
        self.width = width


def _encoder(size: int, residual_blocks: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    image = keras.Input((size, size, 3))
    first = blocks.conv(image, 4 * wide(32), 5, _STDDEV, strides=2)
    x = blocks.activate(first, 0.2)  # (B, S/2, S/2, 128)
    for _ in range(residual_blocks):
        x = blocks.residual(x, stddev=_STDDEV)
    x = layers.Add()([x, blocks.activate(first, 0.1)])
    for _ in range(2):  # down to S/4 and back to S/2, twice
        x = PixelShuffle(2)(blocks.down(x, 4 * wide(32), stddev=_STDDEV))
    x = blocks.down(x, 4 * wide(32), stddev=_STDDEV)
    x = blocks.separable_down(x, wide(256))
    x = blocks.down(x, wide(512), stddev=_STDDEV)
    x = blocks.separable_down(x, wide(1024))  # (B, S/32, S/32, 1024)
    x = blocks.dense_maps(x, wide(1024), size // 16, wide(1024))
    x = blocks.up(x, wide(512), stddev=_STDDEV)
    return keras.Model(image, x, name="encoder")


def _decoder(name: str, encoder: keras.Model, width: float) -> keras.Model:
    widths = [blocks.scaled(width)(filters) for filters in (512, 256, 128)]
    shape = encoder.output.shape[1:]
    return blocks.up_decoder(f"decoder_{name}", shape, widths, 1, _STDDEV)

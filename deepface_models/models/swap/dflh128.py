"""DeepFaceLab's early network of 128 pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.inputs import precision
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._published import Published


@register_architecture(
    "dflh128",
    image_size=128,
    parameters=107_716_102,
    smallest={"image_size": 32, "latent_size": 6, "width": 0.02},
)
class DFLH128(Published):
    """The original network at 128 pixels, with half the bottleneck width.

    107,716,102 parameters for two people.

    Reference: faceswap, model "dfl_h128", after DeepFaceLab's H128.

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 16; published with 128.
        latent_size: Width of the bottleneck; published with 512, and with 256 for
            small GPUs.
        width: Multiple of the other published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = DFLH128(identities=("ana", "ben"), width=0.1)
        >>> model.output["ben"].shape
        (None, 128, 128, 3)
    """

    _arguments = ("identities", "image_size", "latent_size", "width")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        latent_size: int = 512,
        width: float = 1.0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("DFLH128", image_size, 16, 128)
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, latent_size, width)
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                decoders={n: _decoder(n, encoder, width) for n in identities},
                **kwargs,
            )
        self.latent_size = latent_size
        self.width = width


def _encoder(size: int, latent_size: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    image = keras.Input((size, size, 3))
    x = image
    for filters in (128, 256, 512, 1024):
        x = blocks.down(x, wide(filters))  # (B, S/16, S/16, 1024) at the end
    x = blocks.dense_maps(x, latent_size, size // 16, wide(512))
    return keras.Model(image, blocks.up(x, wide(512)), name="encoder")


def _decoder(name: str, encoder: keras.Model, width: float) -> keras.Model:
    widths = [blocks.scaled(width)(filters) for filters in (512, 256, 128)]
    return blocks.up_decoder(f"decoder_{name}", encoder.output.shape[1:], widths)

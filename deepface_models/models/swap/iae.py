"""A face swap in which only a person's inter is not shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.inputs import precision
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._graph import SHARED
from deepface_models.models.swap._published import Published


@register_architecture(
    "iae",
    image_size=64,
    parameters=117_816_003,
    smallest={"image_size": 32, "width": 0.02},
)
class IAE(Published):
    """faceswap's IAE: a shared encoder, decoder and inter, and an inter per person.

    A person's code is the concatenated output of their own inter and the shared one.
    Images have 64 x 64 pixels; 117,816,003 parameters for two people.

    Reference: faceswap, model "iae".

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 16; published with 64.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = IAE(identities=("ana", "ben"), width=0.1)
        >>> sorted(model.parts)
        ['decoder', 'encoder', 'inter', 'inter.ana', 'inter.ben']
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
        blocks.check_size("IAE", image_size, 16, 64)
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, width)
            decoder = _decoder(image_size, width)
            inters = (*identities, SHARED)
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                inters={n: _inter(n, encoder, image_size, width) for n in inters},
                routes={name: (name, SHARED) for name in identities},
                decoders=dict.fromkeys(identities, decoder),
                **kwargs,
            )
        self.width = width


def _encoder(size: int, width: float) -> keras.Model:
    image = keras.Input((size, size, 3))
    x = image
    for filters in (128, 256, 512, 1024):
        x = blocks.down(x, blocks.scaled(width)(filters))
    return keras.Model(image, keras.layers.Flatten()(x), name="encoder")


def _inter(name: str, encoder: keras.Model, size: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    latent = keras.Input(encoder.output.shape[1:])
    maps = blocks.dense_maps(latent, wide(1024), size // 16, wide(512))
    return keras.Model(latent, maps, name=f"inter_{name}" if name else "inter")


def _decoder(size: int, width: float) -> keras.Model:
    wide = blocks.scaled(width)
    shape = (size // 16, size // 16, 2 * wide(512))
    return blocks.up_decoder("decoder", shape, [wide(n) for n in (512, 256, 128, 64)])

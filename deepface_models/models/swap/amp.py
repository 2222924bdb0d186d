"""DeepFaceLab's morphing network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.core.inputs import precision
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._dfl import DeepFaceLab, build_decoder, build_encoder
from deepface_models.models.swap._dfl_loss import DeepFaceLabLoss
from deepface_models.models.swap._mixing import ChannelMix
from deepface_models.optimizers import AdaBelief


@register_architecture(
    "amp",
    image_size=224,
    parameters=101_345_195,
    smallest={
        "image_size": 32,
        "latent_size": 6,
        "inter_size": 8,
        "encoder_width": 3,
        "decoder_width": 2,
        "mask_width": 2,
        "morph_factor": 0.25,
        "target": "ana",
    },
)
class AMP(DeepFaceLab):
    """DeepFaceLab's AMP: a shared encoder and decoder, and an inter for each person.

    It is made for morphing. While training, only a fraction of the channels of the
    target person's code comes from their own inter; the rest comes from another
    person's. Channels and other person are sampled for each face, so the shared decoder
    learns to decode mixtures. Other people's codes, and all codes at inference, come
    from their own inter only. `predict(faces, identity="ana", morph=0.7)` takes the
    first 70 % of the channels from ana's inter. It learns masks, and has 101,345,195
    parameters for two people at 224 pixels.

    DeepFaceLab never updates its inters; here they are trained like all other parts.
    `compile()` uses the optimizer and loss of `SAEHD`, and the absolute error at eyes
    and mouth with weight 300.

    Reference: DeepFaceLab, model "AMP".

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 32; published with 224.
        latent_size: Width of the bottleneck.
        inter_size: Channels of the inters.
        encoder_width: Width of the encoder's first convolution.
        decoder_width: An eighth of the decoder's largest width.
        mask_width: An eighth of the mask branch's largest width.
        morph_factor: Fraction of the target person's own channels while training,
            above 0 and up to 1; published with 0.1 to 0.5.
        target: The person to swap into other people's images; the first by default.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = AMP(("ana", "ben"), 32, 8, 16, 4, 4, 2)
        >>> sorted(model.parts)
        ['decoder', 'encoder', 'inter.ana', 'inter.ben']
    """

    _arguments = (
        *("identities", "image_size", "latent_size", "inter_size", "encoder_width"),
        *("decoder_width", "mask_width", "morph_factor", "target"),
    )

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 224,
        latent_size: int = 256,
        inter_size: int = 1024,
        encoder_width: int = 64,
        decoder_width: int = 64,
        mask_width: int = 22,
        morph_factor: float = 0.5,
        target: str | None = None,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("AMP", image_size, 32, 224)
        if not 0 < morph_factor <= 1:
            raise ValueError(
                f"morph_factor={morph_factor!r} was given. Expected a number above 0 "
                "and up to 1. Use 0.5, or less for less similarity to the target."
            )
        target = identities[0] if target is None else target
        with precision(kwargs.pop("dtype", None)):
            encoder = _encoder(image_size, encoder_width, latent_size)
            shape = (image_size // 32, image_size // 32, inter_size)
            decoder = build_decoder("decoder", shape, decoder_width, mask_width, "td")
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                inters={n: _inter(n, latent_size, shape) for n in identities},
                routes=_routes(identities, target),
                mix=ChannelMix(morph_factor, name="mix"),
                decoders=dict.fromkeys(identities, decoder),
                has_mask=True,
                **kwargs,
            )
        self.latent_size = latent_size
        self.inter_size = inter_size
        self.encoder_width = encoder_width
        self.decoder_width = decoder_width
        self.mask_width = mask_width
        self.morph_factor = morph_factor
        self.target = target

    def _loss(self) -> keras.losses.Loss:
        return DeepFaceLabLoss(regions=300.0)

    def _optimizer(self) -> keras.optimizers.Optimizer:
        return AdaBelief(5e-5)


def _routes(identities: Sequence[str], target: str) -> dict[str, tuple[str, ...]]:
    """Returns each person's inters; the target person's route has all of them."""
    return {
        n: (n, *sorted(set(identities) - {n})) if n == target else (n,)
        for n in identities
    }


def _encoder(size: int, width: int, latent_size: int) -> keras.Model:
    convolutions = build_encoder(size, width, "tu")
    latent = layers.Dense(latent_size)(convolutions.output)
    return keras.Model(convolutions.input, latent, name="encoder")


def _inter(name: str, latent_size: int, shape: Sequence[int]) -> keras.Model:
    low, _, channels = shape
    latent = keras.Input((latent_size,))
    x = layers.Dense(low * low * channels)(latent)  # low x low maps, S/32 wide
    return keras.Model(latent, layers.Reshape(shape)(x), name=f"inter_{name}")

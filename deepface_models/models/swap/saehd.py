"""DeepFaceLab's main network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.inputs import precision
from deepface_models.models.registry import Form, register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._dfl import DeepFaceLab, check_letters, networks
from deepface_models.optimizers import AdaBelief


@register_architecture(
    "saehd",
    image_size=128,
    parameters=82_376_555,
    smallest={
        "image_size": 32,
        "architecture": "liae-udtc",
        "latent_size": 6,
        "encoder_width": 3,
        "decoder_width": 2,
        "mask_width": 2,
        "target": "ana",
    },
    forms={"df": Form({"architecture": "df"}, 57_538_432)},
)
class SAEHD(DeepFaceLab):
    """DeepFaceLab's SAEHD in its forms "df" and "liae", with learned masks.

    "df" has a decoder for each person. "liae" has one decoder for all people, and
    inters: the target person's code is the output of the shared inter twice, anybody
    else's that of their own inter and the shared one. Letters after a hyphen: "u"
    normalizes the latent (more likeness), "d" computes at half size and doubles it at
    the end, "t" is deeper, "c" uses x * cos(x) as activation. For two people at 128
    pixels "liae-ud" has 82,376,555 parameters, "df" 57,538,432.

    `compile()` uses AdaBelief with a learning rate of 5e-5, and structural
    dissimilarity, squared error and mask error, each with weight 10.

    Reference: Perov et al., "DeepFaceLab: Integrated, flexible and extensible
    face-swapping framework", 2020.

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 16, or of 32 with "d"
            or "t"; published with 64 to 640, 128 by default.
        architecture: "df" or "liae", with letters after a hyphen.
        latent_size: Width of the bottleneck.
        encoder_width: Width of the encoder's first convolution.
        decoder_width: An eighth of the decoder's largest width.
        mask_width: An eighth of the mask branch's largest width.
        target: For "liae": the person to swap into other people's images; the first
            by default. "df" does not use it.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = SAEHD(("ana", "ben"), 64, "df-ud", 8, 4, 4, 2)
        >>> model.output["ben"].shape
        (None, 64, 64, 4)
    """

    _arguments = (
        *("identities", "image_size", "architecture", "latent_size"),
        *("encoder_width", "decoder_width", "mask_width", "target"),
    )

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        architecture: str = "liae-ud",
        latent_size: int = 256,
        encoder_width: int = 64,
        decoder_width: int = 64,
        mask_width: int = 22,
        target: str | None = None,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        _, letters = check_letters(architecture)
        multiple = 32 if set(letters) & {"d", "t"} else 16
        blocks.check_size(f'SAEHD "{architecture}"', image_size, multiple, 128)
        target = identities[0] if target is None else target
        widths = (latent_size, encoder_width, decoder_width, mask_width)
        with precision(kwargs.pop("dtype", None)):
            super().__init__(
                identities=identities,
                image_size=image_size,
                **networks(identities, image_size, architecture, widths, target),
                **kwargs,
            )
        self.architecture = architecture
        self.latent_size = latent_size
        self.encoder_width = encoder_width
        self.decoder_width = decoder_width
        self.mask_width = mask_width
        self.target = target

    def _optimizer(self) -> keras.optimizers.Optimizer:
        return AdaBelief(5e-5)

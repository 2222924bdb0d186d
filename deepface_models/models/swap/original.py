"""The first published face-swap autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.inputs import precision
from deepface_models.losses import ImageLoss
from deepface_models.models.registry import Form, register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap.base import FaceSwap


@register_architecture(
    "original",
    image_size=64,
    parameters=82_062_470,
    smallest={"image_size": 16, "latent_size": 4, "low_memory": True},
    forms={"low memory": Form({"low_memory": True}, 60_565_126)},
)
class Original(FaceSwap):
    """The network of the original deepfakes code and of FakeApp.

    Images have 64 x 64 pixels. The encoder has 69,662,976 parameters and each decoder
    6,199,747: 82,062,470 for two people. `compile()` uses the published settings:
    Adam with a learning rate of 5e-5 and beta_1 0.5, and the mean absolute error.

    Reference: joshua-wu/deepfakes_faceswap (2017), model.py.

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 16; published with 64.
        latent_size: Width of the bottleneck; by default as published: 1024, or 512
            with `low_memory`.
        low_memory: Whether to leave out the encoder's last convolution, as faceswap
            does for small GPUs: 60,565,126 parameters.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = Original(identities=("ana", "ben"))
        >>> model.count_params()
        82062470
    """

    _arguments = ("identities", "image_size", "latent_size", "low_memory")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 64,
        latent_size: int | None = None,
        low_memory: bool = False,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("Original", image_size, 16, 64)
        latent_size = latent_size or (512 if low_memory else 1024)
        with precision(kwargs.pop("dtype", None)):
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=self._build_encoder(image_size, latent_size, low_memory),
                decoders={n: self._build_decoder(n, image_size) for n in identities},
                **kwargs,
            )
        self.latent_size = latent_size
        self.low_memory = low_memory

    @staticmethod
    def _build_encoder(size: int, latent_size: int, low_memory: bool) -> keras.Model:
        image = keras.Input((size, size, 3))
        x = image
        for filters in (128, 256, 512) if low_memory else (128, 256, 512, 1024):
            x = blocks.down(x, filters)  # (B, S/16, S/16, 1024) at the end, or S/8
        x = blocks.dense_maps(x, latent_size, size // 16, 1024)
        return keras.Model(image, blocks.up(x, 512), name="encoder")

    @staticmethod
    def _build_decoder(name: str, size: int) -> keras.Model:
        shape = (size // 8, size // 8, 512)
        return blocks.up_decoder(f"decoder_{name}", shape, (256, 128, 64))

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles; the published optimizer and loss are the defaults."""
        super().compile(
            optimizer=optimizer or keras.optimizers.Adam(5e-5, beta_1=0.5),
            loss=loss or {name: ImageLoss() for name in self.identities},
            **kwargs,
        )

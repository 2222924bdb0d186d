"""How each preset is made: its model, its training and what its card says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pretrain_absent  # noqa: F401 - before the models
from numpy.typing import NDArray

from deepface_models.autoencoders import (
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    VariationalAutoencoder,
)
from deepface_models.data.augmentation import Augmentation
from deepface_models.losses import FaceLoss

Array = NDArray[Any]

FACES, MNIST, FASHION = "faces", "mnist", "fashion"

SOURCES = {
    "congress": "official portraits of members of the US Congress (public domain)",
    "congress_historic": "members of 1863 to 1921 (public domain)",
    "london_smiling": (
        "the Face Research Lab London Set (L. DeBruine and B. Jones 2017, "
        "doi:10.6084/m9.figshare.5047666, CC BY 4.0)"
    ),
    "att_faces": "the Database of Faces (credit: AT&T Laboratories Cambridge)",
    "sfhq": "SFHQ, generated (D. Beniaguev, MIT)",
    "sfhq_t2i": "SFHQ-T2I, generated (D. Beniaguev, MIT)",
    "synthetic_people": "openpeople 0.1.2, generated (Prompt Haus, MIT)",
}
USE = {
    FACES: (
        "Trying out autoencoders on aligned faces (FaceAligner, face_type 'full') "
        "without training first; teaching; a start for training on faces of your own."
    ),
    MNIST: "Trying out autoencoders without training first; teaching.",
    FASHION: "Trying out autoencoders without training first; teaching.",
}
NOT_FOR = {
    FACES: (
        "Recognising, identifying or judging people; passing generated faces off as "
        "real persons; putting people into pictures without their consent."
    ),
    MNIST: "Reading digits.",
    FASHION: "Anything beyond demonstration.",
}
LIMITS = {
    FACES: (
        "Learnt from few pictures for some minutes: fine texture, earrings, hats, "
        "patterned backgrounds and reflections in glasses come out blurred, profiles "
        "worse than front views. Most people in the data are US politicians, so older "
        "men in suits are over-represented, women and young people are too few. Skin "
        "tone is stated only for the synthetic people, sex and age only for the London "
        "set and them, glasses only where pictures were found by searching for them; "
        "for all others nothing was guessed, so the figures by group are of few people."
    ),
    MNIST: "Written digits of 28 x 28 px, white on black, and nothing else.",
    FASHION: "Garments of 28 x 28 px, white on black, and nothing else.",
}
# Of the weights. The London set asks for credit (CC BY 4.0), so does AT&T; MNIST is
# shared under CC BY-SA 3.0 and Fashion-MNIST under MIT.
LICENCES = {FACES: "CC-BY-4.0", MNIST: "CC-BY-SA-3.0", FASHION: "MIT"}

# Strong enough that two thousand pictures are not learnt by heart.
MOVED = Augmentation(rotation=5.0, zoom=0.05, shift=0.025, flip=0.5)


@dataclass(frozen=True)
class Recipe:
    """How to make a preset."""

    description: str
    build: Callable[..., Any]  # takes a dtype
    data: str = FACES
    size: int = 64
    loss: Callable[[], Any] | None = None  # the model's own if None
    learning_rate: float = 1e-3
    batch_size: int = 16
    moves: Augmentation | None = field(default=MOVED)
    colour: float = 0.05
    blend: float = 0.0
    weight_decay: float = 0.0
    warmup: int = 0  # steps until the KL term has its weight
    minutes: float = 8.0  # on two CPU cores

    def seen(self, images: Array) -> Array:
        """What training shows of pictures, but for small changes: mirrored ones too."""
        flips = self.moves is not None and self.moves.flip
        return np.concatenate([images, images[:, :, ::-1]]) if flips else images


def sharp() -> FaceLoss:
    """Absolute error and structure: sharper than squared error for as many numbers."""
    return FaceLoss(l1=1.0, structure=1.0)


def faithful() -> FaceLoss:
    """Mostly errors, for the PSNR.

    On what PCA draws of faces the gradient of structure is 5 times that of l1, and
    that of squared a ninth, so that here each of the three pulls about as hard.
    """
    return FaceLoss(l1=1.0, structure=0.2, squared=10.0)


def digits(description: str, data: str, build: Callable[..., Any], **more: Any) -> Any:
    """A recipe for pictures of 28 x 28 px, which are not changed."""
    return Recipe(description, build, data, 28, None, 2e-3, 128, None, **more)


def autoencoder_faces_64(dtype: str) -> Any:
    shape, widths = (64, 64, 3), (32, 64, 72)
    return ConvolutionalAutoencoder(shape, widths, "leaky_relu", 256, dtype=dtype)


def vae_faces_64(dtype: str) -> Any:
    return VariationalAutoencoder(
        (64, 64, 3),
        latent_size=128,
        architecture="convolutional",
        widths=(32, 64, 128),
        beta=0.5,
        dtype=dtype,
    )


def vae_faces_128(dtype: str) -> Any:
    return VariationalAutoencoder(
        (128, 128, 3),
        latent_size=128,
        architecture="convolutional",
        widths=(24, 48, 96, 192),
        beta=2.0,
        dtype=dtype,
    )


def denoiser_faces_128(dtype: str) -> Any:
    shape, widths = (128, 128, 3), (32, 64)
    return DenoisingAutoencoder(shape, widths, amount=0.2, dtype=dtype)


def small_autoencoder(dtype: str) -> Any:
    shape, widths = (28, 28, 1), (32, 64)
    return ConvolutionalAutoencoder(shape, widths, "leaky_relu", 32, dtype=dtype)


def small_vae(dtype: str) -> Any:
    return VariationalAutoencoder(
        (28, 28, 1), latent_size=8, architecture="convolutional", dtype=dtype
    )


RECIPES: dict[str, Recipe] = {
    "autoencoder_faces_64": Recipe(
        "Autoencoder of aligned faces, 64 x 64 px: 256 numbers a face",
        autoencoder_faces_64,
        loss=faithful,
        blend=0.5,
        weight_decay=0.05,
        minutes=40.0,
    ),
    "vae_faces_64": Recipe(
        "Variational autoencoder of aligned faces, 64 x 64 px: 128 numbers a face",
        vae_faces_64,
        loss=sharp,
        learning_rate=1.5e-3,
        warmup=2000,
        minutes=10.0,
    ),
    "vae_faces_128": Recipe(
        "Variational autoencoder of aligned faces, 128 x 128 px: 128 numbers a face",
        vae_faces_128,
        size=128,
        loss=sharp,
        warmup=1000,
        minutes=12.0,
    ),
    "denoiser_faces_128": Recipe(
        "Removes Gaussian noise (standard deviation 0.2) from aligned faces, "
        "128 x 128 px",
        denoiser_faces_128,
        size=128,
        loss=sharp,
        learning_rate=2e-3,
        batch_size=8,
        minutes=8.0,
    ),
    "autoencoder_mnist": digits(
        "Autoencoder of written digits: 32 numbers a digit",
        MNIST,
        small_autoencoder,
        minutes=3.0,
    ),
    "vae_mnist": digits(
        "Variational autoencoder of written digits: 8 numbers a digit",
        MNIST,
        small_vae,
        minutes=3.0,
    ),
    "autoencoder_fashion": digits(
        "Autoencoder of garments: 32 numbers a garment",
        FASHION,
        small_autoencoder,
        minutes=4.0,
    ),
    "vae_fashion": digits(
        "Variational autoencoder of garments: 8 numbers a garment",
        FASHION,
        small_vae,
        minutes=4.0,
    ),
}

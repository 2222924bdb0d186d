"""How each preset is made: model, loss and training, by the preset's name.

Recipes are plain values, so that listing them imports no Keras.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deepface_models.core.choices import choose
from deepface_models.pretraining.facts import FACES, FASHION, MNIST, PERSON, VIEWS

# Strong enough that two thousand images are not learned by heart.
_MOVED = {"rotation": 5.0, "zoom": 0.05, "shift": 0.025, "flip": 0.5}
# Absolute error and structure: sharper than squared error for as many numbers.
_SHARP = {"l1": 1.0, "structure": 1.0}
# Mostly errors, for the PSNR. On what PCA renders of faces the gradient of structure
# is 5 times that of l1, and that of squared a ninth: each pulls about as hard.
_FAITHFUL = {"l1": 1.0, "structure": 0.2, "squared": 10.0}
# The talkers that the docs measure swaps with.
_MEASURED_ON = ("grid_s1", "oygard")

_MODULES = {VIEWS: "swift", PERSON: "swap_demo"}


@dataclass(frozen=True)
class Recipe:
    """How to make a preset.

    Attributes:
        description: What the preset is, in a sentence.
        architecture: Class of the model.
        arguments: What it is built with.
        data: What it is trained on: "faces", "mnist", "fashion", "views" (several of
            each person) or "person".
        minutes: Time to train.
        batch_size: Images a step.
        steps: Batches an epoch; None for as many as show each image once.
        reuse: Epochs that show the same batches, in other orders.
        learning_rate: Of Adam.
        weight_decay: Of Adam.
        loss: Weights of `FaceLoss`; None for the model's own loss.
        moves: Ranges of the changes of images; None leaves them as they are.
        color: Standard deviation of the changes of brightness and of each color.
        blend: Share of images that pass into another one along a line.
        warmup: Steps until the KL term has its weight.
        leave_out: Talkers who are left out where they are there.
        preset: What the training starts from.
        person: Folder of the person in `synthetic_people`.
    """

    description: str
    architecture: str
    arguments: Mapping[str, Any]
    data: str = FACES
    minutes: float = 8.0
    batch_size: int = 16
    steps: int | None = None
    reuse: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    loss: Mapping[str, Any] | None = None
    moves: Mapping[str, Any] | None = field(default_factory=lambda: _MOVED)
    color: float = 0.05
    blend: float = 0.0
    warmup: int = 0
    leave_out: tuple[str, ...] = ()
    preset: str = ""
    person: str = ""

    @property
    def module(self) -> str:
        """The module of this package that carries it out."""
        return _MODULES.get(self.data, "autoencoders")

    @property
    def size(self) -> int:
        """Side of the images in pixels."""
        shape = self.arguments.get("image_shape")
        return int(shape[0] if shape else self.arguments["image_size"])


def _faces(
    description: str, architecture: str, size: int, more: dict[str, Any], **own: Any
) -> Recipe:
    shape = {"image_shape": (size, size, 3)}
    return Recipe(description, architecture, {**shape, **more}, **own)


def _digits(
    description: str, architecture: str, data: str, minutes: float, more: dict[str, Any]
) -> Recipe:
    """Returns a recipe for images of 28 x 28 px, which are not changed."""
    own: dict[str, Any] = {"learning_rate": 2e-3, "batch_size": 128, "moves": None}
    arguments = {"image_shape": (28, 28, 1), **more}
    return Recipe(description, architecture, arguments, data, minutes, **own)


def _swift(size: int) -> Recipe:
    return Recipe(
        "What people share of Swift, for face swaps of two new people",
        "Swift",
        {"image_size": size},
        data=VIEWS,
        minutes=3.5,  # on an accelerator
        batch_size=72,
        steps=100,
        reuse=4,
        leave_out=_MEASURED_ON,
    )


_PLAIN, _VARIATIONAL = "ConvolutionalAutoencoder", "VariationalAutoencoder"
_SMALL = {"widths": (32, 64), "activation": "leaky_relu", "latent_size": 32}
_SMALL_VAE = {"latent_size": 8, "architecture": "convolutional"}
_VAE = {"latent_size": 128, "architecture": "convolutional"}

RECIPES: dict[str, Recipe] = {
    "autoencoder_faces_64": _faces(
        "Autoencoder of aligned faces, 64 x 64 px: 256 numbers a face",
        _PLAIN,
        64,
        {"widths": (32, 64, 72), "activation": "leaky_relu", "latent_size": 256},
        loss=_FAITHFUL,
        blend=0.5,
        weight_decay=0.05,
        minutes=40.0,
    ),
    "autoencoder_fashion": _digits(
        "Autoencoder of garments: 32 numbers a garment", _PLAIN, FASHION, 4.0, _SMALL
    ),
    "autoencoder_mnist": _digits(
        "Autoencoder of written digits: 32 numbers a digit",
        _PLAIN,
        MNIST,
        3.0,
        _SMALL,
    ),
    "denoiser_faces_128": _faces(
        "Removes Gaussian noise (standard deviation 0.2) from aligned faces, "
        "128 x 128 px",
        "DenoisingAutoencoder",
        128,
        {"widths": (32, 64), "amount": 0.2},
        loss=_SHARP,
        learning_rate=2e-3,
        batch_size=8,
        minutes=8.0,
    ),
    "swap_demo": Recipe(
        "A synthetic person's face for anybody's clip: identity='nobody'",
        "Swift",
        {"image_size": 128, "basis_size": 8},  # of twenty images more would be noise
        data=PERSON,
        minutes=3.0,
        batch_size=8,
        steps=100,
        preset="swift_128",
        person="P007",
    ),
    "swift_128": _swift(128),
    "swift_64": _swift(64),
    "vae_faces_128": _faces(
        "Variational autoencoder of aligned faces, 128 x 128 px: 128 numbers a face",
        _VARIATIONAL,
        128,
        {**_VAE, "widths": (24, 48, 96, 192), "beta": 2.0},
        loss=_SHARP,
        warmup=1000,
        minutes=12.0,
    ),
    "vae_faces_64": _faces(
        "Variational autoencoder of aligned faces, 64 x 64 px: 128 numbers a face",
        _VARIATIONAL,
        64,
        {**_VAE, "widths": (32, 64, 128), "beta": 0.5},
        loss=_SHARP,
        learning_rate=1.5e-3,
        warmup=2000,
        minutes=10.0,
    ),
    "vae_fashion": _digits(
        "Variational autoencoder of garments: 8 numbers a garment",
        _VARIATIONAL,
        FASHION,
        2.5,
        _SMALL_VAE,
    ),
    "vae_mnist": _digits(
        "Variational autoencoder of written digits: 8 numbers a digit",
        _VARIATIONAL,
        MNIST,
        2.0,
        _SMALL_VAE,
    ),
}


def find(name: str) -> Recipe:
    """Returns the recipe of a preset.

    Raises:
        ValueError: There is none of that name.
    """
    return RECIPES[choose("preset", name, RECIPES)]


def command(name: str, settings: Mapping[str, Any] | None = None) -> str:
    """Returns the command line that makes a preset, the same on every computer.

    Args:
        name: The preset's name.
        settings: Arguments of `pretrain`; those that the recipe says are left out.

    Returns:
        "deepface-models pretrain swift_128 --data DATA", options behind it.
    """
    recipe = find(name)
    words = ["deepface-models", "pretrain", name, "--data", "DATA"]
    for key, value in (settings or {}).items():
        if value in (None, "", getattr(recipe, key, _DEFAULTS.get(key))):
            continue
        words.append(f"--{key.replace('_', '-')}")
        words += map(str, value) if isinstance(value, tuple) else [f"{value}"]
    return shlex.join(words)


_DEFAULTS = {"seed": 0, "dtype": "float32"}

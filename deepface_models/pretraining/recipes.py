"""Model, loss and training settings of each preset, by name.

Recipes are plain values, so that listing them does not import Keras.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deepface_models.core.choices import choose
from deepface_models.pretraining.facts import FACES, FASHION, MNIST, PERSON, VIEWS

# Strong enough to prevent overfitting on two thousand images.
_MOVED = {"rotation": 5.0, "zoom": 0.05, "shift": 0.025, "flip": 0.5}
# Absolute error and structure give sharper images than the squared error.
_SHARP = {"l1": 1.0, "structure": 1.0}
# For a high PSNR. With these weights the terms have gradients of about the same size
# (for reconstructions by PCA, that of structure is 5 times and that of squared a ninth
# of the gradient of l1).
_FAITHFUL = {"l1": 1.0, "structure": 0.2, "squared": 10.0}
# Talkers with whom the docs measure swaps.
_MEASURED_ON = ("grid_s1", "oygard")

_MODULES = {VIEWS: "swift", PERSON: "swap_demo"}


@dataclass(frozen=True)
class Recipe:
    """Settings of a preset.

    Attributes:
        description: One-sentence description of the preset.
        architecture: Name of the model's class.
        arguments: Its constructor arguments.
        data: Kind of training data: "faces", "mnist", "fashion", "views" (several
            images of each person) or "person".
        minutes: Duration of the training.
        batch_size: Images per step.
        steps: Batches per epoch; None to use each image once.
        reuse: Epochs with the same batches in another order.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay.
        loss: Weights of `FaceLoss`; None for the model's default loss.
        moves: Arguments of `Augmentation`; None for no changes.
        color: Standard deviation of the changes of brightness and of each color.
        blend: Fraction of images that are blended with another one along a line.
        warmup: Steps of the warm-up of the KL divergence.
        checkpoint_every: Epochs between checkpoints of Swift's training.
        leave_out: Talkers to exclude, if they are in the data.
        preset: The preset from which training starts.
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
    checkpoint_every: int = 40
    leave_out: tuple[str, ...] = ()
    preset: str = ""
    person: str = ""

    @property
    def module(self) -> str:
        """Name of the module of this package that trains the preset."""
        return _MODULES.get(self.data, "autoencoders")

    @property
    def size(self) -> int:
        """Side of the training images in pixels."""
        shape = self.arguments.get("image_shape")
        size = self.arguments.get("output_size", self.arguments.get("image_size"))
        return int(shape[0] if shape else size)


def _faces(
    description: str, architecture: str, size: int, more: dict[str, Any], **own: Any
) -> Recipe:
    shape = {"image_shape": (size, size, 3)}
    return Recipe(description, architecture, {**shape, **more}, **own)


def _digits(
    description: str, architecture: str, data: str, minutes: float, more: dict[str, Any]
) -> Recipe:
    """Returns a recipe for images of 28 x 28 px, without augmentation."""
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
        # More would overfit twenty images.
        {"image_size": 128, "basis_size": 8, "examples": 20},
        data=PERSON,
        minutes=3.0,
        batch_size=8,
        steps=100,
        preset="swift_128",
        person="P007",
    ),
    "swift_128": _swift(128),
    "swift_256": Recipe(
        "Swift for images of 256 px: what swift_128 lacks, in its last stages",
        "Swift",
        {"image_size": 128, "output_size": 256},
        data=VIEWS,
        minutes=60.0,  # on two CPU cores, with other work
        batch_size=12,
        steps=50,
        learning_rate=3e-4,
        leave_out=_MEASURED_ON,
        checkpoint_every=5,
        preset="swift_128",
    ),
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
    """Returns the command line that trains a preset.

    Args:
        name: The preset's name.
        settings: Arguments of `pretrain`; those equal to the recipe's are left out.

    Returns:
        For example "deepface-models pretrain swift_128 --data DATA --seed 1".

    Example:
        >>> command("vae_mnist")
        'deepface-models pretrain vae_mnist --data DATA'
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

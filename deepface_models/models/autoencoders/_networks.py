"""Dense and convolutional encoders and decoders for images of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.core.choices import choose
from deepface_models.models.autoencoders.base import size_of

ARCHITECTURES = ("dense", "convolutional")
_SMALLEST = 8  # smallest side of feature maps in pixels
_WIDEST = 256


def check_widths(
    widths: Sequence[int] | None, architecture: str, shape: Sequence[int]
) -> tuple[int, ...]:
    """Returns the widths of a network's layers; None selects them by the shape.

    Args:
        widths: Units of each dense layer, or channels of each convolution.
        architecture: "dense" or "convolutional".
        shape: Shape of one example.

    Raises:
        ValueError: The architecture is unknown or does not fit the shape, or widths
            are not whole numbers.
    """
    advice = "Use 'convolutional' for faces."
    choose("architecture", architecture, ARCHITECTURES, advice)
    if architecture == "convolutional" and len(shape) != 3:
        raise ValueError(
            f"architecture='convolutional' was given for examples of shape {shape}. "
            "Expected images (height, width, channels). Use architecture='dense'."
        )
    if widths is None:
        return (64,) if architecture == "dense" else _halvings(max(shape[:2]))
    widths = tuple(widths)
    if not (widths and all(isinstance(n, int) and n > 0 for n in widths)):
        raise ValueError(
            f"widths={widths!r} was given. Expected one or more whole numbers, such "
            "as (32, 64). Leave it out to select widths by the shape."
        )
    return widths


def features(
    image: Any, architecture: str, widths: Sequence[int], activation: str = "relu"
) -> Any:
    """Returns the features (B, n) of an image, the input of the code's layer."""
    if architecture == "dense":
        x = layers.Flatten()(image)
        for width in widths:
            x = layers.Dense(width, activation=activation)(x)
        return x
    x = image
    for width in widths:
        x = layers.Conv2D(width, 3, 2, padding="same", activation=activation)(x)
    return layers.Flatten()(x)


def build_decoder(
    shape: tuple[int, ...], latent_size: int, architecture: str, widths: Sequence[int]
) -> keras.Model:
    """Builds the decoder that mirrors `features`: (B, latent_size) -> (B, *shape)."""
    latent = keras.Input((latent_size,))
    if architecture == "dense":
        x = latent
        for width in reversed(widths):
            x = layers.Dense(width, activation="relu")(x)
        x = layers.Dense(size_of(shape))(x)
    else:
        x = _upsampled(latent, shape, widths)
    if x.shape[1:] != shape:
        x = layers.Reshape(shape)(x)
    # The sigmoid is last, so that TensorFlow computes cross-entropy from its logits.
    x = layers.Activation("sigmoid", dtype="float32")(x)
    return keras.Model(latent, x, name="decoder")


def _upsampled(latent: Any, shape: tuple[int, ...], widths: Sequence[int]) -> Any:
    sizes = [shape[:2]]
    for _ in widths:
        sizes.append(tuple((n + 1) // 2 for n in sizes[-1]))
    smallest = (*sizes[-1], widths[-1])
    x = layers.Dense(size_of(smallest), activation="relu")(latent)
    x = layers.Reshape(smallest)(x)
    channels = (shape[2], *widths[:-1])  # of each size, the image's first
    for level in reversed(range(len(widths))):
        activation = "relu" if level else None
        x = layers.Conv2DTranspose(
            # A kernel size divisible by the stride avoids checkerboard artifacts.
            channels[level],
            4,
            2,
            padding="same",
            activation=activation,
        )(x)
        extra = [(0, x.shape[i + 1] - sizes[level][i]) for i in (0, 1)]
        if any(end for _, end in extra):  # an odd size was rounded up
            x = layers.Cropping2D(extra)(x)
    return x


def _halvings(side: int) -> tuple[int, ...]:
    widths, width = [32], 32
    side = (side + 1) // 2
    while side > _SMALLEST:
        side = (side + 1) // 2
        width = min(2 * width, _WIDEST)
        widths.append(width)
    return tuple(widths)

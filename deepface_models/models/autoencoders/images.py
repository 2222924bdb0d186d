"""Images of an autoencoder's reconstructions and of its latent space."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.sheet import grid
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import Autoencoder


def reconstruction_rows(
    model: Autoencoder, images: Array, image_shape: Sequence[int] | None = None
) -> Array:
    """Returns an image of originals above their reconstructions.

    For a model with `corrupt` (`DenoisingAutoencoder`) a row of its noisy inputs is
    between them; the noise is the same each time.

    Args:
        model: The autoencoder.
        images: (N, *shape) uint8 or float in [0, 1], or one example; all are shown.
        image_shape: (height, width) or (height, width, channels) of the images, if the
            data are flat vectors; by default the shape of `images`, else a square.

    Returns:
        uint8 (H, W, 3), RGB, with a label beside each row. Images under 48 px are
        enlarged by a whole number.

    Raises:
        ValueError: The images do not fit the model or cannot be shown as images.

    Example:
        >>> reconstruction_rows(autoencoder, x_train).shape
        (98, 522, 3)
    """
    images = np.asarray(images)
    batch, single = model._batch(images)
    own = images.shape if single else images.shape[1:]
    shape = _image_shape(own if len(own) > 1 else model.data_shape, image_shape)
    shown, rows = batch, {"original": batch}
    if hasattr(model, "corrupt"):
        shown = np.asarray(model.corrupt(batch, seed=0))
        if not np.array_equal(shown, batch):
            rows["noisy"] = shown
    rows["reconstruction"] = model.reconstruct(shown)
    low, high = min(0.0, float(batch.min())), max(1.0, float(batch.max()))
    scaled = [(row - low) / (high - low) for row in rows.values()]
    return grid([_images(row, shape, 48) for row in scaled], labels=list(rows))


@whole_numbers(count=1)
def latent_grid(
    model: Autoencoder,
    images: Array | None = None,
    count: int = 15,
    image_shape: Sequence[int] | None = None,
) -> Array:
    """Returns an image of a two-dimensional latent space, decoded on a grid.

    The first dimension grows to the right, the second upwards, as in `latent_scatter`.

    Args:
        model: An autoencoder with a two-dimensional latent space.
        images: Examples whose codes the grid spans. A model with `sample`
            (variational, adversarial) needs none: the grid then spans the quantiles
            2.5% to 97.5% of the standard normal distribution.
        count: Images on each side of the grid.
        image_shape: As in `reconstruction_rows`.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        ValueError: The latent has another size, the model needs images, the data
            cannot be shown as images, or count is less than 2.

    Example:
        >>> from deepface_models import load
        >>> latent_grid(load("vae_mnist"), count=4).shape  # doctest: +SKIP
    """
    shape = _image_shape(model.data_shape, image_shape)
    if latent_shape(model) != (2,) or count < 2:
        raise ValueError(
            f"count={count} and a latent of shape {latent_shape(model)} were given. "
            "Expected 2 or more images on a side and a latent of two dimensions. Build "
            "the model with latent_size=2, or use latent_walk with images."
        )
    across, up = _axes(model, images, count)
    codes = np.array([[x, y] for y in up[::-1] for x in across], "float32")
    cells = _images(model.decode(codes), shape, 24)
    return grid([cells[i : i + count] for i in range(0, len(cells), count)], gap=0)


@whole_numbers(steps=1)
def latent_walk(
    model: Autoencoder,
    images: Array,
    steps: int = 8,
    image_shape: Sequence[int] | None = None,
) -> Array:
    """Returns an image of linear interpolations between the codes of examples.

    Each row shows one example, the decoded codes from it to the next example, and that
    next example.

    Args:
        model: An autoencoder with a latent of any shape.
        images: (N, *shape) with N of 2 or more.
        steps: Decoded images in a row, both ends included.
        image_shape: As in `reconstruction_rows`.

    Returns:
        uint8 (H, W, 3), RGB, N - 1 rows.

    Raises:
        ValueError: There are fewer than two examples or steps, or they do not fit.

    Example:
        >>> latent_walk(autoencoder, x_train[:3], steps=4).shape[2]
        3
    """
    images = np.asarray(images)
    batch, single = model._batch(images)
    if single or len(batch) < 2 or steps < 2:
        raise ValueError(
            f"Images of shape {images.shape} and steps={steps} were given. Expected "
            "two or more images and steps. Use images[:4]."
        )
    own = images.shape[1:]
    shape = _image_shape(own if len(own) > 1 else model.data_shape, image_shape)
    codes = model.encode(batch)
    parts = np.linspace(0.0, 1.0, steps, dtype="float32")
    pairs = itertools.pairwise(codes)
    path = np.stack([a + (b - a) * part for a, b in pairs for part in parts])
    ends, decoded = _images(batch, shape, 48), _images(model.decode(path), shape, 48)
    return grid(
        [
            [ends[i], *decoded[i * steps : (i + 1) * steps], ends[i + 1]]
            for i in range(len(batch) - 1)
        ]
    )


def latent_shape(model: Autoencoder) -> tuple[int | None, ...]:
    """Returns the shape of one example's latent, without the batch axis."""
    return tuple(model.decoder.input.shape[1:])


def _axes(model: Autoencoder, images: Array | None, count: int) -> tuple[Array, Array]:
    """Returns the coordinates of the grid's columns and rows, ascending."""
    if images is None and not hasattr(model, "sample"):
        raise ValueError(
            f"images=None was given for {model.name}. Expected images, because the "
            "range of its codes is known only for variational and adversarial "
            "autoencoders. Use images=x_test."
        )
    if images is None:
        levels = np.linspace(0.025, 0.975, count)
        line = np.array([NormalDist().inv_cdf(float(level)) for level in levels])
        return line, line
    codes = model.encode(model._batch(images)[0])
    (left, bottom), (right, top) = codes.min(axis=0), codes.max(axis=0)
    return np.linspace(left, right, count), np.linspace(bottom, top, count)


def _image_shape(
    shape: Sequence[int | None], expected: Sequence[int] | None
) -> tuple[int, int, int]:
    """Returns (height, width, channels) of the images for examples of `shape`."""
    found = tuple(n or 0 for n in shape) if expected is None else tuple(expected)
    if len(found) == 1:
        for channels in (1, 3):
            side = math.isqrt(found[0] // channels)
            if side * side * channels == found[0]:
                found = (side, side, channels)
                break
    if len(found) == 2:
        found = (*found, 1)
    size = math.prod(n or 0 for n in shape)
    if (
        len(found) != 3
        or found[2] not in (1, 3)
        or math.prod(found) != size
        or not size
    ):
        raise ValueError(
            f"image_shape={expected!r} was given for examples of shape {tuple(shape)}. "
            "Expected (height, width) or (height, width, 1 or 3) with as many values. "
            "Use image_shape=(height, width)."
        )
    return found[0], found[1], found[2]


def _images(batch: Array, shape: tuple[int, int, int], least: int) -> list[Array]:
    """Returns examples as RGB images; small ones are enlarged to about `least` px."""
    images = np.asarray(batch, "float32").reshape(-1, *shape)
    times = max(1, round(least / max(shape[:2])))
    larger = images.repeat(times, axis=1).repeat(times, axis=2)
    return list(np.repeat(larger, 3, axis=3) if shape[2] == 1 else larger)

"""The principal components of a model's codes, and the images they stand for."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array

COMPONENTS = 6
_EXAMPLES = 256


@functools.lru_cache(maxsize=1)
def model_of(name: str) -> Any:
    """Returns an autoencoder; the last one stays in memory."""
    from deepface_models.presets.loading import load

    return load(name)


@functools.lru_cache(maxsize=1)
def components(name: str) -> tuple[Array, Array]:
    """Returns the mean of a model's codes and its first components.

    The examples are samples of the model itself, which follow its training images.

    Args:
        name: A variational autoencoder.

    Returns:
        The mean (D,) and the components (K, D), each as long as a standard deviation.
    """
    model = model_of(name)
    codes = model.encode(model.sample(_EXAMPLES, seed=0))
    flat = codes.reshape(len(codes), -1)
    mean = flat.mean(axis=0)
    _, spread, axes = np.linalg.svd(flat - mean, full_matrices=False)
    scale = spread[:COMPONENTS, None] / np.sqrt(max(1, len(flat) - 1))
    return mean, scale * axes[:COMPONENTS]


def walked(name: str, amounts: Sequence[float]) -> Array:
    """Returns the image at some standard deviations along each component."""
    mean, axes = components(name)
    count = min(len(amounts), len(axes))
    code = mean + np.asarray(amounts[:count], np.float32) @ axes[:count]
    return np.asarray(model_of(name).decode(code[None].astype(np.float32))[0])


def as_rgb(image: Array) -> Array:
    """Returns an image with three channels, enlarged if it is tiny."""
    from deepface_models.core.arrays import as_uint8

    shown = as_uint8(np.asarray(image))
    shown = shown[..., None] if shown.ndim == 2 else shown
    shown = np.repeat(shown, 3, axis=-1) if shown.shape[-1] == 1 else shown
    factor = max(1, 160 // shown.shape[0])
    return shown.repeat(factor, axis=0).repeat(factor, axis=1)

"""The principal components of a model's codes, and the images they stand for."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array

COMPONENTS = 6


@functools.lru_cache(maxsize=1)
def model_of(name: str) -> Any:
    """Returns an autoencoder; the last one stays in memory."""
    from deepface_models.presets.loading import load

    return load(name)


@functools.lru_cache(maxsize=1)
def components(name: str) -> tuple[Array, Array]:
    """Returns the principal components of a model; the last ones stay in memory."""
    from deepface_models.models.autoencoders import principal_components

    return principal_components(model_of(name), count=COMPONENTS)


def walked(name: str, amounts: Sequence[float]) -> Array:
    """Returns the image at some standard deviations along each component."""
    mean, axes = components(name)
    count = min(len(amounts), len(axes))
    given = np.asarray(amounts[:count], np.float32)
    code = mean + np.tensordot(given, axes[:count], 1)
    return np.asarray(model_of(name).decode(code))


def as_rgb(image: Array) -> Array:
    """Returns an image with three channels, enlarged if it is tiny."""
    from deepface_models.core.arrays import as_uint8

    shown = as_uint8(np.asarray(image))
    shown = shown[..., None] if shown.ndim == 2 else shown
    shown = np.repeat(shown, 3, axis=-1) if shown.shape[-1] == 1 else shown
    factor = max(1, 160 // shown.shape[0])
    return shown.repeat(factor, axis=0).repeat(factor, axis=1)

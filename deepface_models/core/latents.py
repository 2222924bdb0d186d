"""Checks of mean latents and expressions, without Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import FEATURES


def as_latent_mean(source_identity: Any, shape: Sequence[int | None]) -> Array:
    """Returns a person's mean latent as float32.

    Args:
        source_identity: The argument with the mean latent.
        shape: Shape of one latent.

    Raises:
        ValueError: It is not a finite array of that shape.
    """
    use = "Use source_identity=model.encode(faces).mean(0) with ten faces or more."
    try:
        latent_mean = np.asarray(source_identity, "float32")
        found = f"An array of shape {latent_mean.shape}"
    except (TypeError, ValueError):
        latent_mean, found = None, f"A {type(source_identity).__name__}"
    if latent_mean is None or latent_mean.shape != tuple(shape):
        raise ValueError(
            f"{found} was given as source_identity. Expected the name of a person of "
            f"this model, or the mean latent, of shape {tuple(shape)}, of the person "
            f"in the images. {use}"
        )
    if not np.isfinite(latent_mean).all():
        raise ValueError(
            "A mean latent with values that are not finite was given as "
            f"source_identity. Expected finite numbers. {use}"
        )
    return latent_mean


def as_expressions(given: Any, count: int) -> Array:
    """Returns the expressions of faces as float32, (count, 7).

    Args:
        given: What was given for them.
        count: Number of faces.

    Raises:
        ValueError: It is no finite array of that shape.
    """
    values = np.asarray(given, "float32")
    if values.shape != (count, FEATURES) or not np.isfinite(values).all():
        raise ValueError(
            f"Expressions of shape {values.shape} were given for {count} faces. "
            f"Expected ({count}, {FEATURES}) finite numbers. Use FaceSet.expressions, "
            "or leave it out."
        )
    return values

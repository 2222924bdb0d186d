"""Mean latents that callers give, checked; needs no Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array


def as_latent_mean(source_identity: Any, shape: Sequence[int | None]) -> Array:
    """Returns a person's mean latent as float32.

    Args:
        source_identity: What was given for it.
        shape: Of one latent.

    Raises:
        ValueError: It is no finite array of that shape.
    """
    use = "Use source_identity=model.encode(faces).mean(0), of ten faces or more."
    try:
        latent_mean = np.asarray(source_identity, "float32")
        found = f"an array of shape {latent_mean.shape}"
    except (TypeError, ValueError):
        latent_mean, found = None, f"a {type(source_identity).__name__}"
    if latent_mean is None or latent_mean.shape != tuple(shape):
        raise ValueError(
            f"Received {found} as source_identity=. Expected the name of a person of "
            "this model, or "
            f"the mean latent, of shape {tuple(shape)}, of the person whose faces come "
            f"in. {use}"
        )
    if not np.isfinite(latent_mean).all():
        raise ValueError(
            "Received a mean latent as source_identity= with values that are not "
            f"finite. Expected finite numbers. {use}"
        )
    return latent_mean

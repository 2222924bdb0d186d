"""The directions in which the codes of an autoencoder differ most."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import Autoencoder

_EXAMPLES = 256


@whole_numbers(count=1)
def principal_components(
    model: Autoencoder, images: Any = None, count: int = 6
) -> tuple[Array, Array]:
    """Returns the mean of a model's codes and their principal components.

    `model.decode(mean + 2 * components[0])` shows what two standard deviations along
    the first component change.

    Args:
        model: The autoencoder.
        images: (N, *shape) with N of 2 or more, uint8 or float in [0, 1]. By default
            256 samples of the model itself, which follow its training images; only
            variational and adversarial autoencoders can draw them.
        count: Most components.

    Returns:
        The mean, of the shape of a code, and the components, (K, *shape of a code),
        float32; each is as long as the standard deviation along it, the longest first.

    Raises:
        ValueError: There are no images, or fewer than two.

    Example:
        >>> mean, components = principal_components(vae)  # doctest: +SKIP
    """
    if images is None and not hasattr(model, "sample"):
        raise ValueError(
            f"images=None was given for {model.name}. Expected images, as it cannot "
            "draw samples. Use images=x_test."
        )
    given = model.sample(_EXAMPLES, seed=0) if images is None else images
    batch, _ = model._batch(given)
    if len(batch) < 2:
        raise ValueError(
            f"{len(batch)} image was given. Expected two or more, whose codes differ. "
            "Use images=x_test."
        )
    codes = np.asarray(model.encode(batch), "float32")
    flat = codes.reshape(len(codes), -1)
    mean = flat.mean(axis=0)
    _, spread, axes = np.linalg.svd(flat - mean, full_matrices=False)
    scale = spread[:count, None] / np.sqrt(len(flat) - 1)
    components = (scale * axes[:count]).astype("float32")
    return mean.reshape(codes.shape[1:]), components.reshape(-1, *codes.shape[1:])

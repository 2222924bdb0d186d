"""Mean latents that callers give, checked; needs no Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def as_centre(of: Any, shape: Sequence[int | None]) -> Array:
    """Returns a person's mean latent as float32.

    Args:
        of: What was given for it.
        shape: Of one latent.

    Raises:
        ValueError: It is no finite array of that shape.
    """
    use = "Use of=model.encode(faces).mean(0), of ten faces or more."
    try:
        centre = np.asarray(of, "float32")
        found = f"an array of shape {centre.shape}"
    except (TypeError, ValueError):
        centre, found = None, f"a {type(of).__name__}"
    if centre is None or centre.shape != tuple(shape):
        raise ValueError(
            f"Received {found} as of=. Expected the name of a person of this model, or "
            f"the mean latent, of shape {tuple(shape)}, of the person whose faces come "
            f"in. {use}"
        )
    if not np.isfinite(centre).all():
        raise ValueError(
            "Received a mean latent as of= with values that are not finite. Expected "
            f"finite numbers. {use}"
        )
    return centre

"""Whitens codes by changing the layers before and after them."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from deepface_models.core.arrays import Array

# Relative to the largest variance. It keeps directions with hardly any variance small
# instead of scaling them up like the others.
_LEAST_VARIANCE = 1e-4


def whiten_codes(
    mean: layers.Dense, log_var: layers.Dense, first: layers.Dense, codes: Any
) -> None:
    """Whitens codes with the symmetric matrix, which changes them least (ZCA).

    Args:
        mean: The encoder's layer with the codes' means as output.
        log_var: The encoder's layer with their log-variances as output.
        first: The decoder's layer with codes as input.
        codes: (means, log-variances) of examples, each (N, n).
    """
    means, log_vars = (np.asarray(part, "float64") for part in codes)
    center = means.mean(0)
    variances, axes = np.linalg.eigh(np.cov(means.T).reshape(2 * means.shape[1:]))
    deviations = np.sqrt(np.maximum(variances, _LEAST_VARIANCE * variances.max()))
    there, back = (axes * s @ axes.T for s in (1 / deviations, deviations))

    kernel, bias = _values(mean)
    mean.set_weights([kernel @ there, (bias - center) @ there])
    kernel, bias = _values(first)
    first.set_weights([back @ kernel, center @ kernel + bias])
    # The noise is no longer independent; its variance in each dimension is kept.
    noise = np.exp(log_vars).mean(0)
    kernel, bias = _values(log_var)
    log_var.set_weights([kernel, bias + np.log(noise @ there**2 / noise)])


def _values(layer: layers.Dense) -> tuple[Array, Array]:
    kernel, bias = (ops.convert_to_numpy(v) for v in layer.weights)
    return kernel.astype("float64"), bias.astype("float64")

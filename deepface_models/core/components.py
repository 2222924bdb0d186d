"""Principal component analysis."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array


def directions(values: Array, count: int) -> tuple[Array, float]:
    """Returns principal directions (F, count) and the standard deviation along them.

    If values have fewer directions than `count`, the other columns are zero. The
    standard deviation is the root of the mean variance along the nonzero columns.

    Args:
        values: (N, F) minus their mean, float64.
        count: Number of columns.
    """
    # The small Gram matrix has the same non-zero spectrum as the covariance.
    spectrum, vectors = np.linalg.eigh(values @ values.T)
    known = np.flatnonzero(spectrum > 1e-5 * max(spectrum[-1], 1e-12))[::-1][:count]
    kernel = np.zeros((values.shape[1], count))
    lengths = np.sqrt(spectrum[known])
    kernel[:, : len(known)] = values.T @ vectors[:, known] / lengths
    variance = spectrum[known].sum() / max(len(known), 1) / len(values)
    return kernel, float(np.sqrt(variance))

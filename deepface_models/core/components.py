"""Principal components of what the values of many examples vary by."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array


def directions(values: Array, count: int) -> tuple[Array, float]:
    """Returns unit columns (F, count) that values vary by, and how far.

    Columns that the values cannot give are zero; how far is the root of the mean
    variance along the others.

    Args:
        values: (N, F) about their mean, float64.
        count: Columns to return.
    """
    # The small Gram matrix has the same non-zero spectrum as the covariance.
    spectrum, vectors = np.linalg.eigh(values @ values.T)
    known = np.flatnonzero(spectrum > 1e-5 * max(spectrum[-1], 1e-12))[::-1][:count]
    kernel = np.zeros((values.shape[1], count))
    lengths = np.sqrt(spectrum[known])
    kernel[:, : len(known)] = values.T @ vectors[:, known] / lengths
    variance = spectrum[known].sum() / max(len(known), 1) / len(values)
    return kernel, float(np.sqrt(variance))

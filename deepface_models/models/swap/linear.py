"""Linear maps by ridge regression."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array


def linear_map(inputs: Array, outputs: Array, strength: float = 0.1) -> list[Array]:
    """Returns kernel (L, C) and bias (C,) that predict outputs from inputs.

    It is the ridge regression (Hoerl and Kennard, 1970) of outputs (N, C) of mean zero
    on inputs (N, L).

    Args:
        inputs: (N, L).
        outputs: (N, C), whose mean is zero.
        strength: Regularization relative to the inputs' mean variance.
    """
    mean = inputs.mean(axis=0, dtype="float64")
    centered = inputs - mean
    squares = centered.T @ centered
    ridge = max(strength * np.trace(squares) / len(squares), 1e-9)
    kernel = np.linalg.solve(
        squares + ridge * np.eye(len(squares)), centered.T @ outputs.astype("float64")
    )
    return [kernel.astype("float32"), (-mean @ kernel).astype("float32")]

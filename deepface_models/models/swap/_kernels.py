"""Regressions from expressions to latents, and examples with similar expressions."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import EYES, FEATURES, MOUTH, POSE, SCALES
from deepface_models.models.swap.linear import linear_map

_SHRINKAGE = 10.0
# Of the kernels of each half, in units of `SCALES`. Few people have an example with
# half-shut eyes; wide kernels interpolate between open and shut ones.
_LENGTHS = (3.0, 6.0)
# Variance of a latent beside 1 of each of two kernels: of a smooth regression, and of
# one that passes through the examples.
_NOISE, _EXACT = 0.2, 1e-3
# Examples are averaged within so many units (within half as many, images flicker; of
# few faces, more would mix different mouths), and detail fades out farther from the
# nearest one than so many; or so many times the distance of examples that lie apart.
_WIDTH, _WIDTH_OF_FEW, _KNOWN = 0.6, 0.35, 2.0
# What the lower and the upper half of a face depend on.
HALVES = (MOUTH + POSE, EYES + POSE)


def choose_examples(expressions: Array, allowed: Array, count: int) -> Array:
    """Returns numbers of faces that differ as much as possible.

    The first is the most usual one; each next is the one farthest from all before
    (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985).

    Args:
        expressions: (N, 7).
        allowed: (N,) bool, the faces to choose from.
        count: Most faces to choose.
    """
    scaled = np.asarray(expressions, np.float64) / np.array(SCALES)
    numbers = np.flatnonzero(allowed)
    scaled = scaled[numbers]
    chosen = [int(((scaled - np.median(scaled, axis=0)) ** 2).sum(axis=1).argmin())]
    distance = ((scaled - scaled[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < min(count, len(scaled)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(
            distance, ((scaled - scaled[chosen[-1]]) ** 2).sum(axis=1)
        )
    return numbers[chosen]


def _distances(some: Any, others: Any, part: tuple[int, ...]) -> Any:
    """Returns squared distances (B, K) in a part of the numbers."""
    scale = np.zeros(FEATURES, "float32")
    scale[list(part)] = 1.0 / np.array(SCALES)[list(part)]
    difference = ops.expand_dims(some, 1) - ops.expand_dims(others, 0)
    return ops.sum(ops.square(difference * scale), axis=-1)


def kernel(some: Any, others: Any, half: int) -> Any:
    """Returns the kernel of the mouth or of the eyes, plus that of the pose, (B, K)."""
    return sum(
        ops.exp(-0.5 * _distances(some, others, part) / _LENGTHS[half] ** 2)
        for part in ((MOUTH, EYES)[half], POSE)
    )


def nearest(some: Any, others: Any, half: int, spacing: Any, few: Any) -> Any:
    """Returns the weights (B, K) of the nearest examples; their sum is 1 or less.

    Args:
        some: (B, 7) expressions.
        others: (K, 7), those of the examples.
        half: 0 for the lower, 1 for the upper half of the face.
        spacing: Distance of examples that lie apart, from `spacing_of`.
        few: 0 to 1, how few faces there are.
    """
    apart = ops.where(spacing > 0.0, spacing, 1.0)  # 0 if nothing is known
    squares = _distances(some, others, HALVES[half]) / apart**2
    least = ops.min(squares, axis=1, keepdims=True)
    width = _WIDTH + few * (_WIDTH_OF_FEW - _WIDTH)
    weights = ops.softmax(-0.5 * (squares - least) / width**2, axis=1)
    beyond = ops.maximum(ops.sqrt(least) - _KNOWN, 0.0)
    return weights * ops.exp(-0.5 * ops.square(beyond) / _KNOWN**2)


def directions_of(expressions: Array, latents: Array, half: int) -> Array:
    """Returns how latents change with the expression of a half, (7, L).

    They are shrunk by 10 / N for N faces: in few faces, much else changes with the
    expression by chance, and moving latents by all of it burns the skin.
    """
    part = list(HALVES[half])
    values = expressions[:, part]
    spread = np.maximum(values.std(axis=0), 1e-9)
    standard = (values - values.mean(axis=0)) / spread
    centered = latents - latents.mean(axis=0)
    directions, _ = linear_map(standard, centered, _SHRINKAGE / len(latents))
    found = np.zeros((FEATURES, latents.shape[1]))
    found[part] = directions / spread[:, None]
    return found


def spacing_of(examples: Array, half: int) -> float:
    """Returns the median distance of an example to the nearest other, at least 1."""
    values = examples.astype("float32")
    squares = ops.convert_to_numpy(_distances(values, values, HALVES[half]))
    squares = squares + np.diag(np.full(len(values), np.inf))
    return max(1.0, float(np.median(np.sqrt(squares.min(axis=1)))))


def regress(
    expressions: Array,
    examples: Array,
    latents: Array,
    half: int,
    exact: float = 0.0,
) -> Array:
    """Returns coefficients (K, L) of the kernels at the examples, by least squares.

    Rare expressions count more: faces are weighted by the inverse root of how many
    others are near.

    Args:
        expressions: (N, 7).
        examples: (K, 7), K of them.
        latents: (N, L).
        half: 0 for the lower, 1 for the upper half of the face.
        exact: 0 to 1; with 1, examples get their own latents rather than smooth ones.
    """
    inputs, at = (one.astype("float32") for one in (expressions, examples))
    near = ops.convert_to_numpy(kernel(inputs, inputs, half)).mean(axis=1)
    weights = (near / near.mean())[:, None] ** -0.5
    given = np.asarray(ops.convert_to_numpy(kernel(inputs, at, half)), np.float64)
    prior = np.asarray(ops.convert_to_numpy(kernel(at, at, half)), np.float64)
    noise = _NOISE * (_EXACT / _NOISE) ** exact
    squares = given.T @ (weights * given) + noise * prior
    squares += 1e-6 * np.trace(squares) / len(squares) * np.eye(len(squares))
    return np.linalg.solve(squares, given.T @ (weights * latents))

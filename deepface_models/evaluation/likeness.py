"""How far a swap gets on the way from the source to real footage of the person."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.evaluation.chips import eye_distance
from deepface_models.faces._mesh_points import LEFT_EYE, RIGHT_EYE

_LIPS = (
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269),
    *(270, 409, 78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13),
    *(312, 311, 310, 415),
)
# Points that expressions move little: neither lips nor what surrounds the eyes.
_STILL = np.setdiff1d(np.arange(468), [*_LIPS, *LEFT_EYE, *RIGHT_EYE])


def shape(mesh: Array) -> Array:
    """Returns the shape of a face without expression, place, size: (K, 3).

    Args:
        mesh: (478, 3).
    """
    points = np.asarray(mesh[_STILL], np.float64) / eye_distance(mesh)
    return np.asarray(points - points.mean(0))


def shape_distance(shapes: Array, person: Array) -> float:
    """Returns how far the mean shapes of two sets of faces are apart.

    Args:
        shapes: (N, K, 3) of some faces.
        person: (M, K, 3) of a person.

    Returns:
        Root mean square distance of the points, in eye distances.
    """
    mean = _mean(person, person.mean(0))
    gaps = _mean(shapes, mean) - mean
    return float(np.sqrt((gaps**2).sum(-1).mean()))


def own_shape_distance(person: Array) -> float:
    """Returns how far the mean shapes of both halves of a person's faces are apart.

    Args:
        person: (M, K, 3); every other face belongs to the other half.
    """
    if len(person) < 2:
        return float("nan")
    return shape_distance(person[::2], person[1::2])


def share(result: float, source: float, real: float) -> float:
    """Returns the share of the way from the source to real footage.

    Args:
        result: Distance of the swap to the person.
        source: Distance of the unchanged source.
        real: Distance of the person's own footage, each face to the others.

    Returns:
        0 for the source and 1 for real footage; NaN if these two do not differ.
    """
    return (source - result) / (source - real) if source > real else float("nan")


def leave_one_out(embeddings: Array) -> float:
    """Returns the mean distance of each embedding to the others: (M, 128)."""
    rows = embeddings[np.isfinite(embeddings).all(axis=1)]
    if len(rows) < 2:
        return float("nan")
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=-1)
    return float(apart.sum() / (len(rows) * (len(rows) - 1)))


def _mean(shapes: Array, to: Array) -> Array:
    """Returns the mean of shapes that are turned to one another, starting with `to`."""
    for _ in range(3):
        to = np.array([_turned(one, to) for one in shapes]).mean(0)
    return to


def _turned(points: Array, to: Array) -> Array:
    """Returns points turned to lie on others as well as possible (Kabsch, 1976)."""
    u, _, vt = np.linalg.svd(points.T @ to)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    return np.asarray(points @ (u * sign) @ vt)

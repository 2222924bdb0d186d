"""Sampling of faces that is uniform over poses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose

if TYPE_CHECKING:
    from deepface_models.faces import FaceSet


BALANCES = ("yaw", "pose")
_TURNED = 68.75  # degrees; larger angles are clipped
_YAW, _POSE = 2.0 * _TURNED / 127.0, 5.0  # degrees


def pose_cells(faces: FaceSet, balance: str = "pose") -> Array:
    """Assigns each face to a cell of similar poses.

    Args:
        faces: A set whose faces have yaw and pitch.
        balance: "yaw": cells of 1.08 degrees of yaw, as DeepFaceLab's uniform yaw
            with 128 cells between -1.2 and 1.2 rad. "pose": cells of 5 x 5 degrees
            of yaw and pitch, about the accuracy of the measurement.

    Returns:
        (N,) int, the index of each face's cell; cells are ordered by yaw.

    Raises:
        ValueError: `balance` is unknown, or faces have no pose.

    Example:
        >>> pose_cells(ana, balance="yaw")  # doctest: +SKIP
        array([0, 0, 1, 1, 2])
    """
    choose("balance", balance, BALANCES, "Use None to sample faces uniformly.")
    angles = np.array([(f.yaw, f.pitch) for f in faces.faces], "float64").reshape(-1, 2)
    if np.isnan(angles).any():
        missing = int(np.isnan(angles).any(axis=1).sum())
        raise ValueError(
            f"{missing} of {len(faces)} faces have no yaw or pitch. Expected both for "
            f"balance={balance!r}. Extract the faces again with FaceAligner, or use "
            "balance=None."
        )
    yaw, pitch = angles.clip(-_TURNED, _TURNED).T
    if balance == "yaw":
        cells = np.floor((yaw + _TURNED) / _YAW)
    else:
        cells = np.floor(yaw / _POSE + 0.5) * 1000 + np.floor(pitch / _POSE + 0.5)
    return np.asarray(np.unique(cells, return_inverse=True)[1].reshape(-1))


def draw_balanced(cells: Array, count: int, rng: np.random.Generator) -> Array:
    """Samples faces such that all nonempty cells are equally likely.

    A batch is spread over the cells as evenly as possible; within a cell each face is
    equally likely. The only face of a cell is sampled as often as hundreds of faces of
    another cell together: remove outliers with `FaceSet.filter` first.

    Args:
        cells: (N,) int, the cell of each face, from 0 on.
        count: Number of faces to sample.
        rng: Random generator.

    Returns:
        (count,) indices of faces, in random order.
    """
    likely = 1.0 / np.bincount(cells)[cells]
    order = np.lexsort((rng.random(len(cells)), cells))
    edges = np.cumsum(likely[order])
    places = (rng.random() + np.arange(count)) / count * edges[-1]
    chosen = np.searchsorted(edges, places, side="right").clip(max=len(cells) - 1)
    return np.asarray(rng.permutation(order[chosen]))

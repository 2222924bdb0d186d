"""Which faces a batch draws when all poses are to be seen equally often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose

if TYPE_CHECKING:
    from deepface_models.faces import FaceSet


BALANCES = ("yaw", "pose")
_TURNED = 68.75  # degrees; beyond it all is one cell
_YAW, _POSE = 2.0 * _TURNED / 127.0, 5.0  # degrees


def pose_cells(faces: FaceSet, balance: str = "pose") -> Array:
    """Sorts faces by where they look.

    Args:
        faces: A set whose faces have been measured.
        balance: "yaw": cells of 1.08 degrees of yaw, as DeepFaceLab's uniform yaw
            has 128 of them between -1.2 and 1.2 rad. "pose": cells of 5 x 5 degrees
            of yaw and pitch, about what the measurement is sure of.

    Returns:
        (N,) int, the number of each face's cell; cells follow the yaw.

    Raises:
        ValueError: `balance` is unknown, or faces have no pose.
    """
    choose("balance", balance, BALANCES, "Use None to draw faces as they come.")
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
    """Draws faces such that all cells that have any are equally likely.

    A batch is spread over the cells as evenly as its size allows; within a cell each
    face is equally likely. A cell's only face is drawn as often as a full cell's
    hundreds: leave out odd ones with `FaceSet.filter` first.

    Args:
        cells: (N,) int, the cell of each face, from 0 on.
        count: How many to draw.
        rng: Source of the draws.

    Returns:
        (count,) numbers of faces, in random order.
    """
    likely = 1.0 / np.bincount(cells)[cells]
    order = np.lexsort((rng.random(len(cells)), cells))
    edges = np.cumsum(likely[order])
    places = (rng.random() + np.arange(count)) / count * edges[-1]
    chosen = np.searchsorted(edges, places, side="right").clip(max=len(cells) - 1)
    return np.asarray(rng.permutation(order[chosen]))

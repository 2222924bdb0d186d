"""How much of what is pasted is no face, by the meshes' outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.evaluation.chips import filled
from deepface_models.faces._mesh_points import OVAL


def outside_share(
    mask: Array, corner: tuple[int, int], meshes: Sequence[Array]
) -> float:
    """Returns the share of a mask that lies outside of all meshes.

    Args:
        mask: (h, w) in [0, 1], the pasted pixels of a part of a frame.
        corner: x and y of that part in the frame.
        meshes: Of the face before and after, each (478, 3) in pixels of the frame.

    Returns:
        0 if only face is pasted, to 1; NaN for an empty mask.
    """
    face = np.zeros(mask.shape, bool)
    for mesh in meshes:
        face |= filled(mesh[list(OVAL), :2] - np.array(corner), mask.shape)
    total = float(mask.sum())
    return float(mask[~face].sum()) / total if total > 0 else float("nan")

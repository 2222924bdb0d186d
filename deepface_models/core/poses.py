"""How far people turn their heads in the faces that a model was trained on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

# Least and most yaw, least and most pitch, in degrees; see `faces.head_pose`.
PoseRange: TypeAlias = tuple[float, float, float, float]

_MARGIN = 5.0  # degrees; about the accuracy of the measurement
_RARE = 1.0  # percent of the faces at either end that may be measured wrongly


def pose_range(faces: Iterable[Any]) -> PoseRange | None:
    """Returns the range of a person's faces; None if no pose is known.

    Args:
        faces: `Face`s, with yaw and pitch in degrees or None.
    """
    known = [(f.yaw, f.pitch) for f in faces if None not in (f.yaw, f.pitch)]
    if not known:
        return None
    low, high = np.percentile(np.array(known, np.float64), [_RARE, 100 - _RARE], 0)
    least_yaw, least_pitch, most_yaw, most_pitch = (
        round(float(value), 1) for value in (*low, *high)
    )
    return least_yaw, most_yaw, least_pitch, most_pitch


def is_beyond(face: Any, known: PoseRange | None) -> bool:
    """Returns whether a head is turned farther than a range, by more than 5 degrees.

    Args:
        face: A `Face`.
        known: The range; with None, nothing is beyond it.
    """
    if known is None or None in (face.yaw, face.pitch):
        return False
    pairs = ((face.yaw, *known[:2]), (face.pitch, *known[2:]))
    return any(not low - _MARGIN <= a <= high + _MARGIN for a, low, high in pairs)


def as_poses(value: Any) -> dict[str, PoseRange]:
    """Returns the ranges in a file's metadata by person; leaves out what is none."""
    items = value.items() if isinstance(value, dict) else ()
    return {str(name): _floats(*one) for name, one in items if _is_range(one)}


def _floats(least: float, most: float, low: float, high: float) -> PoseRange:
    return float(least), float(most), float(low), float(high)


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 4
        and all(isinstance(v, int | float) and math.isfinite(v) for v in value)
    )

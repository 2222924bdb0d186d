"""Openings of mouth and eyes, smile and gaze by the mesh, and how they carry over."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import gaps
from deepface_models.evaluation.chips import eye_distance
from deepface_models.evaluation.measures import centered
from deepface_models.faces._mesh_points import (
    LEFT_CORNERS,
    LEFT_IRIS,
    MOUTH_CORNERS,
    RIGHT_CORNERS,
    RIGHT_IRIS,
)

# Pairs of opposite points of the inner lips, and of the lids of each eye.
_LIPS = ((82, 87), (13, 14), (312, 317))
_LEFT_LIDS = ((160, 144), (159, 145), (158, 153))
_RIGHT_LIDS = ((387, 373), (386, 374), (385, 380))
# Of the level of open eyes: below are closed eyes, above open ones.
_CLOSED, _OPEN = 0.5, 0.8
_LEVEL = 80  # percentile of a clip that counts as open eyes


def mouth_opening(mesh: Array) -> Array:
    """Returns the gap between the lips: (N, 478, 3) -> (N,) in eye distances."""
    return _gap(mesh, _LIPS) / eye_distance(mesh)


def eye_opening(mesh: Array) -> Array:
    """Returns the mean gap between the lids: (N, 478, 3) -> (N,) in eye widths."""
    left = _gap(mesh, _LEFT_LIDS) / _gap(mesh, (LEFT_CORNERS,))
    right = _gap(mesh, _RIGHT_LIDS) / _gap(mesh, (RIGHT_CORNERS,))
    return np.asarray((left + right) / 2)


def smile(mesh: Array) -> Array:
    """Returns the width of the mouth: (N, 478, 3) -> (N,) in eye distances."""
    return _gap(mesh, (MOUTH_CORNERS,)) / eye_distance(mesh)


def gaze(mesh: Array) -> Array:
    """Returns where the irises are in the eyes: (N, 478, 3) -> (N,).

    -1 is the corner at the left of the image and 1 the one at the right.
    """
    left = _between(mesh, LEFT_IRIS[0], *LEFT_CORNERS)
    right = _between(mesh, RIGHT_IRIS[0], *reversed(RIGHT_CORNERS))
    return np.asarray((left + right) / 2)


MEASURES = {
    "mouth": mouth_opening,
    "eyes": eye_opening,
    "smile": smile,
    "gaze": gaze,
}


def gain(result: Array, source: Array, clips: Array) -> float:
    """Returns the slope of the result's values on the source's, within clips.

    Correlation does not see movements that are too small; this does.

    Args:
        result: (N,) values of the results; NaN where not known.
        source: (N,) values of the source frames.
        clips: (N,) labels; each clip's mean is subtracted first.

    Returns:
        1 for movements as large as the source's, 0 for none; NaN with fewer than
        three frames or a source that does not move.
    """
    a, b = centered(result, source, clips)
    scale = float((b**2).sum())
    return float((a * b).sum() / scale) if len(a) > 2 and scale > 1e-12 else np.nan


def blink_depth(result: Array, source: Array, clips: Array) -> float:
    """Returns the opening of the eyes where the source closes them.

    Args:
        result: (N,) eye openings of the results; NaN where not known.
        source: (N,) those of the source frames. Below half of its clip's open level,
            the source's eyes count as closed.
        clips: (N,) labels.

    Returns:
        Relative to the result's opening where the source's eyes are open: 1 if the
        eyes stay open; NaN if the source never closes its eyes.
    """
    known = np.isfinite(result) & np.isfinite(source)
    result, source, clips = result[known], source[known], clips[known]
    found: list[float] = []
    for clip in np.unique(clips):
        a, b = result[clips == clip], source[clips == clip]
        level = np.percentile(b, _LEVEL)
        closed = b < _CLOSED * level
        if closed.any():
            found += (a[closed] / a[b > _OPEN * level].mean()).tolist()
    return float(np.mean(found)) if found else np.nan


def _gap(mesh: Array, pairs: tuple[tuple[int, ...], ...]) -> Array:
    return np.asarray(gaps(mesh, pairs).mean(-1))


def _between(mesh: Array, point: int, left: int, right: int) -> Array:
    """Returns where a point lies between two others, -1 to 1."""
    axis = mesh[:, right, :2] - mesh[:, left, :2]
    middle = (mesh[:, right, :2] + mesh[:, left, :2]) / 2
    along = ((mesh[:, point, :2] - middle) * axis).sum(-1)
    return np.asarray(2 * along / (axis**2).sum(-1))

"""Openings of mouth and eyes, width of the mouth and gaze, and how they carry over."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.evaluation.measures import centered
from deepface_models.faces.expressions import (
    eye_opening,
    gaze,
    mouth_opening,
    mouth_width,
)

# Of the level of open eyes: below are closed eyes, above open ones.
_CLOSED, _OPEN = 0.5, 0.8
_LEVEL = 80  # percentile of a clip that counts as open eyes

MEASURES = {
    "mouth": mouth_opening,
    "eyes": eye_opening,
    "smile": mouth_width,
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

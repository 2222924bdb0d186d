"""Numbers that describe a face's expression and direction of view; needs no Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepface_models.core.arrays import Array

# `faces.expressions` measures them. Lengths are fractions of the distance of the eyes.
NAMES = (
    "mouth",  # distance of the inner lips
    "eyes",  # height of the eyes as a fraction of their width
    "smile",  # how far the mouth's corners are drawn out and up
    "yaw",  # the tip of the nose, to the right of the middle between the eyes
    "pitch",  # the same, below it
    "brows",  # the brows, below the eyes (so negative)
    "gaze",  # the irises between the eyes' corners, -1 to 1
)
FEATURES = len(NAMES)
FEWEST = 16  # faces of a person from which their expressions are learned
MOUTH, EYES, POSE = (0, 2), (1, 5, 6), (3, 4)  # what changes independently
# Differences that are just visible; the unit in which expressions are compared.
SCALES = (0.025, 0.035, 0.035, 0.1, 0.06, 0.03, 0.12)
# Bounds of a neutral face. Who smiles throughout a clip never shows theirs, and the
# smile must not be taken for it. Yaw and gaze of a symmetric face are 0, whoever it is:
# a camera beside the head must not become part of the person.
# Measured on 10 speakers: smile -0.31 to -0.24 where they do not smile; -0.23 to 0.15
# in 164 portraits of people who do.
_LEAST = np.array([0.0, 0.27, -0.33, 0.0, 0.40, -0.45, 0.0])
_MOST = np.array([0.06, 0.42, -0.24, 0.0, 0.80, -0.33, 0.0])
_USUAL = np.array([0.02, 0.33, -0.27, 0.0, 0.65, -0.40, 0.0])
# Lips of speakers come as near as 0.035 in a fifth of the frames (seven of seven). Lips
# that never do are held open, as in a smile that shows teeth.
_APART, _HELD = 0.035, 0.055


def gaps(points: Array, pairs: tuple[tuple[int, ...], ...]) -> Array:
    """Returns the distances of pairs of points, (N, number of pairs).

    Args:
        points: (N, K, 2 or more); x and y count.
        pairs: Numbers of two points each.
    """
    one, other = np.array(pairs).T
    difference = points[:, one, :2] - points[:, other, :2]
    return np.asarray(np.linalg.norm(difference, axis=-1))


def neutral_face(values: Array) -> Array:
    """Returns the measures of a person's neutral face: closed mouth, open eyes.

    Args:
        values: (N, 7), from `faces.measure_faces`, of the person's faces.

    Returns:
        (7,) float64, within what is usual for people; yaw and gaze are 0. With fewer
        than 16 faces, mouth, smile and brows are those of a usual face; so is the mouth
        if it never closes.
    """
    low, middle = np.percentile(values, [20, 50], axis=0)
    found = np.where(np.isin(np.arange(FEATURES), (0, 2)), low, middle)
    if len(values) < FEWEST:
        usual = np.isin(np.arange(FEATURES), (0, 2, 5))
        found = np.where(usual, _USUAL, found)
    found[0] = np.interp(found[0], [0, _APART, _HELD], [0, _APART, _USUAL[0]])
    return np.clip(found, _LEAST, _MOST)


def expressions(values: Any, neutral: Array) -> Array:
    """Returns measures relative to a neutral face, by which people can be compared.

    Args:
        values: (N, 7), from `faces.measure_faces`.
        neutral: (7,), from `neutral_face`, of the same person.

    Returns:
        (N, 7) float32: the differences; that of the eyes' opening is a fraction of the
        neutral one. Gaze becomes 0 as the eyes close, where no iris is seen.
    """
    relative = np.asarray(values, np.float64) - neutral
    relative[:, 1] /= neutral[1]
    relative[:, 6] *= np.clip(1.0 + 2.0 * relative[:, 1], 0.0, 1.0)
    return np.asarray(relative, np.float32)


def own_expressions(values: Array) -> Array:
    """Returns the expressions in one person's faces, relative to their neutral face.

    Args:
        values: (N, 7), from `faces.measure_faces`.
    """
    return expressions(values, neutral_face(values))

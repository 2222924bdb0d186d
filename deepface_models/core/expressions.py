"""Numbers that describe a face's expression, from its landmarks; needs no Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepface_models.core.arrays import Array

FEATURES = 3
# Pairs of opposite landmarks of the inner lips, the lids and the corners of each eye,
# of dlib's 68.
LIPS = ((61, 67), (62, 66), (63, 65))
LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
_CORNERS = ((36, 39), (36, 39), (42, 45), (42, 45))  # of the eye of each pair of lids
_MOUTH = ((48, 54),)
# Bounds of a neutral face. Who smiles throughout a clip never shows theirs, and the
# smile must not be taken for it. Ten speakers, GRID and others, the first 400 frames of
# a clip: mouth 0.01 to 0.06, eyes 0.27 to 0.38, width 0.70 to 0.85.
_LEAST, _MOST = np.array([0.0, 0.22, 0.65]), np.array([0.07, 0.45, 0.88])


def measures(landmarks: Any) -> Array:
    """Measures openings of the mouth and the eyes and the width of the mouth.

    Args:
        landmarks: (N, 68, 2) in pixels, in the order of iBUG 300-W.

    Returns:
        (N, 3) float64: the distance of the inner lips and that of the mouth's corners,
        first and last, as fractions of the distance between the eyes; and the height of
        the eyes as a fraction of their width (Soukupova and Cech, 2016).

    Raises:
        ValueError: There are not 68 landmarks.
    """
    points = np.asarray(landmarks, np.float64)
    if points.ndim != 3 or points.shape[1:] != (68, 2):
        raise ValueError(
            f"Landmarks of shape {points.shape} were given. Expected (N, 68, 2). Find "
            "faces with FaceAligner(landmarks=68)."
        )

    left, right = points[:, [36, 39]].mean(1), points[:, [42, 45]].mean(1)
    between = np.maximum(np.linalg.norm(left - right, axis=-1), 1e-6)
    eyes = gaps(points, LIDS) / np.maximum(gaps(points, _CORNERS), 1e-6)
    mouth, width = (gaps(points, one).mean(1) / between for one in (LIPS, _MOUTH))
    return np.stack([mouth, eyes.mean(1), width], axis=1)


def gaps(points: Array, pairs: tuple[tuple[int, ...], ...]) -> Array:
    """Returns the distances of pairs of points, (N, number of pairs).

    Args:
        points: (N, K, 2 or more); x and y count.
        pairs: Numbers of two points each.
    """
    one, other = np.array(pairs).T
    difference = points[:, one, :2] - points[:, other, :2]
    return np.asarray(np.linalg.norm(difference, axis=-1))


def all_measured(faces: Any) -> bool:
    """Returns whether all faces have the 68 landmarks that `measures` needs."""
    return all(len(face.landmarks) == 68 for face in faces)


def neutral_face(values: Array) -> Array:
    """Returns the measures of a person's neutral face: closed mouth, open eyes.

    Args:
        values: (N, 3), from `measures`, of the person's faces.

    Returns:
        (3,) float64, within what is usual for people.
    """
    low, middle = np.percentile(values, [20, 50], axis=0)
    return np.clip([low[0], middle[1], low[2]], _LEAST, _MOST)


def expressions(values: Array, neutral: Array) -> Array:
    """Returns measures relative to a neutral face, by which people can be compared.

    Args:
        values: (N, 3), from `measures`.
        neutral: (3,), from `neutral_face`, of the same person.

    Returns:
        (N, 3) float32: the opening and the width of the mouth less the neutral ones,
        and the eyes' opening as a fraction of the neutral one, less 1.
    """
    relative = values - neutral
    relative[:, 1] /= neutral[1]
    return np.asarray(relative, np.float32)


def own_expressions(landmarks: Any) -> Array:
    """Returns the expressions in one person's faces, relative to their neutral face.

    Args:
        landmarks: (N, 68, 2) in pixels.

    Returns:
        (N, 3) float32; see `expressions`.
    """
    values = measures(landmarks)
    return expressions(values, neutral_face(values))

"""Measures of expression and direction of view in aligned faces, by `FaceMesh`."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import gaps
from deepface_models.faces._mesh_points import (
    LEFT_CORNERS,
    LEFT_IRIS,
    MOUTH_CORNERS,
    NUM_POINTS,
    RIGHT_CORNERS,
    RIGHT_IRIS,
)
from deepface_models.faces.align import template
from deepface_models.faces.mesh import FaceMesh, mesh_matrix

# Pairs of opposite points of the inner lips, and of the lids of each eye.
_LIPS = ((82, 87), (13, 14), (312, 317))
_LEFT_LIDS = ((160, 144), (159, 145), (158, 153))
_RIGHT_LIDS = ((387, 373), (386, 374), (385, 380))
_SMILE = 0.6  # with it, a smile changes `smile` as much as `mouth_width`
_NOSE, _BROWS = 1, (105, 334)  # tip of the nose; middle of each brow


def measure_faces(images: Array, face_type: str = "full") -> Array:
    """Returns the expression and the direction of view of aligned faces.

    It takes about 8 ms a face on one CPU core.

    Args:
        images: (N, S, S, 3), as `FaceAligner` crops them; uint8 or float in [0, 1].
        face_type: How they are cropped, a key of `FACE_TYPES`.

    Returns:
        (N, 7) float64; the numbers are explained at `core.expressions.NAMES`.

    Example:
        >>> measure_faces(people["ana"].images[:2]).shape
        (2, 7)
    """
    return mesh_measures(aligned_mesh(images, face_type))


def aligned_mesh(images: Array, face_type: str = "full") -> Array:
    """Returns `FaceMesh`'s points, (N, 478, 3), of faces as `measure_faces` takes."""
    if not len(images):
        return np.zeros((0, NUM_POINTS, 3), np.float32)
    matrix = mesh_matrix(template(5, images.shape[1], face_type))
    return FaceMesh().predict(list(images), [matrix] * len(images))[0]


def mesh_measures(mesh: Array) -> Array:
    """Returns what `measure_faces` does from `FaceMesh`'s points, (N, 478, 3)."""
    right, down = _from_eyes(mesh, (_NOSE,))
    _, brows = _from_eyes(mesh, _BROWS)
    columns = (mouth_opening(mesh), eye_opening(mesh), smile(mesh), right, down, brows)
    return np.stack([*columns, gaze(mesh)], axis=1).astype(np.float64)


def mouth_opening(mesh: Array) -> Array:
    """Returns the gap between the lips: (N, 478, 3) -> (N,) in eye distances."""
    return _gap(mesh, _LIPS) / eye_distance(mesh)


def eye_opening(mesh: Array) -> Array:
    """Returns the mean gap between the lids: (N, 478, 3) -> (N,) in eye widths."""
    left = _gap(mesh, _LEFT_LIDS) / _gap(mesh, (LEFT_CORNERS,))
    right = _gap(mesh, _RIGHT_LIDS) / _gap(mesh, (RIGHT_CORNERS,))
    return np.asarray((left + right) / 2)


def mouth_width(mesh: Array) -> Array:
    """Returns the width of the mouth: (N, 478, 3) -> (N,) in eye distances."""
    return _gap(mesh, (MOUTH_CORNERS,)) / eye_distance(mesh)


def smile(mesh: Array) -> Array:
    """Returns how far the mouth's corners are drawn out and up: (N, 478, 3) -> (N,).

    The width of the mouth less the distance of its corners from the outer corners of
    the eyes, which a smile shortens and speech hardly changes. All lengths are in three
    dimensions, so that turning the head does not change them. The unit is 1 / 0.6 of
    the eye distance: a smile changes this number as much as the width of the mouth.
    """
    (left, right), eyes = MOUTH_CORNERS, (LEFT_CORNERS, RIGHT_CORNERS)
    width, left_cheek, right_cheek = (
        np.linalg.norm(mesh[:, one] - mesh[:, other], axis=-1)
        for one, other in ((left, right), (left, eyes[0][0]), (right, eyes[1][0]))
    )
    left_eye, right_eye = _eyes(mesh)
    size = np.linalg.norm(right_eye - left_eye, axis=-1)
    return np.asarray(_SMILE * (width - (left_cheek + right_cheek) / 2) / size)


def gaze(mesh: Array) -> Array:
    """Returns where the irises are in the eyes: (N, 478, 3) -> (N,).

    -1 is the corner at the left of the image and 1 the one at the right.
    """
    left = _between(mesh, LEFT_IRIS[0], *LEFT_CORNERS)
    right = _between(mesh, RIGHT_IRIS[0], *reversed(RIGHT_CORNERS))
    return np.asarray((left + right) / 2)


def eye_distance(mesh: Array) -> Array:
    """Returns the distance of the eyes' centers: (N, 478, 3) -> (N,)."""
    left, right = _eyes(mesh[..., :2])
    return np.asarray(np.linalg.norm(right - left, axis=-1))


def _eyes(mesh: Array) -> tuple[Array, Array]:
    left, right = list(LEFT_CORNERS), list(RIGHT_CORNERS)
    return mesh[:, left].mean(1), mesh[:, right].mean(1)


def _from_eyes(mesh: Array, points: tuple[int, ...]) -> tuple[Array, Array]:
    """Returns how far points are to the right of and below the eyes' middle, (N,)."""
    left, right = _eyes(mesh[..., :2])
    axis = (right - left) / eye_distance(mesh)[:, None]
    offset = mesh[:, list(points), :2].mean(1) - (left + right) / 2
    offset = offset / eye_distance(mesh)[:, None]
    along = (offset * axis).sum(-1)
    return along, offset[:, 1] * axis[:, 0] - offset[:, 0] * axis[:, 1]


def _gap(mesh: Array, pairs: tuple[tuple[int, ...], ...]) -> Array:
    return np.asarray(gaps(mesh, pairs).mean(-1))


def _between(mesh: Array, point: int, left: int, right: int) -> Array:
    """Returns where a point lies between two others, -1 to 1."""
    axis = mesh[:, right, :2] - mesh[:, left, :2]
    middle = (mesh[:, right, :2] + mesh[:, left, :2]) / 2
    along = ((mesh[:, point, :2] - middle) * axis).sum(-1)
    return np.asarray(2 * along / (axis**2).sum(-1))

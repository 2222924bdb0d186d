"""Warps of a face to the landmarks of another one."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces.align import invert, transform_points

_JAW = 17  # of the 68 points; the jaw of a turned face can lie before its cheek
_ROUNDS = 6
_THINNEST = 0.01  # twice a triangle's area in square pixels
_STILL = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def nearest_faces(landmarks: Array, others: Array, count: int = 10) -> Array:
    """Finds the faces with the most similar landmarks for each face.

    Args:
        landmarks: (N, K, 2), aligned.
        others: (M, K, 2), aligned to the same size.
        count: Number of faces to find; 10 as in deepfakes/faceswap.

    Returns:
        (N, min(count, M)) indices into `others`, unordered.
    """
    count = min(count, len(others))
    flat = others.reshape(len(others), -1).astype("float64")
    squares = (flat**2).sum(1)
    found = np.empty((len(landmarks), count), "int64")
    for row, points in enumerate(landmarks.reshape(len(landmarks), -1)):
        distance = squares - 2.0 * (flat @ points)  # without the constant |points|^2
        found[row] = np.argpartition(distance, count - 1)[:count]
    return found


def landmark_map(
    landmarks: Array, expected: Array, size: int, matrix: Array = _STILL
) -> Array:
    """Returns the map of a warp that moves landmarks to other positions.

    The warp is piecewise affine, on a Delaunay triangulation of the target landmarks
    and eight points on the image's border. Jaw points inside the other landmarks of
    either face are left out, and so are points whose triangles would be flipped. The
    method is dfaker's, with the numbers of deepfakes/faceswap, lib/training.

    Args:
        landmarks: Landmarks in the image, (68, 2) or (5, 2) in pixels.
        expected: Their target positions, of the same shape.
        size: Width and height of the image.
        matrix: (2, 3) similarity from pixels of the output image to those of the
            input image, which is applied too.

    Returns:
        (size, size, 2) float32, x first, as `cv2.remap` takes it.
    """
    kept = _outside_core(landmarks, expected)
    line = np.array([-0.5, (size - 1) / 2, size - 0.5])
    border = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    border = np.delete(border, 4, axis=0)
    new = transform_points(expected[kept], invert(matrix))
    new = np.concatenate([border, new]).astype("float32")
    old = np.concatenate([transform_points(border, matrix), landmarks[kept]])
    inside = ((new > -size) & (new < 2 * size)).all(1)
    new, old = new[inside], old[inside]
    side = np.sign(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])
    corners, moves, turned = _moves(new, old, size)
    for _ in range(_ROUNDS):
        # Where lips or lids swap places, triangles flip and would tear the skin: leave
        # out the last point of each.
        left = np.ones(len(new), bool)
        left[corners[turned == -side].max(1, initial=-1)] = False
        if left.all():
            break
        new, old = new[left], old[left]
        corners, moves, turned = _moves(new, old, size)
    return _piecewise(new[corners], moves, size)


def _moves(new: Array, old: Array, size: int) -> tuple[Array, Array, Array]:
    """Triangulates points and finds the affine map of each triangle.

    Returns:
        Indices of the corners (T, 3); matrices (T, 3, 2) that map (x, y, 1) in the
        output image to the input image; and orientations (T,), -1 if flipped.
    """
    corners = _triangles(new, size)
    area = _cross(new[corners])
    # Thin triangles first: rasterization covers half a pixel more than a triangle, and
    # the map of a thin one is not accurate there.
    order = np.argsort(np.abs(area), kind="stable")
    order = order[np.count_nonzero(np.abs(area) < _THINNEST) :]
    corners, area = corners[order], area[order]
    here, there = new[corners].astype("float64"), old[corners]
    (ax, ay), (bx, by) = ((here[:, i] - here[:, 0]).T for i in (1, 2))
    back = np.array([[by, -ay], [-bx, ax]]) / area  # inverse of the two sides
    sides = there[:, 1:] - there[:, :1]
    turn = np.einsum("ijt,tjk->tik", back, sides)
    start = there[:, 0] - np.einsum("ti,tik->tk", here[:, 0], turn)
    moves = np.concatenate([turn, start[:, None]], axis=1)
    return corners, moves, np.sign(area * _cross(there))


def _cross(triangles: Array) -> Array:
    """Returns twice the signed area of triangles (T, 3, 2)."""
    a, b = (triangles[:, i] - triangles[:, 0] for i in (1, 2))
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], "float64")


def _outside_core(landmarks: Array, expected: Array) -> Array:
    """Returns the mask of points to use, (K,) bool."""
    kept = np.ones(len(landmarks), bool)
    if len(landmarks) != 68:
        return kept
    both = np.concatenate([landmarks[_JAW:], expected[_JAW:]]).astype("float32")
    core = cv2.convexHull(both)
    for points in (landmarks, expected):
        for number, (x, y) in enumerate(points[:_JAW].tolist()):
            kept[number] &= cv2.pointPolygonTest(core, (x, y), False) < 0
    return kept


def _triangles(points: Array, size: int) -> Array:
    """Triangulates (N, 2) float32 points; returns their indices, (T, 3)."""
    plane = cv2.Subdiv2D((-size, -size, 3 * size, 3 * size))
    plane.insert(points)  # type: ignore[call-overload]
    corners = np.asarray(plane.getTriangleList()).reshape(-1, 3, 2)
    names = points[:, 0] + 1j * points[:, 1]
    order = np.argsort(names, kind="stable")
    expected = corners[..., 0] + 1j * corners[..., 1]
    return np.asarray(order[np.searchsorted(names[order], expected)])


def _piecewise(triangles: Array, moves: Array, size: int) -> Array:
    """Returns the piecewise map of triangles (T, 3, 2) with their (3, 2) matrices."""
    which = np.zeros((size, size), "uint8")  # there are fewer than 2 * 76 triangles
    fixed = np.rint(triangles * 16).astype("int32")
    for number, corners in enumerate(fixed):
        cv2.fillConvexPoly(which, corners, number, cv2.LINE_8, 4)
    table = np.zeros((256, 3, 2), "float32")
    table[: len(moves)] = moves
    column = np.arange(size, dtype="float32")
    right, down, start = (
        [cv2.LUT(which, table[:, part, axis].copy()) for axis in range(2)]
        for part in range(3)
    )
    return cv2.merge(
        [right[i] * column + down[i] * column[:, None] + start[i] for i in range(2)]
    )

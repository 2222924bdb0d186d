"""Moves lids, irises and lips of decoded faces to the source's expression.

A decoder learns the expressions its person was recorded with: who hardly blinked hardly
blinks, and who always looked at the camera always does. What is missing is made up for
by moving pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import NAMES, expressions
from deepface_models.faces import _mesh_points as numbers
from deepface_models.faces.expressions import (
    aligned_mesh,
    eye_distance,
    mesh_measures,
)

_MOUTH, _EYES, _SMILE, _GAZE = map(NAMES.index, ("mouth", "eyes", "smile", "gaze"))
# Most that is made up for: of the mouth's opening and width, in distances of the eyes;
# of the gaze, between an eye's corners at -1 and 1; and by how much eyes open wider.
_MOST_OPEN, _MOST_WIDE, _MOST_GAZE, _MOST_WIDER = 0.05, 0.05, 0.35, 0.25
_RAISED = 0.6  # how far a smile moves the mouth's corners up, for each step outward
_STRETCH = 0.4  # a gap between lips may grow by this part of it; teeth stretch with it
# The mesh sees the lower lip move farther than it does, and lids less far.
_LIP, _LIDS = 0.6, 1.6
# In widths of the eye: the edge of a lid; lashes of an open eye above it, and of a
# closed one, which point down.
_EDGE, _LASHES = 0.06, (0.2, 0.08)
_LID = 0.6  # part of the skin between eye and brow that stretches with the lid
# Reach of the move: of a corner of the mouth, in distances of the eyes; of an iris
# along and across the eye, in widths of the eye.
_CORNER, _IRIS = 0.22, (0.30, 0.35)
# Where the chin's move begins to fade and ends, below the mouth in distances of the
# eyes.
_CHIN = (0.35, 0.80)
_INNER_LIPS = [13, 14]
# Of each eye, from left to right: points of the upper lid, the lower lid and the brow,
# and the center of the iris.
_EYE_POINTS = (
    (
        [33, 246, 161, 160, 159, 158, 157, 173, 133],
        [33, 7, 163, 144, 145, 153, 154, 155, 133],
        [46, 53, 52, 65, 55],
        numbers.LEFT_IRIS[0],
    ),
    (
        [362, 398, 384, 385, 386, 387, 388, 466, 263],
        [362, 382, 381, 380, 374, 373, 390, 249, 263],
        [285, 295, 282, 283, 276],
        numbers.RIGHT_IRIS[0],
    ),
)


def reshaped(images: Array, source: Array, neutral: Array, face_type: str) -> Array:
    """Returns decoded faces of one person with their source's expressions.

    Args:
        images: (N, S, S, C) float in [0, 1], the decoded faces; channels after the
            third do not change.
        source: (N, 7), the source's expressions, from `core.expressions`.
        neutral: (7,), the measures of the person's decoded neutral face.
        face_type: How the faces are cropped, a key of `FACE_TYPES`.
    """
    faces = np.clip(images[..., :3], 0.0, 1.0).astype(np.float32)
    mesh = aligned_mesh(faces, face_type)
    found = expressions(mesh_measures(mesh), neutral)
    missing = np.asarray(source, np.float64) - found
    result = np.array(images, np.float32)
    values = zip(mesh[..., :2], 1 + found[:, _EYES], missing, strict=True)
    for image, face, value in zip(result, faces, values, strict=True):
        image[..., :3] = _reshaped(face, *value)
    return result


def _reshaped(face: Array, points: Array, opening: float, missing: Array) -> Array:
    """Returns a face, (S, S, 3), with its features moved.

    Args:
        face: (S, S, 3) float32.
        points: (478, 2), its mesh.
        opening: How far its eyes are open, as a part of the neutral face's.
        missing: (7,), the difference to the source's expression.
    """
    result = _move_mouth(face, points, missing)
    share = (opening + _LIDS * missing[_EYES]) / max(opening, 1e-3)
    for upper, lower, brow, iris in _EYE_POINTS:
        result = _move_iris(result, points[upper], points[iris], missing[_GAZE])
        lids = points[upper], points[lower]
        result = _move_lid(result, *lids, points[brow], share)
    return result


def _move_mouth(image: Array, points: Array, missing: Array) -> Array:
    """Moves the corners of the mouth and the lower lip with the chin."""
    distance = float(eye_distance(points[None])[0])
    left, right = points[list(numbers.MOUTH_CORNERS)]
    width = max(float(np.linalg.norm(right - left)), 1.0)
    axis = (right - left) / width
    upper, lower = points[_INNER_LIPS]
    gap = max(float((lower - upper) @ (-axis[1], axis[0])), 0.0)
    wide = np.clip(missing[_SMILE], -_MOST_WIDE, _MOST_WIDE) * distance / 2
    most = min(_MOST_OPEN * distance, _STRETCH * gap)
    open_ = np.clip(_LIP * missing[_MOUTH] * distance, -gap, most)
    middle, inside = (upper + lower) / 2, max(gap / 2, 0.02 * distance)

    def moves(x: Array, y: Array) -> tuple[Array, Array]:
        near = _bell(x - left[0], y - left[1], _CORNER * distance, _CORNER * distance)
        far = _bell(x - right[0], y - right[1], _CORNER * distance, _CORNER * distance)
        x, y = x - middle[0], y - middle[1]
        along, below = x * axis[0] + y * axis[1], y * axis[0] - x * axis[1]
        # It grows from the upper to the lower lip, and ends below the chin.
        chin = np.interp(below / distance, _CHIN, (1, 0))
        move = open_ * np.clip((below + inside) / (2 * inside), 0, 1)
        move *= chin * chin * (3 - 2 * chin) * _bell(along, 0, 0.375 * width, 1)
        aside = wide * (far - near)
        move -= _RAISED * wide * (far + near)
        return aside * axis[0] - move * axis[1], aside * axis[1] + move * axis[0]

    reach = np.array([3 * _CORNER, _CHIN[1]]) * distance
    ends = np.stack([left, right, middle])
    return _moved(image, ends.min(0) - reach, ends.max(0) + reach, moves)


def _move_iris(image: Array, lid: Array, iris: Array, missing: float) -> Array:
    """Moves the iris between the corners of the eye."""
    across = lid[-1] - lid[0]
    width = max(float(np.linalg.norm(across)), 1.0)
    shift = float(np.clip(missing, -_MOST_GAZE, _MOST_GAZE)) * across / 2
    x, y = iris + shift

    def moves(column: Array, row: Array) -> tuple[Array, Array]:
        near = _bell(column - x, row - y, _IRIS[0] * width, _IRIS[1] * width)
        return near * shift[0], near * shift[1]

    middle = (lid[0] + lid[-1]) / 2
    return _moved(image, middle - width, middle + width, moves)


def _move_lid(
    image: Array, upper: Array, lower: Array, brow: Array, share: float
) -> Array:
    """Opens an eye to a share of how far it is open, by moving its upper lid.

    A lid that closes covers the eye: above its new edge the skin stretches, below it
    nothing moves. A lid that opens stretches the upper part of the eye.
    """
    share = float(np.clip(share, 0.0, 1.0 + _MOST_WIDER))
    width = max(float(np.ptp(upper[:, 0])), 1.0)
    low = [upper[:, 0].min(), brow[:, 1].min()]
    high = [upper[:, 0].max(), lower[:, 1].max() + 0.2 * width]
    part, columns, rows = _part(image, np.array(low), np.array(high))
    if part is None:
        return image
    top, bottom, above = (
        np.interp(columns[0], *line[np.argsort(line[:, 0])].T)
        for line in (upper, lower, brow)
    )
    gap = np.maximum(bottom - top, 0.0)
    edge = top + np.minimum(_EDGE * width, gap)
    fold = top - _LID * np.maximum(top - above, 0.1 * width)
    new = edge + (1 - share) * np.maximum(bottom - edge, 0.0)
    closing = np.clip((new - edge) / np.maximum(gap, 1e-3), 0.0, 1.0)
    lashes = np.minimum(_LASHES[0] * width, 0.7 * (edge - fold))
    short = lashes + closing * (np.minimum(_LASHES[1] * width, lashes) - lashes)
    skin = _through(rows, (fold, new - short, new), (fold, edge - lashes, edge))
    eye = rows
    if share > 1:
        eye = bottom - (bottom - rows) * (bottom - edge) / np.maximum(
            bottom - new, 1e-3
        )
    eye = np.where((rows < bottom) & (gap > 0), eye, rows)
    cover = np.clip(new - rows + 0.5, 0.0, 1.0)[..., None]
    lid, ball = (_sampled(image, columns, y) for y in (skin, eye))
    result = image.copy()
    result[part] = ball + (lid - ball) * cover.astype(np.float32)
    return result


def _through(
    values: Array, known: tuple[Array, ...], become: tuple[Array, ...]
) -> Array:
    """Interpolates between three rows of each column; above the first nothing moves."""
    (a, b, c), (x, y, z) = known, become
    upper = x + (values - a) * (y - x) / np.maximum(b - a, 1e-3)
    lower = y + (values - b) * (z - y) / np.maximum(c - b, 1e-3)
    return np.where(values < a, values, np.where(values < b, upper, lower))


def _moved(
    image: Array,
    low: Array,
    high: Array,
    moves: Callable[[Array, Array], tuple[Array, Array]],
) -> Array:
    """Moves the pixels between two corners; `moves` gives how far at each (x, y)."""
    part, columns, rows = _part(image, low, high)
    if part is None:
        return image
    x, y = moves(columns, rows)
    result = image.copy()
    result[part] = _sampled(image, columns - x, rows - y)
    return result


def _part(
    image: Array, low: Array, high: Array
) -> tuple[tuple[slice, slice] | None, Array, Array]:
    """Returns the part of an image between two corners, and x and y of its pixels."""
    size = image.shape[1], image.shape[0]
    left, top = np.clip(np.floor(low), 0, size).astype(int).tolist()
    right, bottom = np.clip(np.ceil(high) + 1, 0, size).astype(int).tolist()
    columns, rows = np.meshgrid(
        np.arange(left, right, dtype=np.float32),
        np.arange(top, bottom, dtype=np.float32),
    )
    part = (slice(top, bottom), slice(left, right)) if columns.size else None
    return part, columns, rows


def _bell(x: Array, y: Array | float, wide: float, high: float) -> Array:
    return np.asarray(np.exp(-0.5 * ((x / wide) ** 2 + (y / high) ** 2)))


def _sampled(image: Array, x: Array, y: Array) -> Array:
    """Returns the image at points, at which cubics may overshoot [0, 1] a little."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    found = cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(found, 0.0, 1.0)

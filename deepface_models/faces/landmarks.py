"""dlib's 68 and 5 landmarks, averaged over several boxes for stability; the mesh's."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.whole import whole_number
from deepface_models.faces import _dlib
from deepface_models.faces._mesh_landmarks import landmarks_of
from deepface_models.faces.align import alignment_matrix, invert, transform_points
from deepface_models.faces.detect import Detection, rotated_box, rotated_points
from deepface_models.faces.face import Box
from deepface_models.faces.mesh import FaceMesh, mesh_matrix

# Median position of HOG boxes on front views, in thousandths of the mean face's square.
_HOG_CENTER = (500.0, 408.0)
_HOG_SIDE = 1100.0

# Overlap and movement, in widths, from and up to which a face starts from the frame
# before. Of one that moves faster, the landmarks would stay behind.
_STAYED, _STILL = 0.7, 0.05

# Shift (x, y) and growth of the box in each repeat, in box widths.
_JITTER = (
    (0.0, 0.0, 0.0),
    (0.03, 0.02, 0.02),
    (-0.03, -0.02, 0.02),
    (-0.02, 0.03, -0.03),
    (0.02, -0.03, -0.03),
    (0.0, 0.04, 0.04),
    (0.0, -0.04, -0.04),
)


def count_of(landmarks: int | str) -> int:
    """Returns how many landmarks `FaceAligner(landmarks=...)` finds.

    Raises:
        ValueError: It is neither "mesh" nor a whole number.
    """
    if not isinstance(landmarks, str):
        return whole_number("landmarks", landmarks)
    choose("landmarks", landmarks, ["mesh"], "Or use the number 68 or 5.")
    return 68


def predict_all(
    images: Sequence[Array],
    found: Sequence[Detection],
    landmarks: int | str,
    repeats: int,
) -> tuple[list[Array], list[Array | None]]:
    """Predicts the landmarks of one detection in each of the images.

    A face that stays where the one before was starts from the landmarks of that one,
    which saves one prediction.

    Args:
        images: RGB uint8 frames, contiguous.
        found: The face in each.
        landmarks: 68 or 5 of dlib, or "mesh".
        repeats: See `predict`.

    Returns:
        The landmarks of each face, and its mesh, (478, 3), or None.
    """
    count = 5 if landmarks == "mesh" else int(landmarks)
    points: list[Array] = []
    before: Detection | None = None
    for image, one in zip(images, found, strict=True):
        start = None
        if before is not None and _stays(before, one):
            start = box_from_landmarks(points[-1])
        turns = one.quarter_turns
        points.append(predict_rotated(image, one.box, turns, count, repeats, start))
        before = one
    if landmarks != "mesh":
        return points, [None] * len(points)
    matrices = [mesh_matrix(five) for five in points]
    meshes, _ = FaceMesh().predict(images, matrices)
    return list(landmarks_of(meshes)), list(meshes)


def _stays(before: Detection, now: Detection) -> bool:
    """Whether a face is upright and where it was in the frame before."""
    (x, y), (a, b) = before.box.center, now.box.center
    near = math.hypot(x - a, y - b) < _STILL * now.box.width
    upright = before.quarter_turns == now.quarter_turns == 0
    return upright and near and before.box.iou(now.box) > _STAYED


def predict(
    image: Array,
    box: Box,
    num_points: int = 68,
    repeats: int = 1,
    start: Box | None = None,
) -> Array:
    """Predicts the landmarks of the face in `box`.

    dlib's predictors jump when the box moves by a pixel. With repeats, the first
    prediction only gives a box in standard position; the mean over several slightly
    different boxes there jitters half as much.

    Args:
        image: RGB uint8 frame, contiguous.
        box: The face's box in the convention of the HOG detector.
        num_points: 68 or 5.
        repeats: Number of predictions in all, 1 to 8; each takes about 1 ms.
        start: The box in standard position, if it is known; saves the first prediction.

    Returns:
        (num_points, 2) float32, pixels of the frame.
    """
    predictor = _dlib.get(f"landmarks_{num_points}")
    if repeats == 1 or start is None:
        points = _dlib.parts(predictor(image, _dlib.rectangle(box)))
        start = box_from_landmarks(points) if repeats > 1 else None
    if start is not None:
        boxes = _around(start, repeats - 1)
        predicted = [_dlib.parts(predictor(image, _dlib.rectangle(b))) for b in boxes]
        points = np.mean(predicted, 0)
    return np.asarray(points, np.float32)


def predict_rotated(
    image: Array,
    box: Box,
    turns: int,
    num_points: int = 68,
    repeats: int = 1,
    start: Box | None = None,
) -> Array:
    """Predicts as `predict` for a face that is upright after `turns` quarter turns."""
    if turns % 4 == 0:
        return predict(image, box, num_points, repeats, start)
    rotated = np.ascontiguousarray(np.rot90(image, turns))
    there = rotated_box(box, turns, image)
    points = predict(rotated, there, num_points, repeats)
    return np.asarray(rotated_points(points, -turns, rotated), np.float32)


def box_from_landmarks(points: Array) -> Box:
    """Returns the HOG detector's usual box for a face with these 68 or 5 landmarks."""
    matrix = invert(alignment_matrix(points, 1000, "half"))
    x, y = transform_points(np.array(_HOG_CENTER), matrix).tolist()
    half = _HOG_SIDE / 2 * float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    return Box(x - half, y - half, x + half, y + half)


def _around(box: Box, count: int) -> list[Box]:
    size = box.width
    return [
        Box(
            box.left + (x - grow / 2) * size,
            box.top + (y - grow / 2) * size,
            box.right + (x + grow / 2) * size,
            box.bottom + (y + grow / 2) * size,
        )
        for x, y, grow in _JITTER[:count]
    ]

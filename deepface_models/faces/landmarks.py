"""dlib's 68 and 5 landmarks, averaged over several boxes for stability."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces import _dlib
from deepface_models.faces.align import alignment_matrix, invert, transform_points
from deepface_models.faces.detect import rotated_box, rotated_points
from deepface_models.faces.face import Box

# Median position of HOG boxes on front views, in thousandths of the mean face's square.
_HOG_CENTER = (500.0, 408.0)
_HOG_SIDE = 1100.0

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


def predict(image: Array, box: Box, num_points: int = 68, repeats: int = 1) -> Array:
    """Predicts the landmarks of the face in `box`.

    dlib's predictors jump when the box moves by a pixel. With repeats, the first
    prediction only gives a box in standard position; the mean over several slightly
    different boxes there jitters half as much.

    Args:
        image: RGB uint8 frame, contiguous.
        box: The face's box in the convention of the HOG detector.
        num_points: 68 or 5.
        repeats: Number of predictions in all, 1 to 8; each takes about 1 ms.

    Returns:
        (num_points, 2) float32, pixels of the frame.
    """
    predictor = _dlib.get(f"landmarks_{num_points}")
    points = _dlib.parts(predictor(image, _dlib.rectangle(box)))
    if repeats > 1:
        boxes = _around(box_from_landmarks(points), repeats - 1)
        predicted = [_dlib.parts(predictor(image, _dlib.rectangle(b))) for b in boxes]
        points = np.mean(predicted, 0)
    return np.asarray(points, np.float32)


def predict_rotated(
    image: Array, box: Box, turns: int, num_points: int = 68, repeats: int = 1
) -> Array:
    """Predicts as `predict` for a face that is upright after `turns` quarter turns."""
    if turns % 4 == 0:
        return predict(image, box, num_points, repeats)
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

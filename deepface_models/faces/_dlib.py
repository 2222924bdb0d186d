"""dlib's detectors and networks, created on first use; only then dlib is imported.

Detectors keep working memory inside, so each thread has its own; the HOG detector,
which takes almost a second to create, is copied. The landmark predictors are large and
keep none (dlib documents them as safe to share), so all threads share one.
"""

from __future__ import annotations

import pickle
import threading
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array, as_uint8
from deepface_models.faces.face import Box
from deepface_models.faces.models import model_path

_own = threading.local()
_shared: dict[str, Any] = {}
_lock = threading.Lock()

_CLASSES = {
    "mmod": "cnn_face_detection_model_v1",
    "landmarks_68": "shape_predictor",
    "landmarks_5": "shape_predictor",
}


def get(name: str) -> Any:
    """Returns the dlib object "hog", "mmod", "landmarks_68", ... for this thread."""
    if name.startswith("landmarks"):
        return _common(name)
    created = _own.__dict__.setdefault("created", {})
    if name not in created:
        created[name] = pickle.loads(_common(name)) if name == "hog" else _create(name)
    return created[name]


def _common(name: str) -> Any:
    with _lock:
        if name not in _shared:
            _shared[name] = _create(name)
    return _shared[name]


def _create(name: str) -> Any:
    import dlib

    if name == "hog":
        return pickle.dumps(dlib.get_frontal_face_detector())
    return getattr(dlib, _CLASSES[name])(str(model_path(name)))


def rectangle(box: Box) -> Any:
    """Returns a box as a dlib rectangle: whole pixels, right and bottom inclusive."""
    import dlib

    left, top, right, bottom = (round(v) for v in box.as_tuple())
    return dlib.rectangle(left, top, right - 1, bottom - 1)


def box_of(rectangle: Any) -> Box:
    """Returns a dlib rectangle as a `Box`."""
    return Box(
        float(rectangle.left()),
        float(rectangle.top()),
        float(rectangle.right() + 1),
        float(rectangle.bottom() + 1),
    )


def as_rgb(image: Array) -> Array:
    """Returns the image as contiguous uint8 RGB, the format that dlib reads.

    Raises:
        ValueError: If it is not an (H, W, 3) image, uint8 or float in [0, 1].
    """
    return as_uint8(image)


def parts(shape: Any) -> Array:
    """Returns the points of a dlib shape, (N, 2) float64."""
    return np.array([(p.x, p.y) for p in shape.parts()], np.float64)


def shape_of(box: Box, points: Array) -> Any:
    """Returns a dlib shape of these points, rounded to whole pixels."""
    import dlib

    rounded = np.rint(points).astype(int)
    listed = dlib.points([dlib.point(int(x), int(y)) for x, y in rounded])
    return dlib.full_object_detection(rectangle(box), listed)

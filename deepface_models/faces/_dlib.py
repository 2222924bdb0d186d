"""dlib's objects, made on first use, when dlib is imported too.

Detectors and networks keep working memory inside, so each thread has its own. The
landmark predictors do not (dlib documents them as safe to share) and are large, so
there is one for all threads.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces.face import Box
from deepface_models.faces.models import model_path
from deepface_models.media import as_uint8

_own = threading.local()
_shared: dict[str, Any] = {}
_lock = threading.Lock()

_MAKERS = {
    "mmod": "cnn_face_detection_model_v1",
    "landmarks_68": "shape_predictor",
    "landmarks_5": "shape_predictor",
    "embedding": "face_recognition_model_v1",
}


def get(name: str) -> Any:
    """The object of that name ("hog", "mmod", "landmarks_68", ...) for this thread."""
    if name.startswith("landmarks"):
        with _lock:
            if name not in _shared:
                _shared[name] = _made(name)
        return _shared[name]
    made = _own.__dict__.setdefault("made", {})
    if name not in made:
        made[name] = _made(name)
    return made[name]


def _made(name: str) -> Any:
    import dlib

    if name == "hog":
        return dlib.get_frontal_face_detector()
    return getattr(dlib, _MAKERS[name])(str(model_path(name)))


def rectangle(box: Box) -> Any:
    """A dlib rectangle: whole pixels, right and bottom inclusive."""
    import dlib

    left, top, right, bottom = (round(v) for v in box.as_tuple())
    return dlib.rectangle(left, top, right - 1, bottom - 1)


def box_of(rectangle: Any) -> Box:
    """The `Box` of a dlib rectangle."""
    return Box(
        float(rectangle.left()),
        float(rectangle.top()),
        float(rectangle.right() + 1),
        float(rectangle.bottom() + 1),
    )


def as_rgb(image: Array) -> Array:
    """The image as contiguous uint8 RGB, as dlib wants it.

    Raises:
        ValueError: If it is no HxWx3 image of uint8 or float in [0, 1].
    """
    return as_uint8(image)


def parts(shape: Any) -> Array:
    """The points of a dlib shape, (N, 2) float64."""
    return np.array([(p.x, p.y) for p in shape.parts()], np.float64)


def shape_of(box: Box, points: Array) -> Any:
    """A dlib shape of these points, rounded to whole pixels."""
    import dlib

    rounded = np.rint(points).astype(int)
    listed = dlib.points([dlib.point(int(x), int(y)) for x, y in rounded])
    return dlib.full_object_detection(rectangle(box), listed)

"""The cells of a preview: parts of images, made smaller, with a caption."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces.face import Face

_WIDER = 0.6  # of a face's box on each side
_CAPTION, _INK = 22, (32, 32, 32)  # height in px, color


def around(image: Array, faces: Sequence[Face]) -> tuple[slice, slice]:
    """Returns the index of the part of an image around faces."""
    boxes = [face.box for face in faces]
    more = max(box.width for box in boxes) * _WIDER
    left, top = min(b.left for b in boxes) - more, min(b.top for b in boxes) - more
    right = max(b.right for b in boxes) + more
    bottom = max(b.bottom for b in boxes) + more
    height, width = image.shape[:2]
    rows = slice(max(0, int(top)), min(height, int(bottom)))
    return rows, slice(max(0, int(left)), min(width, int(right)))


def small(image: Array, width: int) -> Array:
    """Returns an image of at most `width` pixels across."""
    if image.shape[1] <= width:
        return np.ascontiguousarray(image)
    size = width, max(1, round(image.shape[0] * width / image.shape[1]))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def captioned(image: Array, text: str) -> Array:
    """Returns an image with a text above it, small enough to fit."""
    strip = np.full((_CAPTION, image.shape[1], 3), 255, np.uint8)
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    long = cv2.getTextSize(text, font, scale, 1)[0][0] + 8
    scale *= min(1.0, image.shape[1] / long)
    where = 4, _CAPTION - 7
    cv2.putText(strip, text, where, font, scale, _INK, 1, cv2.LINE_AA)
    return np.concatenate([strip, image])

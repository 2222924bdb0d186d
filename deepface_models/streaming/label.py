"""The label that every live image carries."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from deepface_models.core.arrays import Array

LABEL = "AI-generated face swap"
_SHARE = 1 / 18  # height of the label, as a fraction of the image's
_WIDEST = 0.9  # its width at most, likewise
_LEAST = 12  # pixels of its height, if the image has as many
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def burn_label(image: Array) -> Array:
    """Returns an image with the label in its lower left corner.

    Args:
        image: (H, W, 3) uint8; not changed.
    """
    height, width = image.shape[:2]
    plate = _plate(height, width)
    result = image.copy()
    result[height - plate.shape[0] :, : plate.shape[1]] = plate
    return result


@functools.lru_cache(maxsize=8)
def _plate(height: int, width: int) -> Array:
    """Returns the label for an image of this size, white on black, (h, w, 3) uint8."""
    (wide, high), below = cv2.getTextSize(LABEL, _FONT, 1.0, 2)
    margin = high // 2
    full = np.zeros((high + below + 2 * margin, wide + 2 * margin, 3), np.uint8)
    place = margin, margin + high
    cv2.putText(full, LABEL, place, _FONT, 1.0, (255, 255, 255), 2, cv2.LINE_AA)
    factor = max(height * _SHARE, min(_LEAST, height)) / full.shape[0]
    factor = min(factor, width * _WIDEST / full.shape[1])
    size = [max(1, round(side * factor)) for side in full.shape[1::-1]]
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(full, size, interpolation=how))

"""The places of a frame that differ from another frame of the same scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces.face import Box

Place: TypeAlias = tuple[slice, slice]  # rows and columns

_SIDE = 160  # pixels of the longer side at which frames are compared
_LEVELS = 12  # of 255; noise, averaged over a pixel there, changes by less
_AROUND = 6  # pixels there that a place reaches beyond what changed
# A known head reaches beyond its box by this many widths, upward and elsewhere.
_HAIR, _CHEEKS = 0.4, 0.15
_MOST = 0.6  # share of the frame from which it counts as all of it


def changed_places(
    image: Array, other: Array, known: Iterable[Box] = ()
) -> list[Place] | None:
    """Returns where a frame may show something that another does not; None: anywhere.

    Args:
        image: RGB uint8 frame.
        other: A frame of the same size.
        known: Faces in `image`, whose changes do not count.
    """
    height, width = image.shape[:2]
    times = max(1, -(-max(height, width) // _SIDE))
    now, then = (_reduced(one, times) for one in (image, other))
    changed = (cv2.absdiff(now, then).max(axis=2) > _LEVELS).astype(np.uint8)
    for box in known:
        changed[_head(box, times)] = 0
    side = 2 * _AROUND + 1
    grown = cv2.dilate(changed, np.ones((side, side), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(grown)
    parts = stats[1:, :4]  # left, top, width and height of each
    if int((parts[:, 2] * parts[:, 3]).sum()) > _MOST * changed.size:
        return None
    return [
        (slice(y * times, (y + h) * times), slice(x * times, (x + w) * times))
        for x, y, w, h in parts.tolist()
    ]


def _head(box: Box, times: int) -> Place:
    """Returns the place of a face's head in a frame that is `times` smaller."""
    hair, cheeks = _HAIR * box.width, _CHEEKS * box.width
    ends = box.top - hair, box.bottom + cheeks, box.left - cheeks, box.right + cheeks
    top, bottom, left, right = (max(0, round(end / times)) for end in ends)
    return slice(top, bottom), slice(left, right)


def _reduced(image: Array, times: int) -> Array:
    size = max(1, image.shape[1] // times), max(1, image.shape[0] // times)
    part = image[: size[1] * times, : size[0] * times]
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA))

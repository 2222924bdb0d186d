"""Parts of images put into the samples of a frame; the others do not change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import av
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.media.stored import AROUND, StoredFrame
from deepface_models.media.yuv import Coding, plane_view, to_yuv

# FFmpeg's names of 8-bit planes of which those of color have half the size; the second
# one is of full range.
_FORMS = ("yuv420p", "yuvj420p")


@dataclass(frozen=True, eq=False)
class Samples:
    """A frame of yuv420p, to be changed.

    Attributes:
        frame: PyAV frame.
        planes: Views of its brightness, (H, W) uint8, and of its colors, half as large.
        coding: The color tags.
    """

    frame: Any
    planes: tuple[Array, ...]
    coding: Coding

    @classmethod
    def of(cls, frame: StoredFrame) -> Self:
        """Returns a copy of a frame's samples."""
        made = av.VideoFrame(*frame.size, "yuv420p")
        views = tuple(map(plane_view, made.planes))
        for into, plane in zip(views, frame.planes(), strict=True):
            into[:] = plane
        return cls(made, views, frame.coding)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return sum(plane.nbytes for plane in self.planes)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.frame.width, self.frame.height

    @property
    def to_yuv(self) -> Array:
        """(3, 4), from red, green and blue in 0..255, and 1, to samples."""
        return to_yuv(self.coding, self.size[1])


def fits(frame: StoredFrame, coding: Coding) -> bool:
    """Whether a frame's samples are those of yuv420p in this coding.

    Args:
        frame: A frame with color tags of its own.
        coding: The color tags of the video to write.
    """
    width, height = frame.size
    if frame.form not in _FORMS or width % 2 or height % 2:
        return False
    own = frame.coding
    same = own.matrix(height) == coding.matrix(height)
    return same and own.swscale_range() == coding.swscale_range()


def put(samples: Samples, part: Array, rows: slice, columns: slice) -> None:
    """Puts the samples of a part of an image into those of the whole one.

    The outermost pixels of the part, whose colors are not exact, are left out, except
    at the edge of the image.

    Args:
        samples: Those of the whole image; changed.
        part: (h * 3 / 2, w) uint8, yuv420p.
        rows: Where the part lies; begin and end are even.
        columns: Likewise.
    """
    width, height = samples.size
    inner = _inner(rows, height), _inner(columns, width)
    places = [
        slice(i.start - o.start, i.stop - o.start)
        for i, o in zip(inner, (rows, columns), strict=True)
    ]
    for into, plane, scale in zip(samples.planes, planes(part), (1, 2, 2), strict=True):
        there, here = (
            tuple(slice(one.start // scale, one.stop // scale) for one in pair)
            for pair in (inner, places)
        )
        into[there] = plane[here]


def _inner(side: slice, size: int) -> slice:
    start = side.start + (AROUND if side.start > 0 else 0)
    stop = side.stop - (AROUND if side.stop < size else 0)
    return slice(start, max(start, stop))


def planes(samples: Array) -> Iterator[Array]:
    """Yields the planes of yuv420p as views: brightness, and two of color."""
    height, width = samples.shape[0] * 2 // 3, samples.shape[1]
    yield samples[:height]
    for half in np.split(samples[height:].reshape(-1), 2):
        yield half.reshape(height // 2, width // 2)

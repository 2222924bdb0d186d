"""Frames as the file stores them, of which parts are converted to RGB when needed."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

import av

from deepface_models.core.arrays import Array
from deepface_models.media.yuv import Coding, FrameConverter, plane_view

# Pixels around a part that its colors are interpolated from, and of which its corners
# are multiples, as several pixels share a color.
AROUND, _STEP = 8, 8
# Sides of parts are multiples of this, because another size needs another converter.
_SIZES = 64


class StoredFrame:
    """A decoded frame, of which parts can be converted to RGB.

    Args:
        frame: PyAV frame.
        cropper: Shared by the frames of a video.
    """

    def __init__(self, frame: Any, cropper: Cropper) -> None:
        self._frame, self._cropper = frame, cropper

    @cached_property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return sum(int(plane.buffer_size) for plane in self._frame.planes)

    @property
    def form(self) -> str:
        """FFmpeg's name of the pixel format, such as "yuv420p"."""
        return str(self._frame.format.name)

    @property
    def coding(self) -> Coding:
        """The color tags."""
        return Coding.of(self._frame)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self._frame.width, self._frame.height

    def planes(self) -> list[Array]:
        """Returns views of the planes, uint8; those of colors may be smaller."""
        return list(map(plane_view, self._frame.planes))

    def around(self, rows: slice, columns: slice) -> tuple[slice, slice, Array]:
        """Returns a part with what is around it, which takes less time than `rgb`.

        Args:
            rows: The rows of the part; they lie in the frame.
            columns: Its columns.

        Returns:
            Rows and columns of a larger part, which begin at multiples of 8, and its
            image, (height, width, 3) uint8. The colors of its outermost 8 pixels are
            not exact, except at the edge of the frame.
        """
        width, height = self.size
        tall, wide = _around(rows, height), _around(columns, width)
        return tall, wide, self._cropper.rgb(self._frame, tall, wide)

    def rgb(self, rows: slice, columns: slice) -> Array:
        """Returns a part, equal to that of the whole frame as `read_video` returns it.

        Args:
            rows: The rows of the part; they lie in the frame.
            columns: Its columns.

        Returns:
            (height, width, 3) uint8, RGB.
        """
        tall, wide, made = self.around(rows, columns)
        return made[
            rows.start - tall.start : rows.stop - tall.start,
            columns.start - wide.start : columns.stop - wide.start,
        ]


class Cropper:
    """Cuts parts out of the frames of one video and converts them to RGB."""

    def __init__(self) -> None:
        self._own = threading.local()  # filters and converters work for one thread

    def rgb(self, frame: Any, rows: slice, columns: slice) -> Array:
        """Returns a part as uint8 RGB; its corners are multiples of 8."""
        kind = frame.width, frame.height, frame.format.name
        if getattr(self._own, "kind", None) != kind:
            self._own.kind, self._own.crop = kind, _Crop(frame)
            self._own.converter = FrameConverter()
        cut = self._own.crop(frame, rows, columns)
        matrix = Coding.of(frame).matrix(frame.height)
        image: Array = self._own.converter.to_rgb(cut, cut.width, cut.height, matrix)
        return image


class _Crop:
    """FFmpeg's crop filter, which copies no pixels and keeps where colors are."""

    def __init__(self, frame: Any) -> None:
        self._graph: Any = av.filter.Graph()
        self._source = self._graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base,
        )
        self._crop = self._graph.add("crop", "16:16:0:0")
        self._sink = self._graph.add("buffersink")
        self._source.link_to(self._crop)
        self._crop.link_to(self._sink)
        self._graph.configure()

    def __call__(self, frame: Any, rows: slice, columns: slice) -> Any:
        values = {
            "w": columns.stop - columns.start,
            "h": rows.stop - rows.start,
            "x": columns.start,
            "y": rows.start,
        }
        for name, value in values.items():
            self._crop.process_command(name, str(value))
        self._source.push(frame)
        return self._sink.pull()


def _around(side: slice, size: int) -> slice:
    """Returns the part of a side to convert, within `size` pixels."""
    start = max(0, side.start - AROUND) // _STEP * _STEP
    length = -(-(side.stop + AROUND - start) // _SIZES) * _SIZES
    start = max(0, min(start, (size - length) // _STEP * _STEP))
    return slice(start, min(size, max(start + length, side.stop + AROUND)))

"""Deinterlacing, so that results show no comb artifacts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import av

# Deinterlaces only flagged frames, keeps their number, and reads the field order from
# each frame.
_BWDIF = "mode=send_frame:parity=auto:deint=interlaced"


def deinterlaced(frames: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Deinterlaces the frames that are flagged as interlaced.

    Args:
        frames: PyAV frames in display order.

    Yields:
        (deinterlaced frame, original frame); the same frame twice if it is not
        interlaced.
    """
    deinterlacer: _Deinterlacer | None = None
    for frame in frames:
        if deinterlacer is not None and not deinterlacer.takes(frame):
            yield from deinterlacer.rest()
            deinterlacer = None
        if deinterlacer is None and frame.interlaced_frame:
            deinterlacer = _Deinterlacer(frame)
        if deinterlacer is None:
            yield frame, frame
        else:
            yield from deinterlacer.add(frame)
    if deinterlacer is not None:
        yield from deinterlacer.rest()


class _Deinterlacer:
    """FFmpeg's bwdif filter, which looks one frame ahead."""

    def __init__(self, first: Any) -> None:
        self._shape = _shape(first)
        self._waiting: deque[Any] = deque()
        self._graph: Any = av.filter.Graph()
        width, height, _ = self._shape
        source = self._graph.add_buffer(
            width=width,
            height=height,
            format=first.format,
            time_base=first.time_base,
        )
        bwdif = self._graph.add("bwdif", _BWDIF)
        sink = self._graph.add("buffersink")
        source.link_to(bwdif)
        bwdif.link_to(sink)
        self._graph.configure()

    def takes(self, frame: Any) -> bool:
        return _shape(frame) == self._shape

    def add(self, frame: Any) -> Iterator[tuple[Any, Any]]:
        self._waiting.append(frame)
        self._graph.push(frame)
        yield from self._ready()

    def rest(self) -> Iterator[tuple[Any, Any]]:
        self._graph.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[tuple[Any, Any]]:
        while self._waiting:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            yield frame, self._waiting.popleft()


def _shape(frame: Any) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name

"""Interlaced frames made whole, so that no combs are drawn into the result."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import av

# Only frames that say they are interlaced; as many frames as before; field order as
# each frame says.
_BWDIF = "mode=send_frame:parity=auto:deint=interlaced"


def deinterlaced(frames: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Deinterlaces the frames that are flagged as interlaced.

    Args:
        frames: PyAV frames in order of display.

    Yields:
        (frame with whole lines, the frame it was made from); the same one twice as
        long as nothing is interlaced.
    """
    joiner: _Deinterlacer | None = None
    for frame in frames:
        if joiner is not None and not joiner.takes(frame):
            yield from joiner.rest()
            joiner = None
        if joiner is None and frame.interlaced_frame:
            joiner = _Deinterlacer(frame)
        if joiner is None:
            yield frame, frame
        else:
            yield from joiner.add(frame)
    if joiner is not None:
        yield from joiner.rest()


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
        joined = self._graph.add("bwdif", _BWDIF)
        sink = self._graph.add("buffersink")
        source.link_to(joined)
        joined.link_to(sink)
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

"""Decoding of a video's frames in display order, with their time stamps."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from deepface_models.media.container import open_video
from deepface_models.media.fields import deinterlaced

_log = logging.getLogger("deepface_models")

# H.264 and HEVC reorder at most 16 frames; twice that sorts any packet order.
_REORDER = 32


def frame_rate(stream: Any) -> Fraction:
    """Returns a stream's mean frames per second; 25 if it does not state them."""
    return Fraction(stream.average_rate or stream.guessed_rate or 25)


class Decoder:
    """Decodes an open video's frames.

    Args:
        container: PyAV container.
        stream: Its video stream.

    Attributes:
        last_duration: Duration of the last packet read so far, in the stream's time
            base; 0 if the file does not state it.
    """

    def __init__(self, container: Any, stream: Any) -> None:
        self._container, self._stream = container, stream
        self.last_duration = 0

    def frames(self) -> Iterator[Any]:
        """Yields the frames that can be decoded; logs how many could not."""
        broken = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
                if packet.dts is not None:
                    self.last_duration = packet.duration or 0
                frames = packet.decode()
            except (StopIteration, av.error.EOFError):
                break
            except av.error.FFmpegError as error:
                broken += 1
                _log.debug("%s: %s", self._container.name, error)
                continue
            for frame in frames:
                if frame.is_corrupt:
                    broken += 1
                else:
                    yield frame
        if broken:
            _log.warning("%s: skipped %d broken frames.", self._container.name, broken)

    def timed(self) -> Iterator[tuple[Any, Any, int, int]]:
        """Yields (deinterlaced frame, decoded frame, time stamp, duration).

        The decoded frame has the flags. Time stamps rise strictly; a missing one is
        replaced by the next expected one. A frame lasts until the next one; the last
        one as long as the file states, or else a mean frame duration.
        """
        stream = self._stream
        step = max(1, round(1 / (frame_rate(stream) * stream.time_base)))
        before: tuple[Any, Any] | None = None
        count, pts = 0, -step
        for pair in deinterlaced(self.frames()):
            stated = pair[1].pts
            if before is None:
                now = 0 if stated is None else stated
            else:
                late = stated is None or stated <= pts
                now = pts + step if late else stated
                yield *before, pts, now - pts
            before, pts, count = pair, now, count + 1
        if before is not None:
            yield *before, pts, self._rest(before[1], pts, count) or step

    def _rest(self, last: Any, pts: int, count: int) -> int:
        """Returns the duration of the last frame; 0 if the file does not state it."""
        stream = self._stream
        if stream.duration and stream.frames == count:  # mp4: whole, with its end
            return max(0, (stream.start_time or 0) + stream.duration - pts)
        return max(last.duration or 0, self.last_duration)


def source_times(path: str | Path) -> Iterator[int]:
    """Yields the time stamps of a video's frames in display order, without decoding.

    They are in units of the stream's time base.
    """
    waiting: list[int] = []
    with open_video(path) as (container, stream):
        for packet in container.demux(stream):
            if packet.pts is None or packet.is_discard:
                continue
            heapq.heappush(waiting, packet.pts)
            if len(waiting) > _REORDER:
                yield heapq.heappop(waiting)
    while waiting:
        yield heapq.heappop(waiting)

"""Videos as a stream of upright RGB frames, one in memory at a time."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from numpy.typing import NDArray

from deepface_models._errors import MediaError
from deepface_models._whole import whole_numbers
from deepface_models.media.container import Upright, open_video, turn
from deepface_models.media.kinds import existing
from deepface_models.media.yuv import Coding, FrameConverter

Array = NDArray[Any]
_log = logging.getLogger("deepface_models")

# H.264 and HEVC reorder at most 16 frames; twice that sorts any packet order.
_REORDER = 32


@dataclass(frozen=True)
class VideoInfo:
    """What a video file holds.

    Attributes:
        path: The file.
        width: Width in px after the rotation flag is applied.
        height: Height in px after the rotation flag is applied.
        fps: Mean frames a second.
        frames: Number of frames the container states; None if it does not.
        duration: Length in seconds; None if the container does not state it.
        rotation: Degrees counter-clockwise that the flag turns the stored frames by.
        codec: Name of the video codec, such as "h264".
        pix_fmt: FFmpeg's name of the sample format, such as "yuv420p".
        color_range: "limited", "full" or "unspecified".
        colorspace: FFmpeg's name of the YUV matrix, such as "bt709".
        has_audio: Whether there is at least one sound stream.
        time_base: Seconds that one unit of a frame's `pts` lasts.
        sample_aspect_ratio: Width to height of one (upright) pixel.
        coding: The colour tags in FFmpeg's numbers.
        first_pts: Time stamp of the first frame, in `time_base` units.
    """

    path: Path
    width: int
    height: int
    fps: Fraction
    frames: int | None
    duration: float | None
    rotation: int
    codec: str
    pix_fmt: str
    color_range: str
    colorspace: str
    has_audio: bool
    time_base: Fraction
    sample_aspect_ratio: Fraction
    coding: Coding
    first_pts: int


@dataclass
class VideoFrame:
    """One frame of a video.

    Attributes:
        index: Number of the frame, from 0, in the order of display.
        pts: Time stamp in units of the stream's time base.
        time: The same in seconds.
        image: uint8 array, (height, width, 3), RGB, upright.
    """

    index: int
    pts: int
    time: float
    image: Array


def probe(path: str | Path) -> VideoInfo:
    """Says what a video file holds, reading no more than its first frame.

    Args:
        path: A video in any container PyAV opens.

    Returns:
        Size, rate, colours, time base and sound of the video.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file is no video or not one frame of it can be decoded.
    """
    with open_video(path) as (container, stream):
        frame = next(_decoded(container, stream), None)
        if frame is None:
            raise _no_frame(path)
        return _info(Path(path), container, stream, frame)


def _info(path: Path, container: Any, stream: Any, frame: Any) -> VideoInfo:
    coding = Coding.of(frame)
    turned = turn(frame)[0]
    ratio = stream.sample_aspect_ratio or Fraction(1)
    return VideoInfo(
        path=path,
        width=frame.height if turned else frame.width,
        height=frame.width if turned else frame.height,
        fps=_rate(stream),
        frames=stream.frames or None,
        duration=_duration(container, stream),
        rotation=int(frame.rotation),
        codec=stream.codec_context.name,
        pix_fmt=frame.format.name,
        color_range=coding.range_name,
        colorspace=coding.space_name,
        has_audio=bool(container.streams.audio),
        time_base=stream.time_base,
        sample_aspect_ratio=1 / ratio if turned else ratio,
        coding=coding,
        first_pts=frame.pts or 0,
    )


def _rate(stream: Any) -> Fraction:
    return Fraction(stream.average_rate or stream.guessed_rate or 25)


def _duration(container: Any, stream: Any) -> float | None:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None


@whole_numbers(start=0, stop=0, every_n=1)
def read_video(
    path: str | Path,
    start: int | None = None,
    stop: int | None = None,
    every_n: int = 1,
) -> Iterator[VideoFrame]:
    """Yields a video's frames as upright RGB pictures, one in memory at a time.

    Every frame comes once, in order of display, with the time stamp it has in the
    file, so variable frame rates stay as they are. Frames that cannot be decoded
    are left out with a logged warning; the numbers of the others do not count them.

    Args:
        path: A video in any container PyAV opens.
        start: Number of the first frame wanted, from 0; the beginning by default.
        stop: Number of the first frame not wanted any more; the end by default.
        every_n: Yield only frames number `start`, `start + every_n`, ...

    Yields:
        Frames; all pictures have the first one's size, time stamps rise strictly.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file is no video or not one frame of it can be decoded.
        ValueError: `start`, `stop` or `every_n` is out of range.
    """
    first = 0 if start is None else start
    if first < 0 or every_n < 1 or (stop is not None and stop < first):
        raise ValueError(
            f"start={start}, stop={stop}, every_n={every_n} was given. Expected frame "
            "numbers 0 <= start <= stop and every_n of at least 1. Leave out what "
            "you do not need."
        )
    existing(path)  # complain at the call, not at the first frame
    return _frames(path, first, stop, every_n)


def _frames(
    path: str | Path, first: int, stop: int | None, every_n: int
) -> Iterator[VideoFrame]:
    with open_video(path) as (container, stream):
        converter, upright = FrameConverter(), Upright()
        size, index, pts = (0, 0), -1, -(2**62)
        step = max(1, round(1 / (_rate(stream) * stream.time_base)))
        for index, frame in enumerate(_decoded(container, stream)):
            if index == 0:
                size, pts = (frame.width, frame.height), -step
            pts = _rising(frame.pts, pts, step, index)
            if stop is not None and index >= stop:
                return
            if index >= first and (index - first) % every_n == 0:
                image = upright(converter.to_rgb(frame, *size), frame)
                yield VideoFrame(index, pts, float(pts * stream.time_base), image)
        if index < 0:
            raise _no_frame(path)


def _rising(pts: int | None, last: int, step: int, index: int) -> int:
    """Returns `pts`, or the next expected one where the file gives no usable one."""
    if pts is None or (index and pts <= last):
        return last + step
    return pts


def source_times(path: str | Path) -> Iterator[int]:
    """Yields the time stamps of a video's frames in order of display.

    Nothing is decoded. Units of the stream's time base.
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


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Yields the frames that decode, warning once at the end about the others."""
    broken = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            break
        except av.error.EOFError:
            break
        except av.error.FFmpegError as error:
            broken += 1
            _log.debug("%s: %s", container.name, error)
            continue
        for frame in frames:
            if frame.is_corrupt:
                broken += 1
            else:
                yield frame
    if broken:
        _log.warning("%s: skipped %d broken frames.", container.name, broken)


def _no_frame(path: str | Path) -> MediaError:
    return MediaError(
        f"Not one frame of {path} can be decoded. Expected a complete video file. "
        "Copy or download the file again, or leave it out."
    )

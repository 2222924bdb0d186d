"""Videos as a stream of upright RGB frames, one in memory at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError
from deepface_models.core.whole import whole_numbers
from deepface_models.media.container import Upright, open_video, orientation
from deepface_models.media.decoding import Decoder, frame_rate
from deepface_models.media.kinds import existing
from deepface_models.media.sequence import ImageSequence, Source, as_sequence
from deepface_models.media.stored import Cropper, StoredFrame
from deepface_models.media.wide_png import read_wide
from deepface_models.media.yuv import Coding, FrameConverter


@dataclass(frozen=True)
class VideoInfo:
    """The properties of a video file.

    Attributes:
        path: The file.
        width: Width in px after the rotation flag is applied.
        height: Height in px after the rotation flag is applied.
        fps: Mean frames per second.
        frames: Number of frames, or None if the container does not state it.
        duration: Length in seconds, or None if the container does not state it.
        rotation: Counter-clockwise rotation flag of the stored frames, in degrees.
        codec: Name of the video codec, such as "h264".
        pix_fmt: FFmpeg's name of the pixel format, such as "yuv420p".
        color_range: "limited", "full" or "unspecified".
        colorspace: FFmpeg's name of the YUV matrix, such as "bt709".
        has_audio: Whether there is at least one audio stream.
        time_base: Length of one unit of `pts` in seconds.
        sample_aspect_ratio: Width / height of one (upright) pixel.
        coding: The color tags, as FFmpeg's numbers.
        first_pts: Time stamp of the first frame, in `time_base` units.
        origin: Time stamp at which the first frame or sound begins, in `time_base`
            units; 0 if that is before 0. Broadcasts begin at many hours.
        interlaced: Whether the first frame is flagged as interlaced.
        bits: Bits per sample, such as 8 or 10.
        alpha: Whether there is an alpha channel.
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
    origin: int = 0
    interlaced: bool = False
    bits: int = 8
    alpha: bool = False


@dataclass
class VideoFrame:
    """One frame of a video.

    Attributes:
        index: Number of the frame in display order, from 0.
        pts: Time stamp in units of the stream's time base.
        time: Time stamp in seconds.
        image: uint8 array, (height, width, 3), RGB, upright; deinterlaced if the file
            says that it is interlaced. float32 in [0, 1] if it was read with `deep`.
        duration: Units of the time base until the next frame; for the last frame as
            stated by the file. 0 if it is not known.
        stored: The frame as the file stores it, if it was asked for and the frame is
            upright; `image` then has the less exact colors of `read_video(quick=True)`.
    """

    index: int
    pts: int
    time: float
    image: Array
    duration: int = 0
    stored: StoredFrame | None = None

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory."""
        return self.image.nbytes + (self.stored.nbytes if self.stored else 0)

    def exact(self, rows: slice, columns: slice) -> Array:
        """Returns a part of the image in exact colors, (height, width, 3) uint8.

        Args:
            rows: The rows of the part; they lie in the image.
            columns: Its columns.
        """
        if self.stored is None:
            return self.image[rows, columns]
        return self.stored.rgb(rows, columns)


def probe(path: Source) -> VideoInfo:
    """Reads the properties of a video file, decoding only its first frame.

    Args:
        path: A video in any container PyAV opens, or an image sequence.

    Returns:
        Size, frame rate, colors, time base and audio of the video.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file is not a video, or no frame of it can be decoded.

    Example:
        >>> info = probe("ana.mp4")
        >>> info.width, info.height, float(info.fps)
        (360, 288, 25.0)
    """
    sequence = as_sequence(path)
    if sequence is not None:
        return _info_of(sequence)
    path = str(path)
    with open_video(path) as (container, stream):
        frame = next(Decoder(container, stream).frames(), None)
        if frame is None:
            raise _no_frame(path)
        return _info(Path(path), container, stream, frame)


def _info(path: Path, container: Any, stream: Any, frame: Any) -> VideoInfo:
    coding = Coding.of(frame)
    transposed = orientation(frame)[0]
    ratio = stream.sample_aspect_ratio or Fraction(1)
    return VideoInfo(
        path=path,
        width=frame.height if transposed else frame.width,
        height=frame.width if transposed else frame.height,
        fps=frame_rate(stream),
        frames=stream.frames or None,
        duration=_duration(container, stream),
        rotation=int(frame.rotation),
        codec=stream.codec_context.name,
        pix_fmt=frame.format.name,
        color_range=coding.range_name,
        colorspace=coding.space_name,
        has_audio=bool(container.streams.audio),
        time_base=stream.time_base,
        sample_aspect_ratio=1 / ratio if transposed else ratio,
        coding=coding,
        first_pts=frame.pts or 0,
        origin=_origin(container, stream, frame),
        interlaced=bool(frame.interlaced_frame),
        bits=max(part.bits for part in frame.format.components),
        alpha=_alpha(stream, frame),
    )


def _info_of(sequence: ImageSequence) -> VideoInfo:
    _, image = next(sequence.images(range(1)))
    return VideoInfo(
        path=sequence.pattern,
        width=image.shape[1],
        height=image.shape[0],
        fps=sequence.rate,
        frames=len(sequence),
        duration=float(len(sequence) / sequence.rate),
        rotation=0,
        codec=sequence.pattern.suffix.lower().lstrip("."),
        pix_fmt="rgb24",
        color_range="full",
        colorspace="rgb",
        has_audio=False,
        time_base=1 / sequence.rate,
        sample_aspect_ratio=Fraction(1),
        coding=Coding(),
        first_pts=0,
        bits=8 if read_wide(sequence.file(0)) is None else 16,
    )


def _alpha(stream: Any, frame: Any) -> bool:
    tagged = stream.metadata.get("alpha_mode") == "1"  # WebM, in a stream of its own
    # A palette is stored with alpha, whether it is used or not.
    stored = any(part.is_alpha for part in frame.format.components)
    return tagged or (stored and stream.codec_context.name != "gif")


def _origin(container: Any, stream: Any, frame: Any) -> int:
    begins = [
        math.floor(sound.start_time * sound.time_base / stream.time_base)
        for sound in container.streams.audio
        if sound.start_time is not None and sound.time_base
    ]
    return max(0, min([frame.pts or 0, *begins]))


def _duration(container: Any, stream: Any) -> float | None:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None


@whole_numbers(start=0, stop=0, every_n=1)
def read_video(
    path: Source,
    start: int | None = None,
    stop: int | None = None,
    every_n: int = 1,
    quick: bool = False,
    keep: bool = False,
    deep: bool = False,
) -> Iterator[VideoFrame]:
    """Yields a video's frames as upright RGB images, one in memory at a time.

    Every frame comes once, in display order, with its time stamp in the file, so
    variable frame rates are kept. Frames that cannot be decoded are skipped with a
    logged warning and are not counted in the frame numbers.

    Args:
        path: A video in any container PyAV opens, or an image sequence: a pattern such
            as shot.%04d.png, or an `ImageSequence`.
        start: Number of the first frame to yield, from 0; the beginning by default.
        stop: Number of the frame to stop before; the end by default.
        every_n: Yield only frames number `start`, `start + every_n`, ...
        quick: Whether to convert to RGB several times as fast, good enough to find
            faces: most values are then within one level, and those at edges of color
            within about 20.
        keep: Whether frames that are converted quickly are also kept as they are
            stored, so that `VideoFrame.exact` can convert parts of them.
        deep: Whether images are float32 in [0, 1], with all bits of the video's
            samples.

    Yields:
        Frames. All images have the size of the first one; time stamps rise strictly.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file is not a video, or no frame of it can be decoded.
        ValueError: `start`, `stop` or `every_n` is out of range.

    Example:
        >>> [round(frame.time, 2) for frame in read_video("ana.mp4")]
        [0.0, 0.04, 0.08]
    """
    first = 0 if start is None else start
    if first < 0 or every_n < 1 or (stop is not None and stop < first):
        raise ValueError(
            f"start={start}, stop={stop}, every_n={every_n} was given. Expected frame "
            "numbers 0 <= start <= stop and every_n of at least 1. Leave out what "
            "you do not need."
        )
    sequence = as_sequence(path)
    if sequence is not None:
        end = len(sequence) if stop is None else min(stop, len(sequence))
        return _images(sequence, range(first, end, every_n), deep)
    path = existing(str(path))  # raise at the call, not at the first frame
    return _frames(path, first, stop, every_n, _ToImage(quick, keep, deep))


def read_stored(
    path: Source,
    start: int | None,
    stop: int | None,
    keeps: Callable[[StoredFrame], bool],
) -> Iterator[VideoFrame]:
    """Yields a video's frames as they are stored, without converting them to RGB.

    Args:
        path: As in `read_video`.
        start: As in `read_video`.
        stop: As in `read_video`.
        keeps: Whether a frame may come as it is stored.

    Yields:
        Frames with `stored` and an empty `image`. Those that are not upright, have
        another size than the first one, or that `keeps` refuses come as from
        `read_video`, without `stored`.
    """
    if as_sequence(path) is not None:
        return read_video(path, start, stop)
    return _frames(existing(str(path)), start or 0, stop, 1, _ToStored(keeps))


def _frames(
    path: str | Path,
    first: int,
    stop: int | None,
    every_n: int,
    to_image: _ToImage | _ToStored,
) -> Iterator[VideoFrame]:
    with open_video(path) as (container, stream):
        clock, index = stream.time_base, -1
        timed = Decoder(container, stream).timed()
        for index, (frame, source, pts, duration) in enumerate(timed):
            if index == 0:
                to_image.size = frame.width, frame.height
            if stop is not None and index >= stop:
                return
            if index >= first and (index - first) % every_n == 0:
                image, stored = to_image(frame, source)
                time = float(pts * clock)
                yield VideoFrame(index, pts, time, image, duration, stored)
                del image, stored
        if index < 0:
            raise _no_frame(path)


def _images(sequence: ImageSequence, frames: range, deep: bool) -> Iterator[VideoFrame]:
    for index, image in sequence.images(frames, deep):
        yield VideoFrame(index, index, float(index / sequence.rate), image, 1)


class _ToImage:
    """Converts the frames of a video to upright images of one size.

    Args:
        quick: See `read_video`.
        keep: See `read_video`.
        deep: See `read_video`.
    """

    def __init__(self, quick: bool, keep: bool, deep: bool = False) -> None:
        self.size, self._deep = (0, 0), deep
        self._exact, self._quick = FrameConverter(), FrameConverter(quick)
        self._upright, self._cropper = Upright(), Cropper() if keep else None

    def __call__(self, frame: Any, source: Any) -> tuple[Array, StoredFrame | None]:
        if self._deep:
            image = self._exact.to_rgb(frame, *self.size, deep=True)
            return self._upright(image, source), None
        if self._cropper is None:
            return self._upright(self._quick.to_rgb(frame, *self.size), source), None
        image = np.ascontiguousarray(self._quick.to_rgb(frame, *self.size))
        as_stored = (frame.width, frame.height) == self.size
        if as_stored and self._upright(image, source) is image:
            return image, StoredFrame(frame, self._cropper)
        return self._upright(self._exact.to_rgb(frame, *self.size), source), None


class _ToStored:
    """Keeps the frames of a video as they are stored; see `read_stored`."""

    def __init__(self, keeps: Callable[[StoredFrame], bool]) -> None:
        self.size, self._keeps = (0, 0), keeps
        self._exact, self._upright = FrameConverter(), Upright()
        self._cropper = Cropper()

    def __call__(self, frame: Any, source: Any) -> tuple[Array, StoredFrame | None]:
        stored = StoredFrame(frame, self._cropper)
        if stored.size == self.size and self._upright.is_stored(source):
            if self._keeps(stored):
                return np.empty((0, 0, 3), np.uint8), stored
        return self._upright(self._exact.to_rgb(frame, *self.size), source), None


def _no_frame(path: str | Path) -> MediaError:
    return MediaError(
        f"No frame of {path} can be decoded. Expected a complete video file. "
        "Copy or download the file again, or leave it out."
    )

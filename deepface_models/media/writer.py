"""`VideoWriter`: writes videos frame by frame."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np

from deepface_models.core.arrays import Array, as_uint8
from deepface_models.core.errors import MediaError
from deepface_models.core.files import atomic_path
from deepface_models.core.whole import whole_numbers
from deepface_models.media import codecs, formats
from deepface_models.media.container import open_file, open_video
from deepface_models.media.decoding import source_times
from deepface_models.media.extras import copy_metadata, image_notes
from deepface_models.media.planes import Samples, fits, put
from deepface_models.media.sequence import Source, as_sequence, frame_rate_of
from deepface_models.media.sound import SoundCopier
from deepface_models.media.stored import StoredFrame
from deepface_models.media.video import VideoInfo, probe
from deepface_models.media.yuv import Coding, FrameConverter

_log = logging.getLogger("deepface_models")


class VideoWriter:
    """Writes RGB images as a video, optionally with the sound of another video.

    Use it as a context manager. The file appears under its name when the block ends
    without an error. Until then, and after an error, an existing file is not changed.

        with VideoWriter("out.mp4", like="in.mp4") as writer:
            for frame in read_video("in.mp4"):
                writer.write(frame.image, frame.pts, frame.duration)

    Args:
        path: File to write. `.mp4` and `.mov` keep time stamps exactly; `.mkv` rounds
            them to milliseconds.
        like: Video whose time base, colors, pixel aspect ratio and sound are kept, and
            whose title, dates, chapters and subtitles are kept if the container
            supports them. Sound is copied without re-encoding; a codec that players
            do not support in this container is encoded as AAC or Opus. An image
            sequence has only a frame rate.
        size: (width, height) of the images in px; that of the first image by default.
            Odd numbers are kept (as yuv444p if the encoder supports it).
        fps: Frames per second; those of `like` by default, else 25.
        time_base: Length in seconds of one unit of `pts` without `like`; 1/fps by
            default. With `like`, it is that of `like`.
        codec: "h264", "hevc", "av1", "vp9", "prores" (422 HQ), "prores_4444", "ffv1",
            "qtrle" or the name of an FFmpeg encoder.
        crf: Quality, 0 (best) to 51; 18 is visually almost lossless. It is converted
            to the scale of AV1 and VP9, which ends at 63.
        lossless: Keeps every RGB pixel (H.264 RGB; many players do not support it).
            FFV1 and QuickTime Animation (qtrle) always do.
        bits: Bits a sample: 8, 10, and of FFV1 also 12 or 16. By default 8, of ProRes
            10.
        alpha: Whether the images have an alpha channel: RGBA.
        audio: Whether to copy the sound of `like`.
        cut: Whether the images are a part of `like`: the first one begins at 0, sound
            is cut to them, and chapters are left out.
        metadata: Text to embed, such as {"comment": "..."}.

    Attributes:
        notes: A sentence for each property of `like` that the result does not keep;
            set with the first frame, and also logged as warnings.

    Raises:
        FileNotFoundError: Nothing is at `like`.
        MediaError: `like` is not a video, PyAV has no such encoder, or the file cannot
            be written.

    Example:
        >>> from deepface_models.media import read_video
        >>> with VideoWriter("copy.mp4", like="ana.mp4") as writer:
        ...     for frame in read_video("ana.mp4"):
        ...         writer.write(frame.image, frame.pts, frame.duration)
    """

    @whole_numbers(bits=8)
    def __init__(
        self,
        path: str | Path,
        like: Source | None = None,
        *,
        size: tuple[int, int] | None = None,
        fps: float | Fraction | None = None,
        time_base: Fraction | None = None,
        codec: str = "h264",
        crf: float = 18,
        lossless: bool = False,
        bits: int | None = None,
        alpha: bool = False,
        audio: bool = True,
        cut: bool = False,
        metadata: dict[str, str] | None = None,
    ) -> None:
        self.path = Path(path)
        sequence = None if like is None else as_sequence(like)
        if sequence is not None:  # has no more than a frame rate
            like, fps = None, fps or sequence.rate
        self._like: VideoInfo | None = None if like is None else probe(like)
        self._size = None if size is None else (int(size[0]), int(size[1]))
        self._fps = _rate(fps, self._like)
        self._codec = codecs.encoder_of(codec, lossless, self.path)
        self._crf, self._lossless = crf, lossless
        self._name, self._alpha = codec, alpha
        self._bits = formats.bits_of(codec, bits)
        formats.format_of(codec, self._codec, (2, 2), self._bits, alpha)
        self._audio, self._cut = audio, cut
        self._metadata = dict(metadata or {})
        told = self._like.time_base if self._like else time_base
        self._time_base = told or 1 / self._fps
        self._clock = told  # to be kept exactly
        self._coding = (
            self._like.coding.for_yuv(self._like.height) if self._like else Coding()
        )
        self._converter = FrameConverter()
        self._stack = ExitStack()
        self._temporary: Path | None = None
        self._output: Any = None
        self._stream: Any = None
        self._sound: SoundCopier | None = None
        self._times: Iterator[int] | None = None
        self._last: int | None = None
        self._lasts: int | None = None  # duration of the last frame
        self._durations: dict[int, int] = {}
        self._muxed = False  # whether the container has any packet of the video
        self._origin = self._like.origin if self._like else 0
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        self._temporary = self._stack.enter_context(atomic_path(self.path, wait=0.0))
        return self

    def write(
        self, image: Array, pts: int | None = None, duration: int | None = None
    ) -> None:
        """Appends one image.

        Args:
            image: (height, width, 3), RGB, or with alpha (height, width, 4), RGBA;
                uint8 0..255 or float [0, 1].
            pts: Time stamp in units of the time base (the source's, or 1/fps without a
                source); by default that of the source's next frame, or the last one
                plus 1. If the source's time stamps begin later than 0, as those of a
                broadcast, the result's begin at 0.
            duration: Duration of the image in the same units. It is used for the last
                image, which otherwise has the mean duration of a frame.

        Raises:
            ValueError: The size differs from that of the first image, or `pts` does
                not increase.
            MediaError: The encoder or the container rejects the video.
        """
        self._check_open()
        image = self._checked(image)
        self._encode(
            lambda: self._converter.from_rgb(image, self._stream.pix_fmt, self._coding),
            self._checked_pts(pts),
            duration,
        )

    def keeps(self, frame: StoredFrame) -> bool:
        """Whether `write_part` takes frames such as this one, which is of `like`."""
        if self._like is None or self._lossless or self._alpha or self._bits > 8:
            return False
        told = self._name, self._codec, frame.size, self._bits, self._alpha
        return formats.format_of(*told) == "yuv420p" and fits(frame, self._coding)

    def write_part(
        self,
        frame: StoredFrame,
        part: Array | None,
        rows: slice,
        columns: slice,
        pts: int | None = None,
        duration: int | None = None,
    ) -> None:
        """Appends a frame of `like`, of which a part is replaced.

        Everything else keeps the samples of the source.

        Args:
            frame: The source's frame; `keeps` has to be true of it.
            part: (height, width, 3) uint8 RGB, from `frame.around`; None changes
                nothing.
            rows: Its rows, from `frame.around`.
            columns: Its columns, from `frame.around`.
            pts: As in `write`.
            duration: As in `write`.

        Raises:
            ValueError: As `write`.
            MediaError: As `write`.
        """

        def made() -> Samples:
            samples = Samples.of(frame)
            if part is not None:
                changed = self._converter.samples(part, self._coding)
                put(samples, changed, rows, columns)
            return samples

        self._write(made, frame.size, pts, duration)

    def write_samples(
        self, samples: Samples, pts: int | None = None, duration: int | None = None
    ) -> None:
        """Appends a frame of `like` whose samples were changed.

        Args:
            samples: Those of a frame of which `keeps` is true; not to be changed or
                written again.
            pts: As in `write`.
            duration: As in `write`.

        Raises:
            ValueError: As `write`.
            MediaError: As `write`.
        """
        self._write(lambda: samples, samples.size, pts, duration)

    def _write(
        self,
        make: Callable[[], Samples],
        size: tuple[int, int],
        pts: int | None,
        duration: int | None,
    ) -> None:
        """Checks the arguments of a frame, then makes and encodes its samples."""
        self._check_open()
        self._check_size(size)
        self._encode(
            lambda: self._coding.tag_frame(make().frame),
            self._checked_pts(pts),
            duration,
        )

    def _check_open(self) -> None:
        if self._temporary is None:
            raise RuntimeError(
                f"The writer of {self.path} is not open. Expected it as a context "
                "manager. Write inside `with VideoWriter(...) as writer:`."
            )

    def _encode(self, make: Callable[[], Any], pts: int, duration: int | None) -> None:
        """Encodes the frame that `make` returns, once the output is open."""
        try:
            if self._output is None:
                self._open(pts)
            frame = make()
            frame.pts, frame.time_base = pts - self._origin, self._time_base
            self._last, self._lasts = pts, duration or None
            self._durations[frame.pts] = duration or self._step
            self._mux(self._stream.encode(frame))
        except av.error.FFmpegError as error:
            raise self._refused(error) from error

    def _checked(self, image: Array) -> Array:
        channels = (4,) if self._alpha else (3,)
        image = np.asarray(image)
        if self._bits > 8 and image.dtype != np.uint8:
            part = image[::16, ::16]  # enough to find a wrong shape or range
            wide = part.dtype == np.uint16
            as_uint8((part >> 8).astype(np.uint8) if wide else part, channels)
        else:
            image = as_uint8(image, channels)
        self._check_size((image.shape[1], image.shape[0]))
        return image

    def _check_size(self, size: tuple[int, int]) -> None:
        if self._size is None:
            self._size = size
        if size != self._size:
            raise ValueError(
                f"An image of {size[0]}x{size[1]} px was given to a video of "
                f"{self._size[0]}x{self._size[1]} px. Expected images of one size. "
                "Resize it first, or open another VideoWriter."
            )

    def _checked_pts(self, pts: int | None) -> int:
        if pts is None:
            pts = self._next_pts()
        if self._last is not None and pts <= self._last:
            raise ValueError(
                f"A frame with the time stamp {pts} was given after {self._last}. "
                "Expected increasing time stamps. Pass each frame's `pts`, or None."
            )
        return int(pts)

    def _next_pts(self) -> int:
        if self._like is None:
            return 0 if self._last is None else self._last + 1
        if self._times is None:
            self._times = source_times(self._like.path)
        for pts in self._times:
            if self._last is None or pts > self._last:
                return pts
        return (self._last or 0) + self._step

    @property
    def _step(self) -> int:
        return max(1, round(1 / (self._fps * self._time_base)))

    def _open(self, first_pts: int) -> None:
        """Opens the output, once the first frame has set the streams' parameters."""
        self._origin = first_pts if self._cut else self._origin
        try:
            options = codecs.container_options(self.path, self._metadata, self._clock)
            self._output = open_file(
                str(self._temporary), "w", container_options=options
            )
            self._stream = self._add_video()
        except (ValueError, av.error.FFmpegError) as error:
            raise self._refused(error) from error
        if self._like is None:
            self._output.metadata.update(self._metadata)
        else:
            self._carry(self._like, first_pts)

    def _carry(self, like: VideoInfo, first_pts: int) -> None:
        """Copies sound, tags and chapters of the source; reports what is lost."""
        origin = self._origin * self._time_base
        with open_video(like.path) as (container, _):
            chapters = None if self._cut else origin
            notes = copy_metadata(container, self._output, chapters, self._metadata)
        late = first_pts > like.first_pts or self._cut
        begin = first_pts * self._time_base - origin if late else None
        self._sound = SoundCopier(
            like.path, self._output, begin, origin, self._audio, self._cut
        )
        for note in [*image_notes(like, self._bits), *self._sound.notes, *notes]:
            self.notes.append(note)
            _log.warning("%s: %s", self.path.name, note)

    def _add_video(self) -> Any:
        stream = self._output.add_stream(self._codec, rate=self._fps)
        context = stream.codec_context
        size = context.width, context.height = self._size or (0, 0)
        context.pix_fmt = formats.format_of(
            self._name, self._codec, size, self._bits, self._alpha
        )
        context.time_base = self._time_base
        options = formats.options_of(self._name)
        if options is None:
            options = codecs.settings(self._codec, self._crf, size)
        if options is None:
            context.bit_rate = codecs.bit_rate(size, self._fps)
        context.options = options or {}
        context.thread_type = "AUTO"  # by frames; PyAV's slices cost quality
        if not self._lossless and self._name not in formats.LOSSLESS_RGB:
            self._coding.tag(context)
        if self._like is not None:
            context.sample_aspect_ratio = self._like.sample_aspect_ratio
        return stream

    def _mux(self, packets: list[Any]) -> None:
        self._muxed = self._muxed or bool(packets)
        for packet in packets:
            if packet.pts in self._durations:
                packet.duration = self._durations.pop(packet.pts)
            if self._sound is not None and packet.dts is not None:
                self._sound.advance(packet.dts * packet.time_base)
            self._output.mux(packet)

    def _finish(self) -> None:
        if self._output is None or self._last is None:
            raise MediaError(
                f"No frame was written to {self.path}. Expected at least one. Call "
                "`write` inside the `with` block, or check that the source has frames."
            )
        try:
            length = self._lasts or self._step
            rest = self._stream.encode(None)
            if self._codec == "libx265" and not self._muxed:
                _set_decoding_times(rest)
            if rest and rest[-1].pts in self._durations:
                # The last packet lasts to the end, though its frame may be an
                # earlier one.
                self._durations[rest[-1].pts] = length
            self._mux(rest)
            if self._sound is not None:
                end = self._last - self._origin + length
                self._sound.finish(end * self._time_base)
            self._output.close()
        except av.error.FFmpegError as error:
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> MediaError:
        return MediaError(
            f"{self.path} cannot be written with the encoder {self._codec} ({error}). "
            "Expected a container that supports it, enough disk space, and a size that "
            "the encoder supports. Write an .mp4 with codec='h264'."
        )

    def _release(self) -> None:
        """Closes the files, also after an error."""
        self._temporary = None
        for part in (self._sound, self._output):
            try:
                if part is not None:
                    part.close()
            except (av.error.FFmpegError, OSError, ValueError):
                continue

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except BaseException:
            self._release()
            self._stack.__exit__(*sys.exc_info())
            raise
        self._release()
        self._stack.__exit__(kind, error, trace)


def _set_decoding_times(packets: list[Any]) -> None:
    """Sets the times at which all packets of a short video are decoded.

    For one or two frames, x265 takes them from memory that nothing wrote.
    """
    shown = sorted(packet.pts for packet in packets)
    pairs = list(zip(shown, packets, strict=True))
    late = max(time - packet.pts for time, packet in pairs)
    for time, packet in pairs:
        packet.dts = time - late


def _rate(fps: float | Fraction | None, like: VideoInfo | None) -> Fraction:
    if fps is None:
        return like.fps if like else Fraction(25)
    return frame_rate_of(fps)

"""Copies sound and subtitles from one video to another, packet by packet."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from deepface_models.media.container import open_video

_log = logging.getLogger("deepface_models")

# If the source's video continues for more seconds than this after the last frame, the
# caller stopped early; otherwise the last frames may be broken.
_EARLY = Fraction(1)
_LONGEST_TAIL = Fraction(10)  # seconds of sound to hold until the video's end is known
_HALF = Fraction(1, 2)

# FFmpeg's channel layouts for files that have only a number of channels, such as AVI.
_USUAL = {1: "mono", 2: "stereo"}
_AAC_LAYOUTS = ("mono", "stereo", "3.0", "5.0", "5.1", "7.1")
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# Sample rates, sample format, and samples per packet.
_SETTINGS = {"aac": (_AAC_RATES, "fltp", 1024), "libopus": ((48_000,), "flt", 960)}


class SoundCopier:
    """Copies the sound and subtitles of a file to a video while that is written.

    The source is read in step with the video, so memory is bounded. Sound is copied
    from the first written frame to the last one; all of it if the whole video is
    written.

    Args:
        source: File whose sound is copied.
        output: PyAV container to write to; its header must not be written yet.
        begin: Time of the first frame in seconds, or None for the source's beginning.
        origin: Seconds to subtract from the source's time stamps. `begin` and other
            times are those of the output.
        audio: Whether to copy sound; subtitles are always copied.
        cut: Whether sound ends exactly with the last written frame, if the source's
            video goes on.

    Attributes:
        notes: A sentence for each stream that is left out or encoded again.
    """

    def __init__(
        self,
        source: Path,
        output: Any,
        begin: Fraction | None,
        origin: Fraction = Fraction(0),
        audio: bool = True,
        cut: bool = False,
    ) -> None:
        self._opened = open_video(source)
        self._container, self._video = self._opened.__enter__()
        self._begin, self._origin, self._cut = begin, origin, cut
        self._video_end = Fraction(-(2**40))
        self.notes: list[str] = []
        streams = self._container.streams
        tracks = [_sound(one, output, self.notes) for one in streams.audio if audio]
        tracks += [_text(one, output, self.notes) for one in streams.subtitles]
        self._tracks = {t.source.index: t for t in tracks if t is not None}
        self._packets = self._read()
        self._next: tuple[Fraction, Any] | None = next(self._packets, None)

    def _read(self) -> Iterator[tuple[Fraction, Any]]:
        """Yields (start in seconds, packet) of the tracks; tracks the video's end."""
        if not self._tracks:
            return
        expected = [self._video, *(track.source for track in self._tracks.values())]
        try:
            for packet in self._container.demux(expected):
                if packet.dts is None and packet.pts is None:
                    continue
                time = self._moved(packet)
                if packet.stream.index not in self._tracks:
                    self._video_end = max(self._video_end, time)
                elif not self._too_early(packet, time):
                    yield time, packet
        except av.error.FFmpegError as error:
            _log.warning("%s: sound ends early (%s).", self._container.name, error)

    def _moved(self, packet: Any) -> Fraction:
        """Shifts a packet's time stamps to those of the output; returns its time."""
        ticks = round(self._origin / packet.time_base)
        if packet.pts is not None:
            packet.pts -= ticks
        if packet.dts is not None:
            packet.dts -= ticks
        stamp = packet.dts if packet.pts is None else packet.pts
        return Fraction(stamp * packet.time_base)

    def _too_early(self, packet: Any, time: Fraction) -> bool:
        length = (packet.duration or 0) * packet.time_base
        return self._begin is not None and time + length <= self._begin

    def advance(self, until: Fraction) -> None:
        """Writes the sound that starts before `until` seconds, or without cut then."""
        while self._next is not None and self._next[0] <= until:
            if self._cut and self._next[0] == until:
                return
            self._send(self._next[1])
            self._next = next(self._packets, None)

    def finish(self, end: Fraction) -> None:
        """Writes the remaining sound, unless the source's video continues after `end`.

        Args:
            end: End of the last written frame in seconds.
        """
        self.advance(end)
        held: deque[Any] = deque()
        while self._next is not None and self._has_ended(end):
            time, packet = self._next
            held.append(packet)
            if time > end + _LONGEST_TAIL:  # the video has ended before
                self._send(held.popleft())
            self._next = next(self._packets, None)
        if self._has_ended(end):
            for packet in held:
                self._send(packet)
        for track in self._tracks.values():
            track.flush()

    def _has_ended(self, end: Fraction) -> bool:
        """Whether the source's video, as far as it is read, ends with `end`."""
        return self._video_end < end if self._cut else self._video_end <= end + _EARLY

    def _send(self, packet: Any) -> None:
        self._tracks[packet.stream.index].send(packet)

    def close(self) -> None:
        """Closes the source."""
        self._opened.__exit__(None, None, None)


def _sound(source: Any, output: Any, notes: list[str]) -> _Copy | _Encode | None:
    """Prepares copying, or encoding if players do not support the codec."""
    if source.codec_context is None:
        notes.append("A sound stream of an unknown codec is left out.")
        return None
    name, form = source.codec_context.name, output.format.name
    # FFmpeg can write these, but few players support them.
    unusual = form in ("mp4", "ipod") and name.startswith(("pcm_", "vorbis"))
    try:
        if not unusual:
            return _Copy(source, output)
    except ValueError:
        pass
    codec = "libopus" if form == "webm" else "aac"
    label = {"aac": "AAC", "libopus": "Opus"}[codec]
    notes.append(f"{name} sound does not fit into {form}; encoding it as {label}.")
    return _Encode(source, output, codec)


def _text(source: Any, output: Any, notes: list[str]) -> _Copy | None:
    """Prepares copying of subtitles, if the container supports them."""
    context = source.codec_context
    name = "unknown" if context is None else context.name
    known = context is not None and context.codec.canonical_name in (
        output.supported_codecs
    )
    if known:
        try:
            return _Copy(source, output)
        except ValueError:
            pass
    notes.append(f"Subtitles ({name}) do not fit into {output.format.name}: left out.")
    return None


class _Copy:
    """Copies packets as they are."""

    def __init__(self, source: Any, output: Any) -> None:
        self.source, self._output = source, output
        self._stream = output.add_stream_from_template(source)
        self._stream.metadata.update(source.metadata)
        self._clock: _SampleClock | None = None
        if source.type == "audio":
            self._name_layout()
            self._clock = _SampleClock(source)

    def _name_layout(self) -> None:
        """Sets the channel layout, which mp4 requires, if the source has none."""
        context = self._stream.codec_context
        usual = _USUAL.get(context.layout.nb_channels)
        if usual is not None and context.layout.name != usual:
            context.layout = usual

    def send(self, packet: Any) -> None:
        """Writes one packet with the source's time stamps."""
        if self._clock is not None:
            self._clock.restamp(packet)
        packet.stream = self._stream
        self._output.mux(packet)

    def flush(self) -> None:
        """Does nothing: packets are written at once."""


class _SampleClock:
    """Undoes the rounding of time stamps, such as Matroska's to 1 ms.

    The time stamps of mp4 are in samples. Packets of a fixed number of samples are
    placed without gaps if that is consistent with the source's rounded time stamps.
    """

    def __init__(self, source: Any) -> None:
        context = source.codec_context
        self._rate, self._samples = context.sample_rate or 0, context.frame_size or 0
        self._expected: int | None = None

    def restamp(self, packet: Any) -> None:
        """Shifts a packet by at most half a unit of its time base, to whole samples."""
        if not self._rate or not self._samples or packet.pts is None:
            return
        tick = packet.time_base * self._rate
        if tick < 1 or packet.dts not in (None, packet.pts):
            return
        pts = round(packet.pts * tick)
        if self._expected is not None:
            earliest = math.ceil((packet.pts - _HALF) * tick)
            latest = math.ceil((packet.pts + _HALF) * tick) - 1
            pts = min(max(self._expected, earliest), latest)
        self._expected = pts + self._samples
        packet.pts = packet.dts = pts
        packet.duration, packet.time_base = self._samples, Fraction(1, self._rate)


class _Encode:
    """Decodes sound and encodes it as AAC or Opus."""

    def __init__(self, source: Any, output: Any, codec: str) -> None:
        self.source, self._output = source, output
        has = source.codec_context
        rates, form, samples = _SETTINGS[codec]
        rate = has.sample_rate if has.sample_rate in rates else 48_000
        layout = has.layout.name
        if layout not in _AAC_LAYOUTS:
            layout = _USUAL.get(has.layout.nb_channels, "stereo")
        self._stream = output.add_stream(codec, rate=rate, bit_rate=192_000)
        self._stream.codec_context.layout = layout
        self._resampler = av.AudioResampler(form, layout, rate, samples)

    def send(self, packet: Any) -> None:
        """Encodes the samples of one packet; skips a broken one with a warning."""
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            _log.warning("A sound packet is broken (%s).", error)
            return
        for frame in frames:
            self._encode(frame)

    def flush(self) -> None:
        """Encodes the samples that are still buffered."""
        for frame in self.source.decode(None):
            self._encode(frame)
        self._encode(None)
        self._output.mux(self._stream.encode(None))

    def _encode(self, frame: Any) -> None:
        for piece in self._resampler.resample(frame):
            self._output.mux(self._stream.encode(piece))

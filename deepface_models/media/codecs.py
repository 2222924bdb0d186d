"""Video codecs for writing: their encoders, containers and settings."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2

from deepface_models.core.errors import MediaError
from deepface_models.media.extras import MP4_KEYS

# The encoder of each codec. Which encoders PyAV has depends on its wheel: those on PyPI
# have the first five, none has OpenH264.
ENCODERS = {
    **{"h264": "libx264", "hevc": "libx265", "h265": "libx265"},
    **{"av1": "libsvtav1", "vp9": "libvpx-vp9", "openh264": "libopenh264"},
    **{"prores": "prores_ks", "prores_4444": "prores_ks", "ffv1": "ffv1"},
    "qtrle": "qtrle",
}
LOSSLESS = "libx264rgb"
_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_FORMATS |= {".webm": "webm", ".avi": "avi"}
_AVX_512F = 13  # CV_CPU_AVX_512F, which has no name in Python
_MOVIE_SCALE = 48_000  # least ticks per second of an mp4's time scale
_BITS_PER_PIXEL = 0.4  # for encoders without a quality setting


def encoder_of(codec: str, lossless: bool, path: str | Path) -> str:
    """Returns the encoder of a codec, after checking that it can write the file.

    Args:
        codec: One of `ENCODERS`, or the name of an FFmpeg encoder.
        lossless: Whether to keep every RGB pixel.
        path: The file to write; only its extension matters.

    Raises:
        MediaError: PyAV has no such encoder, or the container does not support it.
        ValueError: `lossless` was given with a codec that is not.
    """
    if lossless and codec not in ("h264", LOSSLESS, "ffv1", "qtrle"):
        raise ValueError(
            f"lossless=True was given with codec={codec!r}. Expected codec='h264', "
            "'ffv1' or 'qtrle', the lossless ones. Leave out lossless or codec."
        )
    encoder = ENCODERS.get(codec, codec)
    if lossless and codec == "h264":
        encoder = LOSSLESS
    try:
        made = av.codec.Codec(encoder, "w")
    except ValueError as error:  # PyAV's errors for unknown codecs
        raise MediaError(
            f"The codec {codec!r} was given, and PyAV {av.__version__} has no encoder "
            f"{encoder!r}. Expected one of {', '.join(available())}, or another "
            "encoder of this PyAV. Use 'av1' or 'vp9' instead of 'h264'."
        ) from error
    _check_container(encoder, made.canonical_name, Path(path))
    return encoder


def _check_container(encoder: str, codec: str, path: Path) -> None:
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise MediaError(
            f"{path} has the extension {path.suffix!r}. Expected one of "
            f"{' '.join(_FORMATS)} for a video. Write an .mp4."
        )
    with av.open(io.BytesIO(), "w", format=form) as container:
        fits = codec in container.supported_codecs
    # FFmpeg lists these for mov, but cannot write them.
    fits = fits and not (form == "mov" and codec in ("av1", "vp9"))
    if not fits:
        raise MediaError(
            f"{path} cannot hold video from the encoder {encoder}. Expected a "
            f"container that supports {codec}. Write {_container_of(codec)}, or use "
            "codec='h264'."
        )


def _container_of(codec: str) -> str:
    return "a .mov" if codec in ("prores", "qtrle") else "an .mp4"


def available() -> list[str]:
    """Returns the names among `ENCODERS` that this PyAV can encode."""
    return [name for name, encoder in ENCODERS.items() if is_there(encoder)]


def is_there(encoder: str) -> bool:
    """Whether this PyAV has an encoder."""
    return encoder in av.codecs_available


def formats_of(encoder: str) -> list[str]:
    """Returns FFmpeg's names of the pixel formats that an encoder supports."""
    found = av.codec.Codec(encoder, "w").video_formats
    return [form.name for form in found or ()]


def pixel_format(encoder: str, size: tuple[int, int]) -> str:
    """Returns the pixel format for images of a size (width, height).

    It is yuv420p if possible, yuv444p for odd sizes, and rgb24 for lossless video.
    """
    if encoder == LOSSLESS:
        return "rgb24"
    forms = formats_of(encoder)
    if (size[0] % 2 or size[1] % 2) and "yuv444p" in forms:
        return "yuv444p"
    return "yuv420p" if not forms or "yuv420p" in forms else forms[0]


def container_options(
    path: Path, metadata: Iterable[str], time_base: Fraction | None
) -> dict[str, str]:
    """Returns FFmpeg's options for the container of a file.

    Args:
        path: The file; its extension selects the container.
        metadata: The keys of the tags to write.
        time_base: The time base to keep exactly; None for any.
    """
    if _FORMATS.get(path.suffix.lower()) not in ("mp4", "mov"):
        return {}
    flags = "+faststart"
    if set(metadata) - MP4_KEYS:
        flags += "+use_metadata_tags"
    options = {"movflags": flags}
    if time_base is not None and time_base.numerator == 1:
        ticks = time_base.denominator
        # Edit lists, which delay a stream, count in the movie's time scale: it has to
        # be a multiple of the video's, and fine enough for sound.
        movie = ticks * -(-_MOVIE_SCALE // ticks)
        options["video_track_timescale"] = str(ticks)
        options["movie_timescale"] = str(movie)
    return options


# Frames that x264 looks ahead with this preset, and how many at least; each takes about
# five bytes a pixel.
_AHEAD, _LEAST_AHEAD = 20, 4
_AHEAD_PIXELS = 20 * 1920 * 1088


def settings(
    encoder: str, crf: float, size: tuple[int, int] = (0, 0)
) -> dict[str, str] | None:
    """Returns an encoder's options for a quality of 0 (best) to 51, on x264's scale.

    None if the encoder has no quality setting. AV1 and VP9 have a scale to 63, to which
    the value is converted; their quality is then no lower than that of x264.

    Args:
        encoder: FFmpeg's name of the encoder.
        crf: The quality.
        size: (width, height) in px. The encoder holds fewer large frames in memory.
    """
    wide = str(round(crf * 63 / 51))
    if encoder == "libx264":
        ahead = _AHEAD_PIXELS // max(1, size[0] * size[1])
        # A third of the time of "faster" at about its size, for up to 1 dB: what
        # "superfast" leaves out but for the macroblock tree hardly shows.
        # B frames at a fixed distance save an eighth of that, for files of about
        # the same size.
        return {
            **{"crf": str(crf), "preset": "superfast", "mbtree": "1"},
            "b_strategy": "0",
            "rc-lookahead": str(max(_LEAST_AHEAD, min(_AHEAD, ahead))),
            **_repeatable(),
        }
    if encoder == "libx265":
        return {"crf": str(crf), "preset": "faster"}
    if encoder == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # less console output
        return {"crf": wide, "preset": "8"}
    if encoder == "libvpx-vp9":
        return {"crf": wide, "b": "0", "cpu-used": "4", "row-mt": "1"}
    if encoder == "mpeg4":
        scale = 118 * min(max(crf / 6, 1), 31)  # FF_QP2LAMBDA times 1 to 31
        return {"flags": "+qscale", "global_quality": str(round(scale))}
    return {"qp": "0", "preset": "veryfast"} if encoder == LOSSLESS else None


def _repeatable() -> dict[str, str]:
    """Returns options that make x264 give equal bytes for equal frames."""
    # With AVX-512, x264's macroblock tree (core 165) reads memory that nothing wrote.
    if cv2.checkHardwareSupport(_AVX_512F):
        return {"x264-params": "asm=avx2"}
    return {}


def bit_rate(size: tuple[int, int], fps: Any) -> int:
    """Returns the bits per second for an encoder without a quality setting."""
    return round(size[0] * size[1] * float(fps) * _BITS_PER_PIXEL)

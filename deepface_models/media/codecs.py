"""Video codecs that are written: their encoders, containers and settings."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import av

from deepface_models.core.errors import MediaError

# Codecs by the names users give. Which of their encoders a PyAV has is up to its
# wheel: those on PyPI have the first five, none has OpenH264.
ENCODERS = {
    **{"h264": "libx264", "hevc": "libx265", "h265": "libx265"},
    **{"av1": "libsvtav1", "vp9": "libvpx-vp9", "openh264": "libopenh264"},
}
LOSSLESS = "libx264rgb"
_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_FORMATS |= {".webm": "webm", ".avi": "avi"}
_BITS_A_PIXEL = 0.4  # of an encoder without a quality setting


def encoder_of(codec: str, lossless: bool, path: str | Path) -> str:
    """Returns the encoder for a codec, checked to be there and to suit the file.

    Args:
        codec: One of `ENCODERS`, or the name of an FFmpeg encoder.
        lossless: Whether every RGB pixel is to be kept.
        path: The file to write; its extension is looked at.

    Raises:
        MediaError: This PyAV has no such encoder, or the container does not take it.
        ValueError: `lossless` with another codec than "h264".
    """
    if lossless and codec not in ("h264", LOSSLESS):
        raise ValueError(
            f"lossless=True was given with codec={codec!r}. Expected codec='h264', the "
            "only one that is written without loss. Leave one of them out."
        )
    encoder = LOSSLESS if lossless else ENCODERS.get(codec, codec)
    try:
        made = av.codec.Codec(encoder, "w")
    except ValueError as error:  # PyAV's errors for unknown codecs
        raise MediaError(
            f"The codec {codec!r} was given, and PyAV {av.__version__} has no encoder "
            f"{encoder!r}. Expected one of {', '.join(available())}, or another "
            "encoder of this PyAV. Use 'av1' or 'vp9' where 'h264' is not wanted."
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
    # FFmpeg lists these for mov, and refuses to write them.
    fits = fits and not (form == "mov" and codec in ("av1", "vp9"))
    if not fits:
        raise MediaError(
            f"{path} cannot hold video from the encoder {encoder}. Expected a "
            f"container that takes {codec}. Write an .mp4, or use codec='h264'."
        )


def available() -> list[str]:
    """Returns the names among `ENCODERS` that this PyAV can encode."""
    return [name for name, encoder in ENCODERS.items() if _exists(encoder)]


def _exists(encoder: str) -> bool:
    return encoder in av.codecs_available


def formats_of(encoder: str) -> list[str]:
    """Returns FFmpeg's names of the sample formats that an encoder takes."""
    found = av.codec.Codec(encoder, "w").video_formats
    return [form.name for form in found or ()]


def settings(encoder: str, crf: float) -> dict[str, str] | None:
    """Returns an encoder's options for a quality of 0 (best) to 51, as x264 counts.

    None where the encoder has no such setting. AV1 and VP9 count to 63; at the same
    part of the scale they lose no more than x264 does (41.6, 41.5 and 41.1 dB at 18).
    """
    wide = str(round(crf * 63 / 51))
    if encoder in ("libx264", "libx265"):
        # Three times the speed of "medium" for 0.2 dB (720p faces, crf 18).
        return {"crf": str(crf), "preset": "faster"}
    if encoder == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # it writes to the console by itself
        return {"crf": wide, "preset": "8"}
    if encoder == "libvpx-vp9":
        return {"crf": wide, "b": "0", "cpu-used": "4", "row-mt": "1"}
    if encoder == "mpeg4":
        scale = 118 * min(max(crf / 6, 1), 31)  # FF_QP2LAMBDA times 1 to 31
        return {"flags": "+qscale", "global_quality": str(round(scale))}
    return {"qp": "0", "preset": "veryfast"} if encoder == LOSSLESS else None


def bit_rate(size: tuple[int, int], fps: Any) -> int:
    """Returns bits a second for an encoder that knows no quality setting."""
    return round(size[0] * size[1] * float(fps) * _BITS_A_PIXEL)

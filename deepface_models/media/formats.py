"""Pixel formats by codec, bits a sample and transparency."""

from __future__ import annotations

from typing import TypeAlias

import av

from deepface_models.core.errors import MediaError
from deepface_models.media.codecs import ENCODERS, formats_of, is_there, pixel_format

_Kind: TypeAlias = tuple[int, bool]  # bits a sample, and whether there is alpha
# What professional codecs store; RGB ones keep every sample.
_FORMATS: dict[str, dict[_Kind, str]] = {
    "prores": {(10, False): "yuv422p10le"},
    "prores_4444": {(10, False): "yuv444p10le", (10, True): "yuva444p10le"},
    "ffv1": {
        **{(8, False): "bgr0", (8, True): "bgra"},
        **{(10, False): "gbrp10le", (10, True): "gbrap10le"},
        **{(12, False): "gbrp12le", (12, True): "gbrap12le"},
        **{(16, False): "gbrp16le", (16, True): "gbrap16le"},
    },
    "qtrle": {(8, False): "rgb24", (8, True): "argb"},
}
_OPTIONS = {
    "prores": {"profile": "hq", "vendor": "apl0"},
    "prores_4444": {"profile": "4444", "vendor": "apl0"},
    "ffv1": {"level": "3", "slices": "4", "slicecrc": "1"},
    "qtrle": {},
}
LOSSLESS_RGB = ("ffv1", "qtrle")


def bits_of(codec: str, bits: int | None) -> int:
    """Returns the bits a sample that a codec gets: 8 unless given, of ProRes 10."""
    return bits or (10 if codec.startswith("prores") else 8)


def options_of(codec: str) -> dict[str, str] | None:
    """Returns the encoder's options of a professional codec; None for others."""
    return _OPTIONS.get(codec)


def format_of(
    codec: str, encoder: str, size: tuple[int, int], bits: int, alpha: bool
) -> str:
    """Returns FFmpeg's pixel format for images of a size (width, height).

    Raises:
        MediaError: The encoder has none with so many bits, or with alpha.
    """
    found = _found(codec, encoder, size, bits, alpha)
    if found is not None:
        return found
    fitting = [
        name
        for name, other in ENCODERS.items()
        if is_there(other)
        # ProRes, too, has alpha, but never 8 bits.
        and _found(name, other, size, bits_of(name, None) if alpha else bits, alpha)
    ]
    what = f"bits={bits}" + (" and alpha=True" if alpha else "")
    known = f"Expected one of {', '.join(fitting)}" if fitting else "No codec here can"
    raise MediaError(
        f"The codec {codec!r} was given with {what}, which it cannot store. {known}. "
        f"PyAV {av.__version__} decides which encoders there are; write a .mov with "
        "'prores_4444' for transparency, or with 'prores' for 10 bits."
    )


def _found(
    codec: str, encoder: str, size: tuple[int, int], bits: int, alpha: bool
) -> str | None:
    if codec in _FORMATS:
        return _FORMATS[codec].get((bits, alpha))
    if alpha:
        return None
    if bits == 8:
        return pixel_format(encoder, size)
    wide = f"yuv{'444' if size[0] % 2 or size[1] % 2 else '420'}p{bits}le"
    return wide if wide in formats_of(encoder) else None

"""Conversion of Pillow images of any mode to 8-bit sRGB, in bands of rows."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from deepface_models.core.arrays import Array

_log = logging.getLogger("deepface_models")

_BAND = 1 << 21  # pixels per band
_BITS_PER_SAMPLE, _SAMPLE_FORMAT, _UNSIGNED = 258, 339, 1
_TOPS = (255, 65535, 2**31 - 1, 2**32 - 1)
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_BAD_PROFILE = (ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError)


def to_layers(image: Image.Image, keep_alpha: bool) -> tuple[Array, Array | None]:
    """Decodes an opened image.

    Args:
        image: Pillow image of any mode.
        keep_alpha: Whether to return the alpha channel; otherwise the image is blended
            with white.

    Returns:
        Colors, uint8 (height, width, 3), and alpha, uint8 (height, width), or None if
        the image is opaque or `keep_alpha` is False.
    """
    image.load()
    width, height = image.size
    colors, alpha = np.empty((height, width, 3), np.uint8), None
    top, to_srgb = _top(image), _srgb(image)
    for rows in bands(height, width):
        band = image.crop((0, rows.start, width, rows.stop))
        if top is not None:
            band = Image.fromarray(scaled(_samples(band, image), top))
        color, opacity = _split(band)
        color = to_srgb(color)
        if opacity is not None and not keep_alpha:
            color = _over_white(color, opacity)
        elif opacity is not None:
            alpha = np.empty((height, width), np.uint8) if alpha is None else alpha
            alpha[rows] = np.asarray(opacity)
        colors[rows] = np.asarray(color)
    return colors, alpha


def bands(height: int, width: int) -> Iterator[slice]:
    """Yields slices of rows that cover the image."""
    step = max(1, _BAND // max(1, width))
    for start in range(0, height, step):
        yield slice(start, min(height, start + step))


def scaled(samples: Array, top: float) -> Array:
    """Scales samples from 0..top to uint8 and clips others."""
    values = np.clip(np.nan_to_num(samples, posinf=top, neginf=0), 0, top)
    return np.rint(values.astype(np.float32) * (255 / top)).astype(np.uint8)


def fitting_top(highest: float, floating: bool) -> float:
    """Returns the upper end of the smallest common range that includes a maximum.

    Args:
        highest: Maximum of the image's finite values.
        floating: Whether [0, 1] is one of the ranges. It is used up to a maximum of 2,
            which would be black in any other range.
    """
    if floating and highest <= 2:
        return 1
    return next((top for top in _TOPS if highest <= top), highest)


def highest_of(samples: Array) -> float:
    """Returns the highest finite value, or 0."""
    finite = samples[np.isfinite(samples)]
    return float(finite.max()) if finite.size else 0.0


def _top(image: Any) -> float | None:
    """Returns the upper end of the samples' range; None for 8-bit samples.

    16-bit files state their range. That of 32-bit integers and floats is estimated
    from their maximum.
    """
    if not image.mode.startswith(("I", "F")):
        return None
    if image.format == "PNG":
        return 65535
    if image.mode.startswith("I;16"):
        bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))[0]
        return float(2 ** min(bits, 16) - 1)
    width, height = image.size
    highest = max(
        highest_of(_samples(image.crop((0, rows.start, width, rows.stop)), image))
        for rows in bands(height, width)
    )
    return fitting_top(highest, image.mode == "F")


def _samples(band: Image.Image, image: Any) -> Array:
    """Returns a band's samples; unsigned 32-bit ones, which Pillow reads as signed."""
    values = np.asarray(band)
    kinds = getattr(image, "tag_v2", {}).get(_SAMPLE_FORMAT, (None,))
    if image.mode == "I" and kinds[0] == _UNSIGNED:
        return values.view(np.uint32)
    return values


def _split(band: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Returns colors and alpha of a band; None if it is opaque."""
    if band.mode == "La" or (band.mode in ("1", "L") and band.has_transparency_data):
        band = band.convert("LA")
    if band.mode == "LA":
        return band.getchannel("L"), band.getchannel("A")
    if band.has_transparency_data:
        band = band.convert("RGBA")
        return band.convert("RGB"), band.getchannel("A")
    return band, None


def _over_white(color: Image.Image, opacity: Image.Image) -> Image.Image:
    white = Image.new("RGB", color.size, (255, 255, 255))
    white.paste(color, mask=opacity)
    return white


def _srgb(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Returns a function that converts bands to sRGB, by the color profile if any."""
    data = image.info.get("icc_profile")
    try:
        found = _transform(data) if data else None
    except _BAD_PROFILE as error:
        _log.warning("A color profile is damaged (%s); sRGB is assumed.", error)
        found = None
    if found is None:
        return lambda band: band.convert("RGB")
    mode, transform = found

    def convert(band: Image.Image) -> Image.Image:
        if band.mode in ("P", "YCbCr"):
            band = band.convert("RGB")
        if band.mode != mode:  # the profile is for another color space
            return band.convert("RGB")
        return ImageCms.applyTransform(band, transform) or band

    return convert


def _transform(data: bytes) -> tuple[str, ImageCms.ImageCmsTransform] | None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
    mode = _SPACES.get(profile.profile.xcolor_space.strip())
    if mode is None or "sRGB" in ImageCms.getProfileDescription(profile):
        return None
    srgb = ImageCms.createProfile("sRGB")
    return mode, ImageCms.buildTransform(profile, srgb, mode, "RGB")

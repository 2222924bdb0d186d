"""PNG images of 16 bits a sample, which Pillow does not support in color."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.media.opening import open_image

_HEADER = 33  # bytes of the signature and the chunk IHDR
_CHANNELS = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}


def encode_wide(image: Array, metadata: Mapping[str, str] | None = None) -> bytes:
    """Returns an image as the bytes of a PNG file.

    Args:
        image: uint16, (height, width), (height, width, 3) or (height, width, 4).
        metadata: Text entries.

    Raises:
        ValueError: The image has another shape or type.
    """
    channels = image.shape[2] if image.ndim == 3 else None
    if image.dtype != np.uint16 or image.ndim not in (2, 3):
        channels = 0
    if channels is not None:
        if channels not in _CHANNELS:
            raise ValueError(
                f"An image of {image.dtype} and shape {image.shape} was given. "
                "Expected uint16 with no channel axis, or 3 or 4 channels. Convert it "
                "with (image * 65535).astype('uint16')."
            )
        image = np.asarray(cv2.cvtColor(image, _CHANNELS[channels]))
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(image))
    data = encoded.tobytes()
    text = b"".join(_entry(*one) for one in (metadata or {}).items())
    return data[:_HEADER] + text + data[_HEADER:]


def read_wide(path: Path) -> Array | None:
    """Returns a 16-bit color PNG or TIFF as float32 in [0, 1]; None for other files.

    Files with a color profile or an alpha channel are left to `read_image`.
    """
    if path.suffix.lower() not in (".png", ".tif", ".tiff"):
        return None
    try:
        with open_image(path) as pil:  # checks the size
            if pil.info.get("icc_profile"):
                return None
    except (SyntaxError, OSError):
        return None
    data = np.fromfile(path, np.uint8)
    found = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if found is None or found.dtype != np.uint16 or found.ndim != 3:
        return None
    if found.shape[2] != 3:
        return None
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.float32) / 65535


def as_uint16(image: Array) -> Array:
    """Returns a float image in [0, 1] or a uint8 image as uint16."""
    if image.dtype == np.uint16:
        return image
    if image.dtype == np.uint8:
        return image.astype(np.uint16) * 257
    return np.rint(np.clip(image, 0, 1) * 65535).astype(np.uint16)


def _entry(key: str, text: str) -> bytes:
    """Returns a chunk iTXt: key, no compression, no language, and the text."""
    body = key.encode("latin-1") + b"\0\0\0\0\0" + text.encode("utf-8")
    chunk = b"iTXt" + body
    return struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk))

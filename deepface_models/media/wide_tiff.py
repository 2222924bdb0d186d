"""Color TIFF files with more than 8 bits per sample, which Pillow cannot decode."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin

from deepface_models.core.arrays import Array
from deepface_models.media.opening import check_pixels, several
from deepface_models.media.pixels import bands, fitting_top, highest_of, scaled

_WIDTH, _HEIGHT, _BITS, _CHANNELS, _ORIENTATION = 256, 257, 258, 277, 274
_PROFILE = 34675
_MARKS = (b"II*\0", b"MM\0*")


def read_wide_tiff(path: Path, limit: int) -> tuple[Image.Image, int] | None:
    """Reads a color TIFF of floats or wide integers with OpenCV, scaled to 8 bits.

    Args:
        path: The file.
        limit: Most pixels; 4 bytes of samples count as one.

    Returns:
        RGBA image as stored, and its EXIF orientation; None for other files.

    Raises:
        MediaError: It has too many pixels or several pages.
    """
    with open(path, "rb") as file:
        head = file.read(8)
        if head[:4] not in _MARKS:
            return None
        tags = TiffImagePlugin.ImageFileDirectory_v2(head)
        file.seek(tags.next)
        tags.load(file)
    if tags.next:
        raise several(path)
    channels, bits = tags.get(_CHANNELS, 1), max(tags.get(_BITS, (8,)))
    layers = max(1, channels * bits // 32)
    check_pixels(path, tags[_WIDTH], tags[_HEIGHT], limit, layers)
    data = np.fromfile(path, np.uint8)
    found = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if found is None or found.ndim != 3 or found.shape[2] not in (3, 4):
        return None
    image = Image.fromarray(_rgba(found))
    if _PROFILE in tags:
        image.info["icc_profile"] = tags[_PROFILE]
    return image, int(tags.get(_ORIENTATION, 1))


def _rgba(samples: Array) -> Array:
    """Converts OpenCV's BGR or BGRA of any type to uint8 RGBA."""
    height, width, channels = samples.shape
    floating = bool(np.issubdtype(samples.dtype, np.floating))
    top: float = 65535
    if samples.dtype != np.uint16:
        highest = max(highest_of(samples[rows]) for rows in bands(height, width))
        top = fitting_top(highest, floating)
    result = np.full((height, width, 4), 255, np.uint8)
    for rows in bands(height, width):
        band = scaled(samples[rows], top)
        result[rows, :, :3] = band[:, :, 2::-1]
        if channels == 4:
            result[rows, :, 3] = band[:, :, 3]
    return result

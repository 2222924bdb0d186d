"""Frames of more than 8 bits a sample, of RGB, or with an alpha channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import av
import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float

_PACKED = ("bgr0", "bgra", "argb")


def is_wide(pix_fmt: str) -> bool:
    """Whether a pixel format has more than 8 bits, alpha, or packed RGB of 4 bytes."""
    deep = av.VideoFormat(pix_fmt).components[0].bits > 8
    return pix_fmt in _PACKED or (deep and pix_fmt.startswith(("yuv", "gbr")))


def wide_frame(image: Array, pix_fmt: str, matrix: Array, full: bool) -> Any:
    """Returns an image as a frame of a pixel format; YUV is not subsampled yet.

    Args:
        image: (height, width, 3 or 4), RGB or RGBA: uint8, uint16 or float [0, 1].
        pix_fmt: Packed RGB of 8 bits, planar RGB, or YUV of more than 8 bits.
        matrix: (3, 4), from (R, G, B, 1) in 0..255 to YUV samples of 8 bits.
        full: Whether the YUV samples have the full range.
    """
    if pix_fmt in _PACKED:
        rgba = _opaque(image, np.uint8(255))
        made = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgba), format="rgba")
        return made.reformat(format=pix_fmt)
    form = av.VideoFormat(pix_fmt)
    top = 2 ** form.components[0].bits - 1
    values = _as_float(image)
    if form.is_rgb:
        order = [1, 2, 0, 3][: len(form.components)]
        planes = [values[..., i] for i in order]
        return _planar(pix_fmt, [np.rint(plane * top) for plane in planes])
    times = (top / 255 if full else (top + 1) / 256) * 255
    scaled = np.hstack([matrix[:, :3] * times, matrix[:, 3:] * (top + 1) / 256])
    samples = cv2.transform(np.ascontiguousarray(values[..., :3]), scaled)
    planes = [np.clip(np.rint(samples[..., i]), 0, top) for i in range(3)]
    alpha = len(form.components) == 4
    if alpha:
        planes.append(np.rint(values[..., 3] * top))
    bits = form.components[0].bits
    return _planar(f"yuv{'a' if alpha else ''}444p{bits}le", planes)


def _as_float(image: Array) -> Array:
    if image.dtype == np.uint16:
        return image.astype(np.float32) / 65535
    return np.clip(as_float(image), 0, 1)


def _opaque(image: Array, top: Any) -> Array:
    """Returns an RGB image with an alpha channel; RGBA as it is."""
    if image.shape[2] == 4:
        return image
    return np.dstack([image, np.full(image.shape[:2], top)])


def _planar(pix_fmt: str, planes: Sequence[Array]) -> Any:
    """Returns a frame of planes of 16-bit words."""
    height, width = planes[0].shape
    made: Any = av.VideoFrame(width, height, pix_fmt)
    for plane, values in zip(made.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        rows[:, :width] = values
        plane.update(rows)
    return made

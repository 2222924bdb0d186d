"""Images and videos as RGB arrays, with their time stamps, colors and sound."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deepface_models.core.arrays import as_uint8
from deepface_models.core.sheet import grid
from deepface_models.media.color import (
    ColorStatistics,
    apply_statistics,
    lab_to_rgb,
    rgb_to_lab,
    transfer_color,
)
from deepface_models.media.image import read_image, write_image
from deepface_models.media.kinds import IMAGE_SUFFIXES, VIDEO_SUFFIXES, media_kind
from deepface_models.media.sequence import ImageSequence

if TYPE_CHECKING:
    from deepface_models.media.tags import read_metadata
    from deepface_models.media.video import VideoFrame, VideoInfo, probe, read_video
    from deepface_models.media.writer import VideoWriter

__all__ = [
    "IMAGE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "ColorStatistics",
    "ImageSequence",
    "VideoFrame",
    "VideoInfo",
    "VideoWriter",
    "apply_statistics",
    "as_uint8",
    "grid",
    "lab_to_rgb",
    "media_kind",
    "probe",
    "read_image",
    "read_metadata",
    "read_video",
    "rgb_to_lab",
    "transfer_color",
    "write_image",
]

# These import PyAV, which images do not need.
_VIDEO = {
    "VideoFrame": "video",
    "VideoInfo": "video",
    "VideoWriter": "writer",
    "probe": "video",
    "read_metadata": "tags",
    "read_video": "video",
}


def __getattr__(name: str) -> Any:
    if name not in _VIDEO:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_VIDEO[name]}"), name)
    globals()[name] = value
    return value

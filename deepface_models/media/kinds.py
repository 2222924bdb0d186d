"""Kinds of media by file extension."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from deepface_models.core.errors import MediaError

IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff"),
    *(".jp2", ".j2k", ".avif", ".heic", ".heif"),
)
VIDEO_SUFFIXES = (
    *(".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m2ts"),
    *(".mts", ".ts", ".wmv", ".flv", ".ogv", ".3gp", ".mxf", ".vob", ".gif"),
)
# The place of an image's number in a pattern, as in printf.
NUMBER = re.compile(r"%(?:0(\d{1,2}))?d")


def media_kind(path: str | Path) -> Literal["image", "video", "folder"]:
    """Returns whether a path is an image, a video or a folder.

    Args:
        path: An existing file or folder, or the pattern of an image sequence, which is
            a video. The kind of a file is determined by its extension, in upper or
            lower case; the file is not opened.

    Returns:
        "image", "video" or "folder".

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The extension is not that of an image or a video.

    Example:
        >>> media_kind("ana.mp4"), media_kind("ana.png")
        ('video', 'image')
    """
    if is_pattern(path):
        return "video"
    place = existing(path)
    if place.is_dir():
        return "folder"
    suffix = place.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return "image"
    if suffix in VIDEO_SUFFIXES:
        return "video"
    raise MediaError(
        f"{place} was given, whose extension {suffix!r} is not that of an image or a "
        f"video. Expected one of {' '.join(IMAGE_SUFFIXES + VIDEO_SUFFIXES)} or a "
        "folder. Rename the file if its extension is wrong, or convert it to mp4 or "
        "png first."
    )


def is_pattern(path: str | Path) -> bool:
    """Whether a path names an image sequence, such as shot.%04d.png, and no file."""
    place = Path(path)
    return len(NUMBER.findall(place.name)) == 1 and not os.path.exists(place)


def existing(path: str | Path) -> Path:
    """Returns `path` as a `Path` after checking that it exists.

    Raises:
        FileNotFoundError: Nothing is there, or it is a broken link.
        MediaError: Its name cannot be encoded.
    """
    place = Path(path)
    check_name(place)
    if not os.path.exists(place):
        raise FileNotFoundError(
            f"Nothing is at {place}. Expected an image, a video or a folder. Check "
            f"the spelling; relative paths start at {Path.cwd()}."
        )
    return place


def check_name(place: Path) -> None:
    """Rejects names that cannot be encoded as UTF-8.

    Raises:
        MediaError: The name is not UTF-8.
    """
    try:
        str(place).encode("utf-8")
    except UnicodeEncodeError as error:
        raise MediaError(
            f"The name {str(place)!r} is not UTF-8, or this locale cannot express it. "
            "Expected a name that can be encoded. Rename the file or the folder, or "
            "set PYTHONUTF8=1."
        ) from error

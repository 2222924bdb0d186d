"""What kind of media a path holds, by its extension."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from deepface_models._errors import MediaError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
VIDEO_SUFFIXES = (
    *(".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m2ts"),
    *(".mts", ".ts", ".wmv", ".flv", ".ogv", ".3gp", ".mxf", ".vob", ".gif"),
)


def media_kind(path: str | Path) -> Literal["image", "video", "folder"]:
    """Says whether a path is a picture, a video or a folder.

    Args:
        path: An existing file or folder. Files are told apart by their extension
            alone, in any case; nothing is opened.

    Returns:
        "image", "video" or "folder".

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The extension is neither a picture's nor a video's.
    """
    place = existing(path)
    if place.is_dir():
        return "folder"
    suffix = place.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return "image"
    if suffix in VIDEO_SUFFIXES:
        return "video"
    raise MediaError(
        f"{place} has the extension {suffix!r}, which is neither a picture's nor a "
        f"video's. Expected one of {' '.join(IMAGE_SUFFIXES + VIDEO_SUFFIXES)} or a "
        "folder. Rename the file if its extension is wrong, or convert it to mp4 or "
        "png first."
    )


def existing(path: str | Path) -> Path:
    """Returns `path` as a `Path`, or raises FileNotFoundError saying what to do."""
    place = Path(path)
    if not place.exists():
        raise FileNotFoundError(
            f"Nothing is at {place}. Expected a picture, a video or a folder. Check "
            f"the spelling; relative paths start at {Path.cwd()}."
        )
    return place

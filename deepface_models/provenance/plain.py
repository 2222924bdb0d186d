"""Ordinary tags of pictures and videos, as any program can read and change them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from .._errors import ProvenanceError
from ..media.container import open_file, readable_tags
from .record import Record

_VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .m2ts .mts .ts .wmv .flv .3gp".split()
)
_EXIF_TAGS = (
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Software,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
)


def read_plain_metadata(path: Path) -> dict[str, str]:
    """Returns the text tags of a picture or video; empty if there are none.

    Never raises for the file's content: it may be damaged or made to confuse.
    """
    try:
        if path.suffix.lower() in _VIDEO_SUFFIXES:
            return _video_tags(path)
        return _picture_tags(path)
    except Exception:  # parsers of hostile files fail in every way there is
        return {}


def find_record(tags: dict[str, str]) -> Record | None:
    """Returns the record that `Record.plain_metadata` put among the tags, if any."""
    for value in tags.values():
        record = _parse(value, depth=3)
        if record is not None:
            return record
    return None


def _picture_tags(path: Path) -> dict[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd tags and sizes: nothing is decoded
        with Image.open(path) as image:
            tags = {str(k): v for k, v in image.info.items() if isinstance(v, str)}
            exif = image.getexif()
        for tag in _EXIF_TAGS:
            if isinstance(exif.get(tag), str):
                tags[tag.name] = exif[tag]
    return tags


def _video_tags(path: Path) -> dict[str, str]:
    with open_file(path) as container:
        return readable_tags(container.metadata)


def _parse(value: Any, depth: int) -> Record | None:
    """Looks for a record in a JSON text, or in texts within it."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, dict):
        return None
    try:
        return Record.from_dict(value)
    except ProvenanceError:
        inner = value.values() if depth else ()
        found = (_parse(item, depth - 1) for item in inner)
        return next((record for record in found if record is not None), None)

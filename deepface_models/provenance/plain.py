"""Plain tags of images and videos, which any program can read and change."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from deepface_models.core.errors import ProvenanceError
from deepface_models.core.synthetic import NOTICE
from deepface_models.media.container import open_file, readable_tags
from deepface_models.provenance.record import Record

_VIDEO_SUFFIXES = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .m2ts .mts .ts .wmv .flv .3gp".split()
)
# Formats whose decoders start other programs, such as EPS, are excluded.
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000")
# Texts in tags that mark a file as synthetic: those of this package, and IPTC's.
_MARKS = (NOTICE.lower(), '"synthetic": true', "trainedalgorithmicmedia")


def read_plain_metadata(path: Path) -> dict[str, str]:
    """Returns the text tags of an image or video; empty if there are none.

    The content determines the format, not the name. Damaged or malicious content never
    raises.
    """
    readers = [_image_tags, _video_tags]
    if path.suffix.lower() in _VIDEO_SUFFIXES:
        readers.reverse()
    for reader in readers:
        try:
            return reader(path)
        except Exception:
            continue
    return {}


def find_record(tags: dict[str, str]) -> Record | None:
    """Returns the record that `Record.plain_metadata` put among the tags, if any."""
    for value in tags.values():
        record = _parse(value, depth=3)
        if record is not None:
            return record
    return None


def claims_synthetic(tags: dict[str, str]) -> bool:
    """Whether a tag says that a trained model made or changed the file."""
    # JSON within JSON has its quotes escaped.
    texts = (value.replace("\\", "").lower() for value in tags.values())
    return any(mark in text for text in texts for mark in _MARKS)


def _image_tags(path: Path) -> dict[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sizes: no pixels are decoded
        Image.init()  # open() fails for formats that this Pillow does not have
        formats = [name for name in _FORMATS if name in Image.OPEN]
        with Image.open(path, formats=formats) as image:
            tags = {str(k): v for k, v in image.info.items() if isinstance(v, str)}
            xmp = image.info.get("xmp")
            exif = image.getexif()
    if isinstance(xmp, bytes):
        tags["xmp"] = xmp.decode("utf-8", "replace")
    for number, value in exif.items():
        if isinstance(value, str):
            tags[str(ExifTags.TAGS.get(number, number))] = value
    return tags


def _video_tags(path: Path) -> dict[str, str]:
    with open_file(path) as container:
        return readable_tags(container.metadata)


def _parse(value: Any, depth: int) -> Record | None:
    """Returns the record in a JSON text or in an inner JSON text, if there is one."""
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

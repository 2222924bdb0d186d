"""Output files: never over a source, and under their name only when finished."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.errors import MediaError
from deepface_models.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES, ImageSequence
from deepface_models.media.folders import Listing, list_media
from deepface_models.provenance import Record

IMAGES, _VIDEOS = (".png", ".jpg", ".jpeg", ".webp"), (".mp4", ".mov")


def check_file(source: Path | ImageSequence, output: Path, kind: str) -> None:
    """Refuses an output that is the source, a folder or a file that cannot be signed.

    Raises:
        ValueError: `output` is a folder.
        MediaError: `output` is `source`, or has an extension that is not supported.
    """
    if isinstance(source, Path):
        check_apart(source, output)
    if output.is_dir():
        raise ValueError(
            f"The output {output} is a folder, but {source} is a file. Expected the "
            "name of the file to write. Pass "
            f"{str(output / result_name(source.name))!r}."
        )
    check_extension(source, output, kind)


def check_extension(source: Any, output: Path, kind: str) -> None:
    """Refuses an output that cannot be signed.

    Args:
        source: The source, for the message.
        output: The file to write.
        kind: "image" or "video".

    Raises:
        MediaError: `output` has an extension that is not supported.
    """
    suffixes = IMAGES if kind == "image" else _VIDEOS
    if output.suffix.lower() not in suffixes:
        raise MediaError(
            f"The result of {source} cannot be written to {output}. Expected one of "
            f"the extensions {' '.join(suffixes)}, which carry Content Credentials. "
            f"Pass {str(output.with_suffix(suffixes[0]))!r}."
        )


def check_apart(source: Path, output: Path) -> None:
    """Refuses to write over the source, also through a link.

    Raises:
        MediaError: `output` is `source`.
    """
    same = source.resolve() == output.resolve()
    if same or (output.exists() and os.path.samefile(source, output)):
        raise MediaError(
            f"The output {output} is the source {source} itself. Expected another "
            "file, because the source is never overwritten. Choose another name."
        )


def sources_in(folder: Path) -> Listing:
    """Returns the images and videos of a folder, in natural order."""
    found = list_media(folder)
    if not found.files and not found.unreadable:
        raise MediaError(
            f"{folder} holds no image and no video. Expected files with one of the "
            f"extensions {' '.join((*IMAGE_SUFFIXES, *VIDEO_SUFFIXES))}. Choose "
            "another folder."
        )
    return found


def result_names(sources: list[Path]) -> dict[Path, str]:
    """Returns a unique output name for each source."""
    names = {path: result_name(path.name) for path in sources}
    taken: set[str] = {name for path, name in names.items() if name == path.name}
    for path, name in names.items():
        if name == path.name:
            continue
        if name in taken:
            names[path] = path.name + Path(name).suffix
        taken.add(names[path])
    return names


def result_name(name: str) -> str:
    """Returns the source's name, with .png or .mp4 if its format cannot be signed."""
    path = Path(name)
    if path.suffix.lower() in (*IMAGES, *_VIDEOS):
        return name
    return path.stem + (".png" if path.suffix.lower() in IMAGE_SUFFIXES else ".mp4")


def model_sha256(model: Any) -> str:
    """Returns the SHA-256 of a model's weights; it is the same in every process.

    Args:
        model: A model, whose parts are hashed in the order of their names. Of an
            exported network, that of its file is returned.

    Example:
        >>> len(model_sha256(model))
        64
    """
    known = getattr(model, "sha256", None)
    if isinstance(known, str):
        return known
    digest = hashlib.sha256()
    parts = getattr(model, "parts", None)
    if not isinstance(parts, Mapping):
        parts = {"model": model}
    for name in sorted(parts):
        digest.update(name.encode())
        read = getattr(parts[name], "get_weights", None)
        for weight in read() if callable(read) else ():
            array = np.ascontiguousarray(weight)
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def tags_of(record: Record | None) -> dict[str, str] | None:
    """Returns the plain tags of a record, if there is one."""
    if record is None:
        return None
    return {key.lower(): text for key, text in record.plain_metadata().items()}

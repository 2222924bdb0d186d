"""The images and videos of a folder in natural order; other files are counted."""

from __future__ import annotations

import errno
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deepface_models.core.errors import (
    MediaError,
    MissingDependencyError,
    ProvenanceError,
)
from deepface_models.media.kinds import IMAGE_SUFFIXES, VIDEO_SUFFIXES, check_name

_log = logging.getLogger("deepface_models")
_MOST_KINDS = 8
_FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # other files would fail too

# Errors that skip one of many files, but do not stop the work on the others.
FILE_ERRORS = (MediaError, MissingDependencyError, ProvenanceError, OSError)


@dataclass
class Listing:
    """The content of a folder.

    Attributes:
        files: Images and videos, in natural order.
        unreadable: The reason for each image or video that cannot be read.
        left_out: How many entries of each other kind there are.
    """

    files: list[Path] = field(default_factory=list)
    unreadable: dict[Path, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """Returns the skipped entries as one line, such as "3 .txt, 1 folder"."""
        kinds = sorted(self.left_out.items(), key=lambda item: (-item[1], item[0]))
        common = kinds[:_MOST_KINDS]
        rest = self.left_out.total() - sum(count for _, count in common)
        parts = [f"{count} {kind}" for kind, count in common]
        return ", ".join([*parts, f"{rest} of other kinds"] if rest else parts)


def list_media(
    folder: Path,
    suffixes: Sequence[str] = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES),
    inner: bool = False,
) -> Listing:
    """Lists a folder; entries that are left out are logged in one line.

    Args:
        folder: An existing folder.
        suffixes: Extensions of the files to list, lower case.
        inner: Whether to list subfolders too.

    Raises:
        MediaError: The folder itself cannot be read.
    """
    found = Listing()
    _walk(folder, suffixes, inner, found)
    found.files.sort(key=lambda path: _natural(path, folder))
    found.unreadable = {
        path: found.unreadable[path] for path in sorted(found.unreadable)
    }
    if found.left_out:
        _log.warning("%s: left out %s.", folder, found.summary())
    return found


def _walk(folder: Path, suffixes: Sequence[str], inner: bool, found: Listing) -> None:
    for entry in _entries(folder):
        path = Path(entry.path)
        named = path.suffix.lower() in suffixes
        if entry.name.startswith("."):
            found.left_out["hidden"] += 1
        elif inner and entry.is_dir(follow_symlinks=False):
            try:
                _walk(path, suffixes, inner, found)
            except MediaError as error:
                found.unreadable[path] = str(error)
        elif not named:
            found.left_out[_kind(entry)] += 1
        elif (why := _unreadable_reason(path)) is not None:
            found.unreadable[path] = why
        else:
            found.files.append(path)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError as error:
        raise MediaError(reason(folder, error)) from error


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_dir():
        return "folder"
    suffix = Path(entry.name).suffix.lower()
    return suffix or "without extension"


def _unreadable_reason(path: Path) -> str | None:
    """Returns the reason why this is not a readable file, or None."""
    try:
        check_name(path)
        if path.is_symlink() and not path.exists():
            return f"{path} is a link to nothing. Expected a file. Remove the link."
        if path.is_dir():
            return f"{path} is a folder. Expected a file. Rename or move the folder."
        if not path.is_file():
            return f"{path} is a pipe or a device. Expected a file. Leave it out."
        with open(path, "rb"):
            return None
    except (OSError, MediaError) as error:
        return reason(path, error)


def reason(path: Path, error: Exception) -> str:
    """Returns a message about the failure of one of many files.

    Raises:
        OSError: The error concerns all files, such as a full disk.
    """
    if not isinstance(error, OSError):
        return str(error)
    if error.errno in _FATAL:
        raise error
    return (
        f"{path} cannot be read, or its result not be written "
        f"({error.strerror or error}). Expected a file that you may read and a name "
        "that is not too long. Check its permissions and its name."
    )


def check_outside(folder: Path, output: Path) -> None:
    """Refuses to write into the source folder.

    Raises:
        ValueError: `output` is `folder` or inside it.
    """
    inside = Path(os.path.realpath(output))
    if inside.is_relative_to(os.path.realpath(folder)):
        raise ValueError(
            f"The output {output} lies inside the source folder {folder}. Expected "
            "another folder, as results would become sources. Choose a folder beside "
            "it."
        )


def _natural(path: Path, folder: Path) -> tuple[list[tuple[str | int, ...]], str]:
    """Returns a sort key that puts frame2 before frame10."""
    parts = path.relative_to(folder).parts
    return [natural_key(part) for part in parts], str(path)


def natural_key(name: str) -> tuple[str | int, ...]:
    """Returns a sort key of a name that puts frame2 before frame10."""
    pieces = re.split(r"([0-9]+)", name.casefold())
    return tuple(int(p) if i % 2 else p for i, p in enumerate(pieces))

"""What an extraction knows of its sources from earlier, unfinished calls."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepface_models.core.errors import IntegrityError
from deepface_models.faces._store import sweep_faces
from deepface_models.faces._table import Record
from deepface_models.faces.faceset import FaceSet

_log = logging.getLogger("deepface_models")

Settings = tuple[int, str, int | str]  # image size, face type, landmarks


def open_set(
    output: str | Path | None, settings: Settings, options: dict[str, Any]
) -> FaceSet:
    """Opens or creates the set to extract into.

    Raises:
        ValueError: It was extracted with other settings or options.
    """
    if output is None:
        made = FaceSet(*settings)
    elif not (Path(output) / "faceset.json").exists():
        made = FaceSet.create(output, *settings)
    else:
        made = FaceSet.open(output)
        _check_settings(made, settings, options)
    made.options = options
    return made


def _check_settings(
    found: FaceSet, settings: Settings, options: dict[str, Any]
) -> None:
    theirs = found.image_size, found.face_type, found.landmarks
    if theirs == settings and found.options in ({}, options):
        return
    raise ValueError(
        f"{found.folder} was extracted with (image_size, face_type, landmarks) = "
        f"{theirs} and {found.options}; now {settings} and {options} were given. "
        "Expected the same settings in one set. Choose another output folder."
    )


def check_unchanged(faces: FaceSet, digests: Mapping[str, str]) -> None:
    """Refuses sources that were changed since the set was started.

    Args:
        faces: The set.
        digests: The SHA-256 of each source.

    Raises:
        IntegrityError: A source has other bytes than in the earlier call.
    """
    for source, digest in digests.items():
        known = faces.progress.get(source)
        if known is None or known["sha256"] == digest:
            continue
        if known["status"] == "unreadable":
            del faces.progress[source]  # it has been replaced by another copy
        else:
            raise IntegrityError(
                f"{source} was changed since {faces.folder} was started. "
                "Expected the same bytes. Extract into a new folder."
            )


def skip_copies(
    faces: FaceSet, sources: list[str], digests: Mapping[str, str]
) -> list[str]:
    """Recognizes moved and copied files by their bytes; returns the sources to read.

    A copy is skipped: the same frames under two names could be in the training part
    and in the validation part of a split.
    """
    progress = faces.progress
    known = {state["sha256"]: name for name, state in progress.items()}
    kept: dict[str, None] = {}
    moved: dict[str, str] = {}
    for source in sources:
        digest = progress[source]["sha256"] if source in progress else digests[source]
        former = known.setdefault(digest, source)
        if former != source and source not in progress:
            if Path(former).exists():
                _log.warning("%s is a copy of %s and is skipped.", source, former)
                source = former
            else:
                moved[former] = known[digest] = source
        kept[source] = None
    if moved:
        faces.move(moved)
    return list(kept)


def keep_whole_chunks(faces: FaceSet) -> None:
    """Removes rows that were written after the last saved progress."""

    def saved(record: Record) -> bool:
        known = faces.progress.get(record.source)
        if known is None:
            return False
        return known["status"] == "done" or record.frame < known["next_frame"]

    faces.drop([saved(record) for record in faces.records])
    if faces.folder is not None:
        sweep_faces(faces.folder, faces._next)

"""Checks that a resumed training has the same people as before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from deepface_models.core.errors import ModelFileError

Sketches = Mapping[str, Sequence[str]]


def check_people(noted: Sketches | None, now: Sketches | None, folder: Path) -> None:
    """Rejects faces that belong to another person in the checkpoint.

    Args:
        noted: Digests of some faces of each person, from the checkpoint.
        now: The same, from the data that training resumes with.
        folder: Folder of the checkpoints, for the error message.

    Raises:
        ModelFileError: Two people were exchanged.
    """
    for name, faces in (now or {}).items():
        alike = {
            who: len({*faces} & {*theirs}) for who, theirs in (noted or {}).items()
        }
        nearest = max(alike, key=alike.__getitem__, default=name)
        if alike.get(nearest, 0) > alike.get(name, 0):
            raise ModelFileError(
                f"Faces of {nearest!r}, as the checkpoint in {folder} has them, were "
                f"given for {name!r}. Expected the same faces as before, to resume "
                "the training. Exchange the names, or choose another folder."
            )

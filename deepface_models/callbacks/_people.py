"""Whether a training goes on with the people that it began with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from deepface_models.core.errors import ModelFileError

Sketches = Mapping[str, Sequence[str]]


def check_people(noted: Sketches | None, now: Sketches | None, folder: Path) -> None:
    """Refuses faces that the training knows as another person's.

    Args:
        noted: Digests of some faces of each person, as the checkpoint has them.
        now: Those of the data to go on with.
        folder: Of the checkpoints, for the error.

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
                f"The faces given for {name!r} are those of {nearest!r} in the "
                f"training that {folder} holds. Expected each person's own, as it "
                "goes on where it was. Exchange the names, or choose another folder."
            )

"""Sorting of face sets on disk: keep some faces, move them out, add those of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deepface_models.core.arrays import Array
from deepface_models.core.errors import FaceNotFoundError
from deepface_models.faces.faceset import FaceSet

Which = Array | Sequence[int] | Sequence[bool]


def keep_faces(faces: FaceSet, which: Which) -> int:
    """Removes all faces of a set but some, and makes its contact sheet anew.

    Args:
        faces: The set.
        which: An (N,) bool mask or a list of indices, as in `FaceSet.select`.

    Returns:
        How many faces were removed.

    Raises:
        FaceNotFoundError: No face would be left.

    Example:
        >>> keep_faces(faces, people_in(faces)[0])  # doctest: +SKIP
    """
    kept = {record.file for record in faces.select(which).records}
    if not kept:
        raise FaceNotFoundError(
            f"No face of {len(faces)} would be left. Expected one at least. Allow more."
        )
    before = len(faces)
    faces.drop([record.file in kept for record in faces.records])
    _sheet(faces)
    return before - len(faces)


def move_faces(faces: FaceSet, which: Which, folder: str | Path) -> FaceSet:
    """Moves some faces of a set to a new one.

    They are in both sets until the new one is complete.

    Args:
        faces: The set.
        which: As in `keep_faces`.
        folder: Folder for the new set.

    Returns:
        The new set.

    Raises:
        FaceNotFoundError: No face would be left, or none is to be moved.
        FileExistsError: The folder holds a set.

    Example:
        >>> move_faces(faces, people_in(faces)[1], "faces/ben")  # doctest: +SKIP
    """
    chosen = faces.select(which)
    gone = {record.file for record in chosen.records}
    rest = [record.file not in gone for record in faces.records]
    if not gone or not any(rest):
        raise FaceNotFoundError(
            f"{len(gone)} of {len(faces)} faces were to be moved. Expected some of "
            "them. Rename the folder of the set to move all."
        )
    made = FaceSet.create(folder, faces.image_size, faces.face_type, faces.landmarks)
    add_faces(made, chosen)
    keep_faces(faces, rest)
    return made


def add_faces(faces: FaceSet, other: FaceSet) -> int:
    """Adds copies of the faces of another set, which stays as it is.

    Args:
        faces: The set that gets them.
        other: A set of the same image size and landmarks.

    Returns:
        How many faces were added.

    Raises:
        ValueError: It is the same set, or its faces have another size.

    Example:
        >>> add_faces(faces, FaceSet.open("faces/ben"))  # doctest: +SKIP
    """
    if other is faces or _same(faces, other):
        raise ValueError(
            f"{faces.folder or 'A set'} was given twice. Expected another set. Choose "
            "somebody else to add."
        )
    pairs = zip(other.records, other.images, strict=True)
    faces.extend([replace(r, image=image, file="", png=None) for r, image in pairs])
    _sheet(faces)
    return len(other)


def _same(faces: FaceSet, other: FaceSet) -> bool:
    paths = [Path(one.folder).resolve() for one in (faces, other) if one.folder]
    return len(paths) == 2 and paths[0] == paths[1]


def _sheet(faces: FaceSet) -> None:
    if faces.folder is not None:
        faces.contact_sheet(faces.folder / "sheet.png")

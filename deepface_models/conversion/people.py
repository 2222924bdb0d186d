"""The choice of the face to swap: the given person's, else the largest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepface_models.core.arrays import Array
from deepface_models.faces._reference import Person, nearest
from deepface_models.faces.embedding import embedding_of
from deepface_models.faces.face import Face
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import media_kind


def other_person(model: Any, identity: str) -> str | None:
    """Returns the model's other identity besides `identity`, if it has just one."""
    others = [name for name in model.identities if name != identity]
    return others[0] if len(others) == 1 else None


def face_set(person: Person) -> FaceSet | None:
    """Returns `person` as a FaceSet, if it is one or the folder of one."""
    if isinstance(person, str | Path) and media_kind(person) == "folder":
        return FaceSet.open(person)
    return person if isinstance(person, FaceSet) else None


def pick_face(
    image: Array, faces: Sequence[Face], reference: Array | None
) -> Face | None:
    """Returns the face of a person, or the largest; None if it is not found.

    Args:
        image: (H, W, 3), uint8 or float in [0, 1].
        faces: The faces in it.
        reference: (N, 128) embeddings of the person, or None.
    """
    if reference is None:
        return max(faces, key=lambda face: face.box.area, default=None)
    which = nearest(reference, [embedding_of(image, face) for face in faces])
    return None if which is None else faces[which]

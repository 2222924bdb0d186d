"""The choice of the face to swap: the given person's, else the largest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces._reference import Person, reference_embedding
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.embedding import SAME_PERSON, embedding_of
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


def pick_face(image: Array, faces: Sequence[Face], person: Person) -> Face | None:
    """Returns the face of `person`, or the largest; None if it is not found."""
    reference = reference_embedding(person, FaceAligner(embeddings=False))
    if not faces:
        return None
    if reference is None:
        return max(faces, key=lambda face: face.box.area)
    distances = [distance_to(reference, [embedding_of(image, face)]) for face in faces]
    nearest = int(np.argmin(distances))
    return faces[nearest] if distances[nearest] < SAME_PERSON else None


def distance_to(reference: Array, embeddings: Sequence[Array]) -> float:
    """Returns the distance of the mean embedding to the nearest reference.

    It is infinite without embeddings.
    """
    if not len(embeddings):
        return float("inf")
    mean = np.mean(np.stack(list(embeddings)), axis=0)
    return float(np.linalg.norm(reference - mean, axis=1).min())

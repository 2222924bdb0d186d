"""Which of several faces is swapped: the named person's, else the largest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepface_models._errors import FaceNotFoundError
from deepface_models.faces import identity
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.face import Face
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import media_kind, read_image

Array = NDArray[Any]

Person = FaceSet | Array | str | Path | None


def other_person(model: Any, to: str) -> str | None:
    """Returns whom a model knows besides `to`, if that is one person."""
    others = [name for name in model.identities if name != to]
    return others[0] if len(others) == 1 else None


def reference_of(person: Person) -> Array | None:
    """Returns the identity embeddings of the person to swap.

    Args:
        person: A FaceSet, its folder, a (128,) or (N, 128) embedding, or the path of
            a picture whose largest face is meant.

    Returns:
        (N, 128) float32, or None for None.

    Raises:
        FaceNotFoundError: The picture shows no face.
        ValueError: An array of another shape.
    """
    if person is None:
        return None
    if isinstance(person, str | Path):
        person = _from_path(Path(person))
    if isinstance(person, FaceSet):
        person = person.mean_embedding
    reference = np.atleast_2d(np.asarray(person, np.float32))
    if reference.ndim != 2 or reference.shape[1] != 128:
        raise ValueError(
            f"Received person= an array of shape {np.shape(person)}. Expected an "
            "identity embedding of shape (128,), a FaceSet or a picture's path. Take "
            "one with FaceSet.open(folder).mean_embedding."
        )
    return reference


def face_set(person: Person) -> FaceSet | None:
    """Returns the faces of the person to swap, where `person` holds any."""
    if isinstance(person, str | Path) and media_kind(person) == "folder":
        return FaceSet.open(person)
    return person if isinstance(person, FaceSet) else None


def pick_face(image: Array, faces: Sequence[Face], person: Person) -> Face | None:
    """Returns the face of `person`, the largest if None; None if it is not there."""
    reference = reference_of(person)
    if not faces:
        return None
    if reference is None:
        return max(faces, key=lambda face: face.box.area)
    distances = [distance_to(reference, [embedding_of(image, face)]) for face in faces]
    nearest = int(np.argmin(distances))
    return faces[nearest] if distances[nearest] < identity.SAME_PERSON else None


def embedding_of(image: Array, face: Face) -> Array:
    """Returns a face's identity embedding, computed only if it has none yet."""
    known = face.embedding
    return identity.embed(image, face) if known is None else known


def distance_to(reference: Array, embeddings: Sequence[Array]) -> float:
    """Distance of a face's mean embedding to the nearest reference; inf for none."""
    if not len(embeddings):
        return float("inf")
    mean = np.mean(np.stack(list(embeddings)), axis=0)
    return float(np.linalg.norm(reference - mean, axis=1).min())


def _from_path(path: Path) -> FaceSet | Array:
    if media_kind(path) == "folder":
        return FaceSet.open(path)
    image = read_image(path)
    faces = FaceAligner(identity=False).detect(image)
    if not faces:
        raise FaceNotFoundError(
            f"No face was found in {path}, which is to show the person to swap. "
            "Expected a picture with the person's face. Give a larger or sharper one."
        )
    return identity.embed(image, max(faces, key=lambda face: face.box.area))

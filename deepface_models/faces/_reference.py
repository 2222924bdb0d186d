"""A person who is given as a face set, an image or an array, and their faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import FaceNotFoundError
from deepface_models.faces.embedding import SAME_PERSON, embedding_of
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import media_kind, read_image

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner


Person = FaceSet | Array | str | Path | None


def reference_embedding(person: Person, aligner: FaceAligner) -> Array | None:
    """Returns the face embeddings of the person to look for.

    Args:
        person: A FaceSet, its folder, embeddings of shape (128,) or (N, 128), or the
            path of an image whose largest face is the person's.
        aligner: Finds the face in an image.

    Returns:
        (N, 128) float32, or None if `person` is None.

    Raises:
        FaceNotFoundError: The image shows no face.
        FileNotFoundError: The folder is not that of a FaceSet.
        ValueError: `person` is an array of another shape or something else.
    """
    if person is None:
        return None
    if isinstance(person, str | Path):
        person = _from_path(Path(person), aligner)
    if isinstance(person, FaceSet):
        person = person.mean_embedding
    try:
        reference = np.atleast_2d(np.asarray(person, np.float32))
    except (TypeError, ValueError):
        reference = np.zeros((0, 0), np.float32)
    if reference.ndim != 2 or reference.shape[1] != 128 or not len(reference):
        shape = f" of shape {np.shape(person)}" if hasattr(person, "shape") else ""
        raise ValueError(
            f"person= a {type(person).__name__}{shape} was given. Expected an "
            "embedding of shape (128,), a FaceSet, its folder or the path of an image. "
            "Take an embedding with FaceSet.open(folder).mean_embedding."
        )
    return reference


def distance_to(reference: Array, embeddings: Sequence[Array]) -> float:
    """Returns the distance of the mean embedding to the nearest reference.

    It is infinite without embeddings.
    """
    if not len(embeddings):
        return float("inf")
    mean = np.mean(np.stack(list(embeddings)), axis=0)
    return float(np.linalg.norm(reference - mean, axis=1).min())


def nearest(reference: Array, embeddings: Sequence[Array]) -> int | None:
    """Returns which embedding is the person's; None if none is near enough."""
    distances = [distance_to(reference, [embedding]) for embedding in embeddings]
    best = int(np.argmin(distances)) if distances else -1
    return best if distances and distances[best] < SAME_PERSON else None


def _from_path(path: Path, aligner: FaceAligner) -> FaceSet | Array:
    if media_kind(path) == "folder":
        return FaceSet.open(path)
    image = read_image(path)
    faces = aligner.detect(image)
    if not faces:
        raise FaceNotFoundError(
            f"{path} was given as the person to look for and shows no face. Expected "
            "an image of the person's face. Use a larger or sharper one."
        )
    return embedding_of(image, faces[0])

"""Whom to look for: a person given in any of several ways."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import FaceNotFoundError
from deepface_models.faces import embedding
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import media_kind, read_image

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner


Person = FaceSet | Array | str | Path | None


def reference_embedding(person: Person, aligner: FaceAligner) -> Array | None:
    """Returns the face embeddings of a person to look for.

    Args:
        person: A FaceSet, its folder, a (128,) or (N, 128) embedding, or the path of
            an image whose largest face is meant.
        aligner: Finds the face in an image.

    Returns:
        (N, 128) float32, or None for None.

    Raises:
        FaceNotFoundError: The image shows no face.
        ModelFileError: The folder is no FaceSet.
        ValueError: An array of another shape, or something else was given.
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
            f"Received person= a {type(person).__name__}{shape}. Expected an identity "
            "embedding of shape (128,), a FaceSet, its folder or an image's path. "
            "Take an embedding with FaceSet.open(folder).mean_embedding."
        )
    return reference


def _from_path(path: Path, aligner: FaceAligner) -> FaceSet | Array:
    if media_kind(path) == "folder":
        return FaceSet.open(path)
    image = read_image(path)
    faces = aligner.detect(image)
    if not faces:
        raise FaceNotFoundError(
            f"No face was found in {path}, which is to show the person to look for. "
            "Expected an image with the person's face. Give a larger or sharper one."
        )
    known = faces[0].embedding
    return embedding.embed(image, faces[0]) if known is None else known

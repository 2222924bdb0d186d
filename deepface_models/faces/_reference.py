"""Whom to look for: a person given in any of several ways."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepface_models._errors import FaceNotFoundError
from deepface_models.media import read_image

from . import identity
from .faceset import FaceSet

if TYPE_CHECKING:
    from .aligner import FaceAligner

Array = NDArray[Any]


def reference_of(person: Any, aligner: FaceAligner) -> Array:
    """The descriptor of a person given as a set, a descriptor or a picture's path."""
    if isinstance(person, FaceSet):
        return person.mean_embedding
    if not isinstance(person, str | Path):
        return np.asarray(person, np.float32)
    image = read_image(person)
    faces = aligner.detect(image)
    if not faces:
        raise FaceNotFoundError(
            f"There is no face in {person}. Expected a picture of the person. "
            "Choose another picture."
        )
    return identity.embed(image, faces[0])

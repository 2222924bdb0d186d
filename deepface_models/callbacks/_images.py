"""Rows of faces and their swaps, for previews and time-lapses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.callbacks._drawing import NumberedImages, evenly
from deepface_models.core.arrays import Array
from deepface_models.core.synthetic import synthetic_tags
from deepface_models.models.swap.base import FaceSwap

LABEL = synthetic_tags("faces decoded by a face-swap model in training.")


class FaceImages(NumberedImages):
    """Base of callbacks that swap the same faces every few epochs.

    Args:
        folder: Folder of the images.
        faces: Faces (N, S, S, 3) of each person, uint8 or float in [0, 1].
        every: Epochs between images.
        max_faces: Most faces of each person, evenly spaced among those given.
    """

    label = LABEL

    def __init__(
        self,
        folder: str | Path,
        faces: Mapping[str, Array],
        every: int,
        max_faces: int,
    ) -> None:
        super().__init__(folder, every)
        self.faces = choose_faces(faces, max_faces)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that the faces fit the model."""
        check_people(self.model, self.faces)


def choose_faces(faces: Mapping[str, Array], most: int) -> dict[str, Array]:
    """Returns up to `most` faces of each person, evenly spaced.

    Args:
        faces: (N, S, S, 3) images of each person, uint8 or float in [0, 1].
        most: Most faces to keep of each person.

    Raises:
        ValueError: There are no people, or a person has no faces.
    """
    chosen = {}
    for name, images in faces.items():
        images = np.asarray(images)
        if images.ndim == 4 and len(images):
            chosen[name] = images[evenly(len(images), max(most, 0))]
    if not chosen or len(chosen) < len(faces) or most < 1:
        shapes = {name: np.shape(images) for name, images in faces.items()}
        raise ValueError(
            f"Faces of the shapes {shapes}, and at most {most} of each, were given. "
            "Expected images (N, S, S, 3) of each person with N of 1 or more. Use "
            "face_set.images."
        )
    return chosen


def check_people(model: FaceSwap, faces: Mapping[str, Array]) -> None:
    """Checks that faces fit the model, before training rather than after an epoch.

    Raises:
        ValueError: The model has no such person, or another image size.
    """
    size = model.image_size
    for name, images in faces.items():
        if name not in model.identities or images.shape[1:] != (size, size, 3):
            raise ValueError(
                f"Faces of {name!r} with the shape {images.shape} were given. Expected "
                f"people among {', '.join(map(repr, model.identities))} and images "
                f"(N, {size}, {size}, 3). Use the faces that the model is trained with."
            )


def draw_rows(
    model: FaceSwap, name: str, images: Array
) -> tuple[list[str], list[list[Array]]]:
    """Returns a person's faces, their reconstructions, and each swap of them.

    Args:
        model: The face-swap model.
        name: The person in the images.
        images: (N, S, S, 3), uint8 or float in [0, 1].

    Returns:
        A label for each row, and the rows of images (S, S, 3).
    """
    others = [other for other in model.identities if other != name]
    labels = [name, *(f"{name} as {identity}" for identity in (name, *others))]
    rows = [list(images)]
    for identity in (name, *others):
        decoded = model.predict(images, identity=identity, source_identity=name)
        rows.append(list(np.clip(decoded[..., :3], 0.0, 1.0)))
    return labels, rows

"""Frames in which another person takes a face's place, without a visible cut."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces.align import align, resize_matrix, visible_part
from deepface_models.faces.embedding import SAME_PERSON, Embedder, chip
from deepface_models.faces.face import Face
from deepface_models.faces.tracks import Track

_SIDE = 16  # pixels at which faces are compared
_ENOUGH = 8 * _SIDE  # pixels of a face's side in the frame that are read, at least
# Correlation below which two faces may be different people's. Of neighboring frames of
# one person it is at least 0.98 in 700 frames of seven talkers; that of different
# people at most 0.80.
ALIKE = 0.93


def replaced(images: Sequence[Array], track: Track, embedder: Embedder) -> set[int]:
    """Returns the frames in which the face of a track becomes another person's.

    Embeddings are computed only where the face suddenly looks different.

    Args:
        images: RGB uint8 frames.
        track: The face in some of them.
        embedder: Computes the embeddings of 150 px chips.
    """
    pairs = list(zip(track.frames, track.faces, strict=True))
    looks = [look(images[frame], face) for frame, face in pairs]
    known: dict[int, Array] = {}

    def embedding(n: int) -> Array:
        if n not in known:
            known[n] = embedder([chip(images[track.frames[n]], track.faces[n])])[0]
        return known[n]

    found = set()
    for n in range(1, len(pairs)):
        if float(looks[n - 1] @ looks[n]) >= ALIKE:
            continue
        if np.linalg.norm(embedding(n - 1) - embedding(n)) > SAME_PERSON:
            found.add(track.frames[n])
    return found


def look(image: Array, face: Face) -> Array:
    """Returns a face's grays without brightness and contrast, of length 1."""
    matrix = resize_matrix(face.matrix, face.image_size, _SIDE)
    rows, columns = visible_part(matrix, _SIDE, image.shape)
    step = max(1, (rows.stop - rows.start) // _ENOUGH)
    few = np.ascontiguousarray(image[rows, columns][::step, ::step])
    matrix[:, 2] += matrix[:, :2] @ (columns.start, rows.start)
    matrix[:, :2] *= step
    small = align(cv2.cvtColor(few, cv2.COLOR_RGB2GRAY), matrix, _SIDE)
    gray = small.astype(np.float64).ravel()
    gray -= gray.mean()
    return gray / max(float(np.linalg.norm(gray)), 1e-6)

"""Which of the faces in front of the camera is swapped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces._reference import distance_to
from deepface_models.faces._replaced import ALIKE, look
from deepface_models.faces.detect import Detection
from deepface_models.faces.embedding import SAME_PERSON, embedding_of
from deepface_models.faces.face import Face
from deepface_models.faces.following import FaceFollower

_LARGER = 1.5  # times as large as the face that is swapped, to be swapped instead


class Chooser:
    """Picks the face to swap in each frame: the largest one, or one person's.

    The largest face stays chosen until another one is clearly larger, so that two
    people side by side do not take turns. A person is told by an embedding when a track
    begins, and again when its face suddenly looks different.

    Args:
        follower: Finds the faces.
        reference: (N, 128) embeddings of the person; None for the largest face.
    """

    def __init__(self, follower: FaceFollower, reference: Array | None) -> None:
        self.follower, self.reference = follower, reference
        self._chosen = -1
        self._known: dict[int, tuple[bool, Array]] = {}

    def __call__(self, image: Array) -> tuple[int, Face] | None:
        """Returns the track and the face to swap in the next frame, or None."""
        found = self.follower.find(image)
        if self.reference is None:
            return self._largest(image, found)
        alive = {number for number, _ in found}
        self._known = {n: one for n, one in self._known.items() if n in alive}
        for number, place in found:
            face = self.follower.face(image, place)
            if face and self._is_person(self.reference, image, number, face):
                return number, face
        return None

    def _largest(
        self, image: Array, found: Sequence[tuple[int, Detection]]
    ) -> tuple[int, Face] | None:
        if not found:
            return None
        number, place = found[0]
        for other, its_place in found:
            if other == self._chosen and place.box.area < _LARGER * its_place.box.area:
                number, place = other, its_place
        self._chosen = number
        face = self.follower.face(image, place)
        return None if face is None else (number, face)

    def _is_person(
        self, reference: Array, image: Array, number: int, face: Face
    ) -> bool:
        now = look(image, face)
        known = self._known.get(number)
        if known is None or float(np.vdot(known[1], now)) < ALIKE:
            embedding = embedding_of(image, face)
            same = distance_to(reference, [embedding]) < SAME_PERSON
        else:
            same = known[0]
        self._known[number] = same, now
        return same

"""Mean latent and neutral face of whoever is in front of the camera."""

from __future__ import annotations

import numpy as np

from deepface_models.conversion.converter import Converter
from deepface_models.conversion.latent_means import FEWEST
from deepface_models.core.arrays import Array
from deepface_models.core.expressions import neutral_face
from deepface_models.faces.face import Face

# Frames from one that is measured to the next: until there are enough, and after that.
_EVERY, _LATER = 3, 9
_MOST = 128  # faces measured


class Calibration:
    """Measures what a converter must know of an unknown person, while it runs.

    A video is measured as a whole before it is converted; a camera's person is not
    known until they have been seen for some seconds. From 16 faces on, the means of the
    faces so far are used, until 128 have been measured.

    Args:
        converter: It is not changed.

    Attributes:
        converter: Knows what has been measured so far.
    """

    def __init__(self, converter: Converter) -> None:
        self.converter = converter
        self._mean, self._neutral = converter.needs_mean, converter.needs_neutral
        self._begin(-1)

    def _begin(self, track: int) -> None:
        self._track, self._frames = track, 0
        self._latents: list[Array] = []
        self._measures: list[Array] = []

    def add(self, image: Array, face: Face, track: int, measures: Array | None) -> None:
        """Measures one face in a few; those of another track are another person's.

        Args:
            image: The frame.
            face: The face in it.
            track: The number of its track.
            measures: What the converter's `measured` returns of it, if it is known.
        """
        if not (self._mean or self._neutral):
            return
        if track != self._track:
            self._begin(track)
        self._frames += 1
        count = len(self._latents) or len(self._measures)
        every = _EVERY if count < FEWEST else _LATER
        if count >= _MOST or self._frames % every:
            return
        aligned = self.converter.aligned(image, face)[None]
        if self._mean:
            self._latents.append(self.converter.model.encode(aligned)[0])
        if self._neutral:
            if measures is None:
                measures = self.converter.measured(aligned)
            self._measures.append(measures[0])
        if count + 1 >= FEWEST:
            self._apply()

    def _apply(self) -> None:
        changes = {}
        if self._mean:
            changes["latent_mean"] = np.mean(self._latents, axis=0)
        if self._neutral:
            changes["neutral"] = neutral_face(np.array(self._measures))
        self.converter = self.converter.replace(**changes)

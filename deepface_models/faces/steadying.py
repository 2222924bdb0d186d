"""`FaceSteadier`: removes jitter from a face in frames as they come."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces.align import invert, transform_points
from deepface_models.faces.face import Face
from deepface_models.faces.tracks import _matrix, _pose

# Frequencies in Hz up to which a face at rest is followed, and by how much they grow
# with its speed in crop widths per second: crops are held stiller than landmarks.
_POSE, _SHAPE = (1.5, 20.0), (5.0, 40.0)
_SPEED = 2.0  # Hz up to which the speed itself is followed
_LONGEST = 0.5  # seconds without the face after which it is not the same movement


class OneEuro:
    """A low-pass filter that follows fast movements closely and slow ones smoothly.

    Reference: Casiez, Roussel and Vogel, "1 € Filter: A Simple Speed-based Low-pass
    Filter for Noisy Input in Interactive Systems", 2012.

    Args:
        least: Cutoff frequency of values at rest, in Hz.
        slope: Hz by which it grows with each unit of speed.
    """

    def __init__(self, least: float, slope: float) -> None:
        self.least, self.slope = least, slope
        self._value: Array | None = None
        self._speed: Array | None = None

    def __call__(self, value: Array, seconds: float) -> Array:
        """Returns the smoothed value.

        Args:
            value: (..., D); all D numbers of a row share a cutoff frequency.
            seconds: Time since the value before.
        """
        if self._value is None or self._speed is None or seconds <= 0:
            self._value, self._speed = value, np.zeros_like(value)
            return value
        speed = (value - self._value) / seconds
        self._speed = self._speed + _share(_SPEED, seconds) * (speed - self._speed)
        fast = np.linalg.norm(self._speed, axis=-1, keepdims=True)
        share = _share(self.least + self.slope * fast, seconds)
        self._value = self._value + share * (value - self._value)
        return self._value


class FaceSteadier:
    """Removes jitter from landmarks and crops of one face, without looking ahead.

    It is `smooth_track` for frames as they come, by a 1 € filter.
    """

    def __init__(self) -> None:
        self._track, self._time = -1, -math.inf
        self._begin()

    def _begin(self) -> None:
        self._pose, self._shape = OneEuro(*_POSE), OneEuro(*_SHAPE)
        self._width, self._angle = 0.0, 0.0

    def __call__(self, face: Face, track: int, time: float) -> Face:
        """Returns the face with steady landmarks and matrix.

        Args:
            face: The face in the next frame.
            track: The number of its track; another one begins anew.
            time: Seconds at which the frame was taken.
        """
        passed = time - self._time
        if track != self._track or passed > _LONGEST:
            self._begin()
        self._track, self._time = track, time
        size = face.image_size
        shape = transform_points(face.landmarks, face.matrix) / size
        shape = self._shape(shape, passed) * size
        matrix = self._steady(face.matrix, size, passed)
        points = transform_points(shape, invert(matrix))
        return replace(face, matrix=matrix, landmarks=np.asarray(points, np.float32))

    def _steady(self, matrix: Array, size: int, passed: float) -> Array:
        """Returns the matrix after the filter, which sees shifts in crop widths."""
        x, y, scale, angle = _pose(matrix, size)
        self._width = self._width or size / math.exp(scale)
        # A turn by half a circle must not become one by the other half.
        angle = self._angle + (angle - self._angle + math.pi) % math.tau - math.pi
        self._angle = angle
        shifts = np.array([x / self._width, y / self._width, scale / 2, angle / 2])
        units = np.array([self._width, self._width, 2, 2])
        return _matrix(self._pose(shifts, passed) * units, size)


def _share(cutoff: float | Array, seconds: float) -> float | Array:
    """Returns the share of a new value in a low-pass filter's result."""
    return 1 / (1 + 1 / (math.tau * cutoff * seconds))

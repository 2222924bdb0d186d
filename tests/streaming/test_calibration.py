"""How often the face of whoever is in front of the camera is measured."""

from __future__ import annotations

import numpy as np
import pytest

from deepface_models.streaming.calibration import Calibration


class Measured:
    """Stands for a converter; counts the faces that are measured."""

    needs_mean, needs_neutral = False, True

    def __init__(self):
        self.count, self.neutrals = 0, []

    def aligned(self, image, face):
        return image

    def measured(self, images):
        self.count += 1
        return np.zeros((1, 7), np.float32)

    def replace(self, neutral):
        self.neutrals.append((self.count, neutral))
        return self


@pytest.fixture
def frame():
    return np.zeros((8, 8, 3), np.uint8)


def test_sixteen_faces_soon_and_the_others_seldom(frame):
    converter = Measured()
    calibration, counts = Calibration(converter), []
    for _ in range(1200):
        calibration.add(frame, None, 0, None)
        counts.append(converter.count)
    assert counts[47] == 16 and counts[46] == 15  # two seconds
    assert counts[147] == 27  # four seconds later
    assert counts[-1] == 128
    assert [count for count, _ in converter.neutrals] == list(range(16, 129))


def test_another_person_is_measured_anew(frame):
    converter = Measured()
    calibration = Calibration(converter)
    for track in (0, 1):
        for _ in range(45):
            calibration.add(frame, None, track, None)
    assert converter.count == 30 and converter.neutrals == []

"""The shape of a synthetic hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data._painting import Frame, Painting

# In units of the hand's length, from wrist to middle finger; y points to the tips.
_PALM = ((-0.15, 0.0), (-0.2, 0.25), (-0.2, 0.5), (0.2, 0.5), (0.19, 0.25), (0.14, 0.0))
_ARM = ((-0.13, -3.0), (-0.15, 0.05), (0.14, 0.05), (0.13, -3.0))
# Base (x, y), angle in degrees, length and width of each finger; the thumb is first.
_FINGERS = (
    (-0.15, 0.17, -48.0, 0.36, 0.12),
    (-0.15, 0.5, -7.0, 0.40, 0.098),
    (-0.05, 0.53, -1.5, 0.46, 0.102),
    (0.052, 0.52, 3.5, 0.42, 0.098),
    (0.15, 0.47, 10.0, 0.32, 0.085),
)
# Range of the hand's length in distances from brows to chin; adults have about 1.4.
_LENGTHS = (1.1, 1.5)


def paint_hand(
    painting: Painting, frame: Frame, color: Array, rng: np.random.Generator
) -> None:
    """Paints arm, palm and fingers; the fingertips are on the face.

    Args:
        painting: The painting to add to.
        frame: The coordinate frame of the face; see `face_frame`.
        color: The skin color, (3,) in 0..255.
        rng: Random generator for position, size, angle, spread and bend.
    """
    origin, across, down = frame
    unit = float(np.linalg.norm(down))
    length = unit * rng.uniform(*_LENGTHS)
    tip = origin + across * rng.uniform(0.0, 1.0) + down * rng.uniform(0.05, 1.0)
    lean = rng.uniform(-80.0, 80.0)
    ahead = _turned(-down / unit, lean)
    aside = np.array([-ahead[1], ahead[0]]) * rng.choice([-1.0, 1.0])
    wrist = tip - ahead * length

    def place(x: float, y: float) -> Array:
        return np.asarray(wrist + (aside * x + ahead * y) * length)

    spread, bend = rng.uniform(0.5, 2.2), rng.uniform(0.55, 1.0, len(_FINGERS))
    for outline in (_ARM, _PALM):
        points = np.array([place(x, y) for x, y in outline])
        painting.polygon(points, color * 0.97)
    thumb, *others = zip(_FINGERS, bend, strict=True)
    for finger, part in [*others, thumb]:
        _paint_finger(painting, place, finger, float(part), spread, length, color)


def _paint_finger(
    painting: Painting,
    place: Any,
    finger: tuple[float, ...],
    bend: float,
    spread: float,
    length: float,
    color: Array,
) -> None:
    x, y, lean, long, wide = finger
    way = _turned(np.array([0.0, 1.0]), -lean * (spread if abs(lean) < 45 else 1.0))
    root = np.array([x, y])
    joint = root + way * long * 0.45
    end = joint + _turned(way, (1.0 - bend) * 25.0) * long * 0.55 * bend
    path = [place(*point) for point in (root, joint, end)]
    width = wide * length
    painting.rod(path, width, color * 0.72, ((0.84, 1.3), (0.5, 1.42)))
    nail = path[2] - (path[1] - path[2]) * 0.05
    painting.ball(nail, width * 0.24, color * 0.9 + np.array([30.0, 18.0, 18.0]))


def _turned(way: Array, degrees: float) -> Array:
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    return np.array([c * way[0] - s * way[1], s * way[0] + c * way[1]])

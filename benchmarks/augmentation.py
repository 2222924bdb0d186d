"""CPU time of each random augmentation per face, relative to the warp of every face.

    python benchmarks/augmentation.py

prints a table. In each row one augmentation is applied to every face. It is timed in
turns with the warp alone (`Augmentation` with its published ranges); compare the
ratios. "a batch" is the whole of `SwapPairs`: sampling, warps, resizing and conversion
to float.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import median

import cv2
import harness
import numpy as np

from deepface_models.data import (
    Augmentation,
    SwapPairs,
    change_colors,
    degrade,
    occlude,
)
from deepface_models.data.augmentation import warp_pair
from deepface_models.faces import MEAN_FACE_68, Box, Face, FaceSet
from deepface_models.media import read_image

SAMPLE = harness.ROOT / "tests" / "data" / "faces" / "london_005_neutral.jpg"
STILL = Augmentation.none()
COLORS = {
    "LAB": {"lightness": 0.3, "tint": 0.08},
    "CLAHE": {"clahe": 1.0},
    "HSV": {"hsv": 0.05},
}
CAMERA = {
    "motion blur": {"motion_blur": 1.0},
    "defocus": {"defocus": 1.0},
    "shrink": {"shrink": 1.0},
    "noise": {"noise": 0.03},
    "JPEG": {"jpeg": 1.0},
}
OBJECTS = {
    "hand": {"hands": 1.0},
    "stick": {"sticks": 1.0},
    "glasses": {"glasses": 1.0},
}


def people(size: int, count: int = 16) -> dict[str, FaceSet]:
    """Two sets of one image with landmarks that differ a little."""
    rng, sets = np.random.default_rng(0), {}
    image = cv2.resize(read_image(SAMPLE), (size, size), interpolation=cv2.INTER_AREA)
    for name in ("a", "b"):
        sets[name] = FaceSet(image_size=size)
        for _ in range(count):
            points = MEAN_FACE_68 * 0.6 + [0.2, 0.28] + rng.normal(0, 0.004, (68, 2))
            face = Face(
                Box(0, 0, size, size),
                np.float32(points * size),
                *(1.0, "hand", np.eye(2, 3), size),
            )
            sets[name].append(face, image)
    return sets


def timed(changes: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median microseconds of processor time of each."""
    seconds = harness.in_turns(changes, rounds, untimed=3)
    return {name: 1e6 * median(values) for name, values in seconds.items()}


def single(size: int, rounds: int) -> dict[str, float]:
    sets = people(size)
    face, points = sets["a"].images[0], sets["a"].landmarks_aligned[0]
    target_faces = sets["b"].landmarks_aligned[0]
    layers, rng = np.zeros((size, size, 2), "uint8"), np.random.default_rng(1)
    base, pair = Augmentation(), (points, target_faces)
    changes: dict[str, Callable[[], object]] = {
        "warp alone": lambda: warp_pair(face, layers, rng, base),
        "warp to landmarks": lambda: warp_pair(face, layers, rng, base, landmarks=pair),
    }
    for names, function in ((COLORS, change_colors), (CAMERA, degrade)):
        for name, ranges in names.items():
            a = replace(STILL, **ranges)
            changes[name] = lambda a=a, function=function: function(face, rng, a)
    for name, ranges in OBJECTS.items():
        a = replace(STILL, **ranges)
        changes[name] = lambda a=a: occlude(face, points, rng, a)
    return timed(changes, rounds)


def batches(size: int, rounds: int) -> dict[str, float]:
    sets, count = people(size), 8
    choices = {
        "a batch, Augmentation()": Augmentation(),
        "a batch, light()": Augmentation.light(),
        "a batch, strong()": Augmentation.strong(),
    }
    data = {name: SwapPairs(sets, count, augmentation=a) for name, a in choices.items()}
    found = timed({n: lambda d=d: d[0] for n, d in data.items()}, max(rounds // 10, 5))
    return {name: value / (2 * count) for name, value in found.items()}


def main() -> None:
    parser = harness.options(__doc__)
    parser.add_argument("--size", type=int, default=128, help="pixels of the faces")
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)  # as where workers prepare batches side by side
    rows = single(arguments.size, arguments.rounds)
    rows |= batches(arguments.size, arguments.rounds)
    base = rows["warp alone"]
    head = (f"{arguments.size} px, one thread", "us a face", "beside the warp")
    cells = [[n, f"{value:.0f}", f"{value / base:.2f}"] for n, value in rows.items()]
    print(harness.markdown(head, cells))


if __name__ == "__main__":
    main()

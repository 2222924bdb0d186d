"""A contact sheet of mouths and eyes, source above swap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.sheet import grid
from deepface_models.core.synthetic import synthetic_tags
from deepface_models.evaluation.chips import eye_centers, eye_distance
from deepface_models.media import write_image

COUNT = 8  # frames on a sheet
ZOOM = 4
# Width and height of the crops in eye distances, and how far below the eyes.
_MOUTH, _EYES = (1.3, 0.8), (2.0, 0.8)
_LIPS = (61, 291, 0, 17)
_LABEL = synthetic_tags("faces swapped by a model, to see how good it is.")
_LEAST = 4  # frames between two on the sheet, if there are enough


def crops(image: Array, mesh: Array) -> tuple[Array, Array]:
    """Cuts mouth and eyes out, in the image's own pixels.

    Args:
        image: (H, W, 3).
        mesh: (478, 3) in pixels of the image.
    """
    unit = float(eye_distance(mesh))
    mouth, eyes = mesh[list(_LIPS), :2].mean(0), eye_centers(mesh).mean(0)
    return _cut(image, mouth, _MOUTH, unit), _cut(image, eyes, _EYES, unit)


def choose(values: dict[str, Array], count: int = COUNT) -> list[int]:
    """Returns frames to show: extremes of mouth, lids, smile and gaze, in turns.

    Args:
        values: Measures of the source frames by name, (N,) each.
        count: How many.
    """
    orders = [
        np.argsort(-values["mouth"]),
        np.argsort(values["eyes"]),
        np.argsort(-values["smile"]),
        np.argsort(values["gaze"]),
        np.argsort(-values["gaze"]),
        np.argsort(np.abs(values["mouth"] - np.median(values["mouth"]))),
    ]
    total = len(values["mouth"])
    least = _LEAST if total >= 3 * _LEAST * count else 1
    chosen: list[int] = []
    for k in range(total * len(orders)):
        one = int(orders[k % len(orders)][k // len(orders)])
        if len(chosen) < count and all(abs(one - c) >= least for c in chosen):
            chosen.append(one)
    return sorted(chosen)


def write(
    path: str | Path,
    source: Sequence[tuple[Array, Array]],
    swap: Sequence[tuple[Array, Array]],
) -> None:
    """Writes a sheet with mouths and eyes four times as large.

    Args:
        path: An image file.
        source: Mouth and eyes of the chosen source frames.
        swap: Those of the results.
    """
    rows = [
        [_enlarged(pair[part]) for pair in pairs]
        for part in (0, 1)
        for pairs in (source, swap)
    ]
    labels = [
        f"{part} {who}" for part in ("mouth", "eyes") for who in ("source", "swap")
    ]
    write_image(path, grid(rows, labels=labels), metadata=_LABEL)


def _enlarged(image: Array) -> Array:
    size = image.shape[1] * ZOOM, image.shape[0] * ZOOM
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC))


def _cut(image: Array, center: Array, size: tuple[float, float], unit: float) -> Array:
    width, height = (max(4, round(side * unit)) for side in size)
    x, y = (float(v) for v in center)
    return np.asarray(
        cv2.getRectSubPix(np.ascontiguousarray(image), (width, height), (x, y))
    )

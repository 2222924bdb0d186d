"""Scene cuts: frames whose colors differ from those of the frame before."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import cv2
import numpy as np

from deepface_models.core.arrays import Array

_THRESHOLD = 0.5  # fraction of the pixels


def scene_cuts(images: Iterable[Array], threshold: float = _THRESHOLD) -> list[int]:
    """Finds the frames that begin a new scene.

    Compares the color histograms of consecutive frames in each quarter of the image.

    Args:
        images: RGB uint8 frames.
        threshold: Fraction of the pixels (0 to 1) that must change color.

    Returns:
        The numbers of these frames.
    """
    pairs = itertools.pairwise(map(color_histograms, images))
    return [n for n, (a, b) in enumerate(pairs, 1) if is_cut(a, b, threshold)]


def is_cut(before: Array, now: Array, threshold: float = _THRESHOLD) -> bool:
    """Whether a new scene begins between two frames.

    Args:
        before: `color_histograms` of a frame.
        now: Those of the next one.
        threshold: Fraction of the pixels (0 to 1) that must change color.
    """
    changed = 0.5 * np.abs(now - before).sum(axis=1)
    return float(np.median(changed)) > threshold


def color_histograms(image: Array) -> Array:
    """Returns the colors of each quarter of an RGB uint8 image, (4, 216)."""
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    # Coarse, blurred bins: a small change of brightness must not count as a cut.
    codes = [[0, 1, 2], None, [6, 6, 6], [0, 256, 0, 256, 0, 256]]
    rows = []
    for y in (0, 32):
        for x in (0, 32):
            part = np.ascontiguousarray(small[y : y + 32, x : x + 32])
            counts = cv2.calcHist([part], *codes)  # type: ignore[call-overload]
            for axis in range(3):
                counts = (
                    np.roll(counts, 1, axis) + 2 * counts + np.roll(counts, -1, axis)
                ) / 4
            rows.append(counts.ravel() / counts.sum())
    return np.array(rows)

"""Scene cuts: frames whose colors differ from those of the frame before."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cache

import cv2
import numpy as np

from deepface_models.core.arrays import Array

_THRESHOLD = 0.5  # fraction of the pixels
_SIDE, _BINS = 64, 6  # pixels of the reduced image, and bins of each channel


def scene_cuts(images: Iterable[Array], threshold: float = _THRESHOLD) -> list[int]:
    """Finds the frames that begin a new scene.

    Compares the color histograms of consecutive frames in each quarter of the image.

    Args:
        images: RGB uint8 frames.
        threshold: Fraction of the pixels (0 to 1) that must change color.

    Returns:
        The numbers of these frames, from 0; the first frame is not among them.

    Example:
        >>> black = np.zeros((90, 160, 3), np.uint8)
        >>> scene_cuts([black] * 5 + [black + 255] * 5)
        [5]
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
    step = max(1, min(image.shape[:2]) // (2 * _SIDE))
    part = np.ascontiguousarray(image[::step, ::step])
    small = cv2.resize(part, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    bins = small.astype(np.uint16) * _BINS >> 8
    codes = bins @ np.array([_BINS**2, _BINS, 1], np.uint16) + _quarters()
    counts = np.bincount(codes.ravel(), minlength=4 * _BINS**3)
    return counts.reshape(4, -1).astype(float) @ _blurring() / (_SIDE // 2) ** 2


@cache
def _quarters() -> Array:
    """Returns the first code of each pixel's quarter, (64, 64)."""
    half = np.arange(_SIDE) // (_SIDE // 2)
    return (2 * half[:, None] + half) * _BINS**3


@cache
def _blurring() -> Array:
    """Returns the matrix that spreads each color over its neighbors, (216, 216).

    A small change of brightness must not count as a cut.
    """
    one = np.eye(_BINS)
    line = (np.roll(one, 1, 0) + 2 * one + np.roll(one, -1, 0)) / 4
    return np.kron(np.kron(line, line), line)

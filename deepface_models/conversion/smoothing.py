"""Masks and colors made steady along time, with a few frames of lookahead."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.media import ColorStatistics


@dataclass(frozen=True, eq=False)
class DecodedFace:
    """A face that the model has drawn, before it is put into its frame.

    Attributes:
        matrix: (2, 3) float64, frame pixels to pixels of the drawn face.
        image: (S, S, 3) float32 in [0, 1], as the model drew it.
        mask: (S, S) float32 in [0, 1], without erosion and soft edge.
        aligned: (S, S, 3) uint8, the frame's own face.
        weights: (S, S) float32 in [0, 1], where colors are measured.
        decoded: Colors of `image`; None if nothing of the face lies in the frame.
        expected: Colors of the frame's own face, or None likewise.
        track: Number of the track; faces of different tracks are never mixed.
    """

    matrix: Array
    image: Array
    mask: Array
    aligned: Array
    weights: Array
    decoded: ColorStatistics | None
    expected: ColorStatistics | None
    track: int = 0


def smooth_faces(
    faces: Iterable[tuple[Any, DecodedFace | None]],
    mask_frames: float = 1.0,
    color_frames: float = 6.0,
    lookahead: int = 8,
) -> Iterator[tuple[Any, DecodedFace | None]]:
    """Averages masks and color statistics over neighboring frames of a track.

    Weights fall exponentially both ways, so nothing lags behind the image. Tracks
    end at cuts, and with them the averaging.

    Args:
        faces: For each frame in order of display, anything that goes with it and its
            face, or None.
        mask_frames: Frames after which a neighbor's mask counts a third; short,
            because the mask moves with the mouth. 0 turns it off.
        color_frames: The same for colors. 0 turns it off.
        lookahead: Frames looked ahead (and back); as many are held in memory.

    Yields:
        The same pairs in the same order, the faces smoothed.
    """
    past: deque[DecodedFace | None] = deque(maxlen=lookahead)
    waiting: deque[tuple[Any, DecodedFace | None]] = deque()

    def release() -> tuple[Any, DecodedFace | None]:
        frame, face = waiting.popleft()
        smoothed = face
        if face is not None:
            around = [(-i, f) for i, f in enumerate(reversed(past), 1)] + [(0, face)]
            around += [(i, f) for i, (_, f) in enumerate(waiting, 1)]
            smoothed = _smoothed(face, around, mask_frames, color_frames)
        past.append(face)
        return frame, smoothed

    for item in faces:
        waiting.append(item)
        if len(waiting) > lookahead:
            yield release()
    while waiting:
        yield release()


def _smoothed(
    face: DecodedFace,
    around: list[tuple[int, DecodedFace | None]],
    mask_frames: float,
    color_frames: float,
) -> DecodedFace:
    same = [(d, f) for d, f in around if f is not None and f.track == face.track]
    masks = [(_weight(d, mask_frames), f.mask) for d, f in same]
    decoded = [(_weight(d, color_frames), f.decoded) for d, f in same]
    expected = [(_weight(d, color_frames), f.expected) for d, f in same]
    return replace(
        face,
        mask=_mean_mask(masks),
        decoded=_mean_colors(decoded),
        expected=_mean_colors(expected),
    )


def _weight(distance: int, frames: float) -> float:
    if distance == 0:
        return 1.0
    return math.exp(-abs(distance) / frames) if frames > 0 else 0.0


def _mean_mask(masks: list[tuple[float, Array]]) -> Array:
    # Less than one part in fifty makes no visible difference.
    used = [(weight, mask) for weight, mask in masks if weight > 0.02]
    if len(used) == 1:
        return used[0][1]
    weights, images = zip(*used, strict=True)
    mean = np.average(np.stack(images), axis=0, weights=weights)
    return np.clip(mean, 0.0, 1.0).astype(np.float32)


def _mean_colors(
    measured: list[tuple[float, ColorStatistics | None]],
) -> ColorStatistics | None:
    known = [(weight, one) for weight, one in measured if one is not None]
    total = sum(weight for weight, _ in known)
    if total <= 0:
        return None
    mean = sum(weight * one.mean for weight, one in known) / total
    covariance = sum(weight * one.covariance for weight, one in known) / total
    return ColorStatistics(np.asarray(mean), np.asarray(covariance))

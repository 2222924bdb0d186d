"""Temporal smoothing of masks and colors, with a few frames of lookahead."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from deepface_models.conversion.decoded import DecodedFace
from deepface_models.conversion.detail import mean_detail
from deepface_models.core.arrays import Array
from deepface_models.media import ColorStatistics

_PARTS = ("colors", "whites", "teeth")
_COLORS = [f"{whose}_{part}" for part in _PARTS for whose in ("image", "frame")]


def smooth_faces(
    faces: Iterable[tuple[Any, DecodedFace | None]],
    mask_frames: float = 1.0,
    color_frames: float = 6.0,
    lookahead: int = 8,
    lookback: int = 8,
) -> Iterator[tuple[Any, DecodedFace | None]]:
    """Averages masks and color statistics over neighboring frames of a track.

    Weights fall exponentially in both directions, so that nothing lags behind the
    image. Tracks end at scene cuts, so the averaging does too.

    Args:
        faces: For each frame in display order, a pair: any object, which is passed
            through, and the frame's face or None.
        mask_frames: Distance in frames at which a mask's weight is 1/e; short, because
            the mask moves with the mouth. 0 turns the averaging off.
        color_frames: The same for colors.
        lookahead: Frames used after each frame, which wait for them.
        lookback: Frames used before each frame.

    Yields:
        The same pairs in the same order, with smoothed faces.
    """
    past: deque[DecodedFace | None] = deque(maxlen=lookback)
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
    weights = [_weight(d, color_frames) for d, _ in same]
    colors: dict[str, Any] = {
        name: _mean_colors(
            [(w, getattr(f, name)) for w, (_, f) in zip(weights, same, strict=True)]
        )
        for name in _COLORS
    }
    details = [(w, f.detail) for w, (_, f) in zip(weights, same, strict=True)]
    return replace(face, mask=_mean_mask(masks), detail=mean_detail(details), **colors)


def _weight(distance: int, frames: float) -> float:
    if distance == 0:
        return 1.0
    return math.exp(-abs(distance) / frames) if frames > 0 else 0.0


def _mean_mask(masks: list[tuple[float, Array]]) -> Array:
    # A weight below 1/50 makes no visible difference.
    used = [(weight, mask) for weight, mask in masks if weight > 0.02]
    if len(used) == 1:
        return used[0][1]
    weights, images = zip(*used, strict=True)
    shares = np.asarray(weights, np.float32) / np.float32(sum(weights))
    mean = shares @ np.stack(images).reshape(len(images), -1)
    return np.clip(mean, 0.0, 1.0).reshape(images[0].shape)


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

"""The frames that a swap is measured on: their choice, and reading them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import FaceNotFoundError, MediaError
from deepface_models.faces import Face, FaceSet, distance
from deepface_models.faces.tracks import Track, smooth_track
from deepface_models.media import media_kind, read_image, read_video

RUN = 24  # frames of each run, if only a part of the source is measured


@dataclass(frozen=True, eq=False)
class EvaluationFrame:
    """One face to swap, with or without the image of its frame.

    Attributes:
        source: The image or video.
        frame: Number of the frame.
        run: Label of its run of consecutive frames.
        face: The face as detected.
        smoothed: The face after smoothing over time, as in `convert`.
        image: (H, W, 3) uint8, the frame; empty until it is read.
    """

    source: str
    frame: int
    run: int
    face: Face
    smoothed: Face
    image: Array


def choose(
    source: FaceSet, person: Array, limit: int | None = None
) -> list[EvaluationFrame]:
    """Picks the faces to measure: one per frame, in runs of consecutive frames.

    Args:
        source: The held-out faces.
        person: (M, 128) embeddings of the source person. Of several faces in a frame,
            the closest one is taken.
        limit: Most frames to take, as runs spread evenly over the source.

    Returns:
        The faces in order of source and frame, without images.

    Raises:
        FaceNotFoundError: The set is empty.
    """
    if not len(source):
        raise FaceNotFoundError(
            "A source without faces was given. Expected held-out faces of the source "
            "person. Get them with FaceAligner.extract(...).split()[1]."
        )
    best: dict[tuple[int, int], Any] = {}
    order = {name: i for i, name in enumerate(source.sources)}
    for record in source.records:
        key = order[record.source], record.frame
        if key not in best or _rank(record.face, person) < _rank(
            best[key].face, person
        ):
            best[key] = record
    keys = sorted(best)
    labels = _labels(keys)
    kept = _spread(len(keys), limit)
    pieces = np.cumsum(np.diff(kept, prepend=kept[0]) > 1)
    runs = np.unique(np.stack([labels[kept], pieces]), axis=1, return_inverse=True)[1]
    empty = np.zeros((0, 0, 3), np.uint8)
    found = [best[keys[i]] for i in kept]
    frames = [
        EvaluationFrame(r.source, r.frame, int(run), r.face, r.face, empty)
        for r, run in zip(found, runs.ravel(), strict=True)
    ]
    return _smoothed(frames)


def read_back(frames: Sequence[EvaluationFrame]) -> Iterator[EvaluationFrame]:
    """Yields the frames with their images, one at a time.

    Raises:
        FileNotFoundError: A source was moved or deleted.
        MediaError: A source has fewer frames than the set says.
    """
    start = 0
    while start < len(frames):
        name = frames[start].source
        stop = start
        while stop < len(frames) and frames[stop].source == name:
            stop += 1
        yield from _read(name, frames[start:stop])
        start = stop


def _read(source: str, frames: Sequence[EvaluationFrame]) -> Iterator[EvaluationFrame]:
    if media_kind(source) == "image":
        image = read_image(source)
        yield from (replace(frame, image=image) for frame in frames)
        return
    waiting = {frame.frame: frame for frame in frames}
    for found in read_video(source, min(waiting), max(waiting) + 1):
        if found.index in waiting:
            yield replace(waiting.pop(found.index), image=found.image)
    if waiting:
        raise MediaError(
            f"{source} has no frame number {min(waiting)}. Expected the video that "
            "the faces were extracted from. Extract them again."
        )


def _rank(face: Face, person: Array) -> tuple[float, float]:
    if face.embedding is None or np.isnan(face.embedding).any():
        return 9.0, -face.box.area
    return float(np.nanmin(distance(person, face.embedding))), -face.box.area


def _labels(keys: Sequence[tuple[int, int]]) -> Array:
    """Returns run labels. Within a run, frame numbers rise by the usual step."""
    array = np.array(keys)
    change, steps = np.diff(array[:, 0]), np.diff(array[:, 1])
    inside = steps[(change == 0) & (steps > 0)]
    step = np.bincount(inside).argmax() if len(inside) else 1
    breaks = (change != 0) | (steps != step)
    return np.concatenate([[0], np.cumsum(breaks)])


def _spread(count: int, limit: int | None) -> Array:
    """Returns indices of at most `limit` of `count` frames, in runs spread evenly."""
    if limit is not None and limit < 1:
        raise ValueError(
            f"limit={limit} was given. Expected at least 1 frame. Leave it out to "
            "measure every frame."
        )
    if limit is None or limit >= count:
        return np.arange(count)
    runs = max(1, round(limit / RUN))
    length = limit // runs
    starts = np.linspace(0, count - length, runs).astype(int)
    return np.unique(starts[:, None] + np.arange(length))


def _smoothed(frames: list[EvaluationFrame]) -> list[EvaluationFrame]:
    smoothed: list[EvaluationFrame] = []
    for run in dict.fromkeys(frame.run for frame in frames):
        members = [frame for frame in frames if frame.run == run]
        track = Track(list(range(len(members))), [frame.face for frame in members])
        faces = smooth_track(track).faces
        smoothed += [
            replace(frame, smoothed=face)
            for frame, face in zip(members, faces, strict=True)
        ]
    return smoothed

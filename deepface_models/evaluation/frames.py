"""The frames a swap is measured on, read back one after another."""

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

RUN = 24  # frames of a run where only a part of the source is measured


@dataclass(frozen=True, eq=False)
class EvaluationFrame:
    """One face to swap, before or after its frame is read.

    Attributes:
        source: The image or video.
        frame: Number of the frame.
        run: Label of the run of consecutive frames that it belongs to.
        face: The face as it was found.
        steady: The same face as `convert` uses it, smoothed along the run.
        image: (H, W, 3) uint8, the frame; empty until it is read.
    """

    source: str
    frame: int
    run: int
    face: Face
    steady: Face
    image: Array


def choose(
    source: FaceSet, person: Array, limit: int | None = None
) -> list[EvaluationFrame]:
    """Picks the faces to measure: one a frame, in runs of consecutive frames.

    Args:
        source: The held-out faces.
        person: (M, 128) embeddings of the person to replace; of several faces in a
            frame the one nearest to it is taken.
        limit: Most frames to take, as runs spread evenly over the source.

    Returns:
        Shots in order of source and frame, without their images.

    Raises:
        FaceNotFoundError: The set is empty.
    """
    if not len(source):
        raise FaceNotFoundError(
            "The source holds no face. Expected held-out faces of the person to "
            "replace. Take them with FaceAligner.extract(...).split()[1]."
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
    entries = [
        EvaluationFrame(r.source, r.frame, int(run), r.face, r.face, empty)
        for r, run in zip(found, runs.ravel(), strict=True)
    ]
    return _steadied(entries)


def read_back(entries: Sequence[EvaluationFrame]) -> Iterator[EvaluationFrame]:
    """Yields the shots with their images, one in memory at a time.

    Raises:
        FileNotFoundError: A source is not where it was.
        MediaError: A source has fewer frames than the set says.
    """
    start = 0
    while start < len(entries):
        name = entries[start].source
        stop = start
        while stop < len(entries) and entries[stop].source == name:
            stop += 1
        yield from _read(name, entries[start:stop])
        start = stop


def _read(source: str, entries: Sequence[EvaluationFrame]) -> Iterator[EvaluationFrame]:
    if media_kind(source) == "image":
        image = read_image(source)
        yield from (replace(entry, image=image) for entry in entries)
        return
    waiting = {entry.frame: entry for entry in entries}
    for frame in read_video(source, min(waiting), max(waiting) + 1):
        if frame.index in waiting:
            yield replace(waiting.pop(frame.index), image=frame.image)
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
    """Labels of runs: of one source, frame numbers rising by the usual step."""
    array = np.array(keys)
    change, steps = np.diff(array[:, 0]), np.diff(array[:, 1])
    inside = steps[(change == 0) & (steps > 0)]
    step = np.bincount(inside).argmax() if len(inside) else 1
    breaks = (change != 0) | (steps != step)
    return np.concatenate([[0], np.cumsum(breaks)])


def _spread(count: int, limit: int | None) -> Array:
    """Indices of at most `limit` of `count` frames, as runs spread evenly."""
    if limit is not None and limit < 1:
        raise ValueError(
            f"Got limit={limit}. Expected a number of frames of at least 1. Leave it "
            "out to measure every frame."
        )
    if limit is None or limit >= count:
        return np.arange(count)
    runs = max(1, round(limit / RUN))
    length = limit // runs
    starts = np.linspace(0, count - length, runs).astype(int)
    return np.unique(starts[:, None] + np.arange(length))


def _steadied(entries: list[EvaluationFrame]) -> list[EvaluationFrame]:
    steady: list[EvaluationFrame] = []
    for run in dict.fromkeys(entry.run for entry in entries):
        mine = [entry for entry in entries if entry.run == run]
        track = Track(list(range(len(mine))), [entry.face for entry in mine])
        faces = smooth_track(track).faces
        steady += [replace(s, steady=f) for s, f in zip(mine, faces, strict=True)]
    return steady

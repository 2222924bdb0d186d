"""The faces of consecutive frames: detections, landmarks and a few embeddings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces._replaced import replaced
from deepface_models.faces._sequence import Border, Finders, follow
from deepface_models.faces.embedding import Embedder, chip
from deepface_models.faces.face import Face
from deepface_models.faces.scenes import scene_cuts
from deepface_models.faces.tracks import Track, collect_tracks

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner


@dataclass(frozen=True)
class Found:
    """What `faces_of` finds.

    Attributes:
        faces: The faces of each frame, largest first.
        cuts: Numbers of the frames that begin a new scene; the first one never does.
    """

    faces: list[list[Face]]
    cuts: list[int]


def faces_of(
    aligner: FaceAligner,
    images: Sequence[Array],
    embedder: Embedder,
    borders: Mapping[int, Border] | None = None,
    count: int | None = None,
    fill: bool = True,
) -> Found:
    """Finds the faces of consecutive frames.

    Args:
        aligner: Its options.
        images: RGB uint8 frames of one size, contiguous.
        embedder: Computes the embeddings of 150 px chips.
        borders: What is known of frames that are also searched elsewhere.
        count: How many of the frames to return the faces of; the others only help to
            find faces and cuts.
        fill: Whether the other faces of a track get an embedding by interpolation.
    """
    count = len(images) if count is None else count
    cuts = set(scene_cuts(images))
    finders = Finders.of(aligner.detector, aligner.max_faces == 1)
    per_frame: list[list[Face]] = [[] for _ in images]
    for tracklet in follow(images, finders, cuts, borders):
        order = sorted(tracklet.found)
        found = [tracklet.found[index] for index in order]
        faces = aligner._faces([images[index] for index in order], found)
        for index, face in zip(order, faces, strict=True):
            per_frame[index].append(face)
    largest = [aligner._largest(faces) for faces in per_frame]
    for track in collect_tracks(largest, cuts)[1]:
        cuts |= replaced(images, track, embedder)
    del largest[count:]
    if aligner.embeddings:
        _embed(largest, images, cuts, int(aligner.embeddings), embedder, fill)
    return Found(largest, sorted(cuts))


def _embed(
    per_frame: list[list[Face]],
    images: Sequence[Array],
    cuts: Collection[int],
    every: int,
    embedder: Embedder,
    fill: bool,
) -> None:
    """Embeds about one in `every` faces of a track; interpolates the others."""
    numbered, tracks = collect_tracks(per_frame, cuts)
    chosen = [_middles(len(track), every) for track in tracks]
    chips = [
        chip(images[track.frames[i]], track.faces[i])
        for track, places in zip(tracks, chosen, strict=True)
        for i in places
    ]
    rows = iter(embedder(chips))
    known = [
        _interpolated(track, places, np.array([next(rows) for _ in places]), fill)
        for track, places in zip(tracks, chosen, strict=True)
    ]
    for frame, numbers in enumerate(numbered):
        for place, number in enumerate(numbers):
            row = known[number].get(frame)
            per_frame[frame][place] = replace(per_frame[frame][place], embedding=row)


def _middles(count: int, every: int) -> list[int]:
    """Returns the middles of parts of about equal length, at most `every` long."""
    parts = -(-count // every)
    return [int((i + 0.5) * count / parts) for i in range(parts)]


def _interpolated(
    track: Track, places: list[int], rows: Array, fill: bool
) -> dict[int, Array]:
    """Returns the embedding of each frame of a track, or only the computed ones."""
    at = [track.frames[place] for place in places]
    if not fill:
        return dict(zip(at, rows, strict=True))
    columns = [np.interp(track.frames, at, column) for column in rows.T]
    return dict(zip(track.frames, np.array(columns, np.float32).T, strict=True))

"""The first pass over a video: which face is swapped in which frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from deepface_models.conversion.report import ConversionReport
from deepface_models.core.arrays import Array
from deepface_models.core.progress import Progress
from deepface_models.core.spans import WHOLE, Span, has
from deepface_models.faces._reference import distance_to
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.analysis import tracks_of
from deepface_models.faces.embedding import SAME_PERSON, embed
from deepface_models.faces.face import Face
from deepface_models.faces.face_tracks import FaceTracks
from deepface_models.faces.tracks import Track, smooth_track
from deepface_models.media import read_video
from deepface_models.media.sequence import Source

# Whose face to swap: embeddings (N, 128), the number of a track, the name that tracks
# were assigned to, or None for the largest face for the longest time.
SourcePerson: TypeAlias = Array | int | str | None


@dataclass(frozen=True)
class SwapPlan:
    """Which face is swapped in which frame of a video.

    Attributes:
        faces: The face to swap, by frame number: (number of its track, smoothed face).
        frames: Number of frames to write.
        others: Number of faces in them that are not swapped.
        cuts: Numbers of the frames that begin a new scene.
        tracks: All faces of the video.
        span: The frames to write: the first one, and the one to stop before or None.
    """

    faces: dict[int, tuple[int, Face]] = field(default_factory=dict)
    frames: int = 0
    others: int = 0
    cuts: tuple[int, ...] = ()
    tracks: FaceTracks | None = None
    span: Span = WHOLE


def plan_video(
    source: Source,
    aligner: FaceAligner,
    reference: Array | None,
    report: ConversionReport,
    bar: Progress,
) -> SwapPlan:
    """Finds, tracks and smooths the faces of a video and picks the person's.

    Frames are not held in memory, only a few kilobytes for each face.

    Args:
        source: A video.
        aligner: Finds the faces.
        reference: (N, 128) embeddings of the person to replace; None for the person
            with the largest face for the longest time.
        report: Gets the seconds of the stages "detect" and "track".
        bar: Counts the frames.

    Returns:
        The plan for the second pass.
    """
    with report.stage("detect"):
        tracks = tracks_of(source, None, aligner, bar)
    with report.stage("track"):
        return plan_people(tracks, source, [reference])[0]


def plan_people(
    tracks: FaceTracks, source: Source, people: Sequence[SourcePerson]
) -> list[SwapPlan]:
    """Picks the faces of each source person; a track is at most one person's.

    Args:
        tracks: All faces of the video, with edits.
        source: The video, which is read again only for tracks without embedding.
        people: Whose faces to swap.

    Returns:
        One plan for each of them.
    """
    groups = tracks.groups()
    shown = _embeddings(tracks, groups, source) if _must_tell(groups, people) else {}
    chosen = _chosen(tracks, groups, shown, people)
    smoothed = [_one_per_frame(tracks, numbers) for numbers in chosen]
    total = sum(len(track) for track in tracks.tracks.values())
    swapped = sum(_detected(faces) for faces in smoothed)
    return [
        SwapPlan(faces, tracks.frames, total - swapped, tuple(tracks.cuts), tracks)
        for faces in smoothed
    ]


def cut_plans(
    plans: Sequence[SwapPlan], tracks: FaceTracks, span: Span
) -> list[SwapPlan]:
    """Returns the plans of `plan_people` for a part of the video.

    Raises:
        ValueError: The video has no frame in it.
    """
    if span == WHOLE:
        return list(plans)
    if tracks.frames <= span[0]:
        raise ValueError(
            f"frames={span} was given for {tracks.source['name']}, which has no frame "
            f"{span[0]}. Expected numbers of its frames, from 0. Leave out frames for "
            "the whole video."
        )
    inside = [
        {n: face for n, face in plan.faces.items() if has(span, n)} for plan in plans
    ]
    found = [n for t in tracks.tracks.values() for n in t.frames if has(span, n)]
    end = tracks.frames if span[1] is None else min(span[1], tracks.frames)
    others = len(found) - sum(_detected(faces) for faces in inside)
    return [
        replace(plan, faces=faces, frames=end - span[0], others=others, span=span)
        for plan, faces in zip(plans, inside, strict=True)
    ]


def _detected(faces: dict[int, tuple[int, Face]]) -> int:
    return sum(face.detector != "interpolated" for _, face in faces.values())


def _must_tell(groups: dict[int, list[int]], people: Sequence[SourcePerson]) -> bool:
    """Whether embeddings must tell whose track is whose."""
    named = all(isinstance(one, int | str) for one in people)
    alone = len(groups) == 1 and len(people) == 1 and people[0] is None
    return not (named or alone)


def _chosen(
    tracks: FaceTracks,
    groups: dict[int, list[int]],
    shown: dict[int, list[Array]],
    people: Sequence[SourcePerson],
) -> list[list[int]]:
    """Returns the tracks of each source person, the best match first."""
    references = [_reference(tracks, groups, shown, one) for one in people]
    chosen: list[list[tuple[float, int]]] = [[] for _ in people]
    for group, numbers in groups.items():
        distances = [
            _distance(tracks, numbers, shown.get(group, []), one, reference)
            for one, reference in zip(people, references, strict=True)
        ]
        best = int(np.argmin(distances)) if distances else 0
        if distances and distances[best] < SAME_PERSON:
            chosen[best] += [(distances[best], number) for number in numbers]
    return [[n for _, n in sorted(one, key=lambda pair: pair[0])] for one in chosen]


def _reference(
    tracks: FaceTracks,
    groups: dict[int, list[int]],
    shown: dict[int, list[Array]],
    person: SourcePerson,
) -> Array | None:
    if person is not None:
        return person if isinstance(person, np.ndarray) else None
    main = max(groups, key=lambda group: _area(tracks, groups[group]), default=None)
    known = [] if main is None else shown.get(main, [])
    return np.stack(known) if known else None


def _area(tracks: FaceTracks, numbers: list[int]) -> float:
    return sum(f.box.area for n in numbers for f in tracks.tracks[n].faces)


def _distance(
    tracks: FaceTracks,
    numbers: list[int],
    embeddings: list[Array],
    person: SourcePerson,
    reference: Array | None,
) -> float:
    """Returns how far a group of tracks is from a source person; 0 if named."""
    if isinstance(person, int):
        return 0.0 if person in numbers else float("inf")
    if isinstance(person, str):
        assigned = {tracks.person_of(number) for number in numbers}
        return 0.0 if person in assigned else float("inf")
    if reference is None:  # nobody else is there
        return 0.0 if person is None else float("inf")
    return distance_to(reference, embeddings)


def _embeddings(
    tracks: FaceTracks, groups: dict[int, list[int]], source: Source
) -> dict[int, list[Array]]:
    """Returns the embeddings of each group of tracks."""
    known = {
        n: [f.embedding for f in track.faces if f.embedding is not None]
        for n, track in tracks.tracks.items()
    }
    without = {n: tracks.tracks[n] for n, rows in known.items() if not rows}
    known |= _missing(without, source)
    return {
        group: [row for n in numbers for row in known[n]]
        for group, numbers in groups.items()
    }


def _missing(tracks: dict[int, Track], source: Source) -> dict[int, list[Array]]:
    """Computes an embedding for tracks in which the analysis computed none."""
    middle = {n: len(track) // 2 for n, track in tracks.items()}
    frames = {n: tracks[n].frames[place] for n, place in middle.items()}
    found: dict[int, list[Array]] = {}
    if frames:
        for frame in read_video(source, min(frames.values()), max(frames.values()) + 1):
            for n in [n for n, at in frames.items() if at == frame.index]:
                found[n] = [embed(frame.image, tracks[n].faces[middle[n]])]
    return found


def _one_per_frame(
    tracks: FaceTracks, numbers: Sequence[int]
) -> dict[int, tuple[int, Face]]:
    """Returns one face per frame; where tracks overlap, the better match's."""
    faces: dict[int, tuple[int, Face]] = {}
    for number in numbers:
        smooth = smooth_track(tracks.tracks[number])
        for frame, face in zip(smooth.frames, smooth.faces, strict=True):
            faces.setdefault(frame, (number, face))
    return faces

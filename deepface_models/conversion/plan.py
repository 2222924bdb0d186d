"""The first pass over a video: finds, tracks and smooths faces; picks the person's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deepface_models.conversion.report import ConversionReport
from deepface_models.core.arrays import Array
from deepface_models.core.progress import Progress
from deepface_models.faces._reference import distance_to
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.embedding import SAME_PERSON, embedding_of
from deepface_models.faces.face import Face
from deepface_models.faces.tracks import Track, collect, smooth_track
from deepface_models.faces.video import frame_count, iter_faces
from deepface_models.media import read_video

_SAMPLES = 3  # embeddings computed for each track


@dataclass(frozen=True)
class SwapPlan:
    """Which face is swapped in which frame of a video.

    Attributes:
        faces: The face to swap, by frame number: (number of its track, smoothed face).
        frames: Number of frames of the video.
        others: Number of faces that are not swapped.
        cuts: Numbers of the frames that begin a new scene.
    """

    faces: dict[int, tuple[int, Face]] = field(default_factory=dict)
    frames: int = 0
    others: int = 0
    cuts: tuple[int, ...] = ()


def plan_video(
    source: Path,
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
    bar.task("find faces", frame_count(source))
    finder = aligner.replace(embeddings=False)  # see _track_embeddings
    tracks, cuts, count = list[Track](), [], 0
    with report.stage("detect"):
        for frame in iter_faces(source, finder):
            collect(tracks, frame.index, frame.faces, frame.tracks)
            cuts += [frame.index] * frame.is_cut
            count += 1
            bar.advance()
    bar.done()
    with report.stage("track"):
        faces = _one_per_frame(_chosen(tracks, source, reference))
    total = sum(len(track) for track in tracks)
    filled = sum(face.detector == "interpolated" for _, face in faces.values())
    return SwapPlan(faces, count, total - (len(faces) - filled), tuple(cuts))


def _chosen(tracks: list[Track], source: Path, reference: Array | None) -> list[Track]:
    """Returns the person's tracks, the best match first."""
    if not tracks:
        return []
    main = max(tracks, key=lambda track: sum(face.box.area for face in track.faces))
    if reference is None and len(tracks) == 1:
        return tracks
    embeddings = _track_embeddings(tracks, source)
    if reference is None:
        reference = np.stack(embeddings[tracks.index(main)])
    distances = [distance_to(reference, known) for known in embeddings]
    order = np.argsort(distances, kind="stable")
    return [tracks[i] for i in order if distances[i] < SAME_PERSON]


def _track_embeddings(tracks: list[Track], source: Path) -> list[list[Array]]:
    """Returns a few embeddings of each track, in one pass over the video."""
    sampled: dict[int, list[tuple[int, Face]]] = {}
    for number, track in enumerate(tracks):
        places = np.linspace(0, len(track) - 1, min(_SAMPLES, len(track)) + 2)[1:-1]
        for place in np.rint(places).astype(int):
            frame, face = track.frames[place], track.faces[place]
            sampled.setdefault(frame, []).append((number, face))
    embeddings: list[list[Array]] = [[] for _ in tracks]
    for frame in read_video(source, stop=max(sampled) + 1):
        for number, face in sampled.get(frame.index, ()):
            embeddings[number].append(embedding_of(frame.image, face))
    return embeddings


def _one_per_frame(tracks: list[Track]) -> dict[int, tuple[int, Face]]:
    """Returns one face per frame; where tracks overlap, the better match's."""
    faces: dict[int, tuple[int, Face]] = {}
    for number, track in enumerate(tracks):
        smooth = smooth_track(track)
        for frame, face in zip(smooth.frames, smooth.faces, strict=True):
            faces.setdefault(frame, (number, face))
    return faces

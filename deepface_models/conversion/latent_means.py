"""Mean latent and neutral face of a person unknown to the model, from their faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deepface_models.conversion.people import face_set
from deepface_models.conversion.plan import SwapPlan
from deepface_models.conversion.report import ConversionReport
from deepface_models.core.arrays import Array
from deepface_models.core.expressions import neutral_face
from deepface_models.core.progress import Progress
from deepface_models.faces._reference import Person
from deepface_models.faces.align import align, padding_of, template, umeyama
from deepface_models.faces.analysis import MOST_SAMPLES
from deepface_models.faces.face_tracks import FaceTracks
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import read_video
from deepface_models.media.sequence import Source

if TYPE_CHECKING:
    from deepface_models.conversion.converter import Converter


MOST = 200  # most faces that a mean is measured on
FEWEST = 16  # the mean of fewer faces depends too much on their expressions


def from_person(converter: Converter, person: Person) -> Converter:
    """Returns a converter with the mean latent and the neutral face of a person.

    Args:
        converter: The converter; it is not changed.
        person: The source person. Both are measured on a FaceSet, or its folder, with
            at least `FEWEST` faces, if their crop is as wide as the model's or wider.

    Returns:
        A copy of `converter`; `converter` itself if it needs neither, or nothing can
        be measured on `person`.
    """
    needed = converter.needs_mean or converter.needs_neutral
    faces = face_set(person) if needed else None
    if faces is None or len(faces) < FEWEST:
        return converter
    size = int(converter.model.image_size)
    face_type = getattr(converter.model, "face_type", "full")
    if padding_of(faces.face_type) < padding_of(face_type):
        return converter
    return _measured(converter, _cropped(faces, size, face_type))


def from_clip(
    converter: Converter,
    source: Source,
    plan: SwapPlan,
    report: ConversionReport,
    bar: Progress,
) -> Converter:
    """Returns a converter with the mean latent and the neutral face in a video.

    They are measured on aligned faces that the analysis of the video kept. If the
    video was analyzed earlier, it is read once more.

    Args:
        converter: The converter; it is not changed.
        source: The video.
        plan: Which face is swapped in which frame, from `plan_video`.
        report: Gets the seconds of the stage "latent_mean".
        bar: Counts the frames.

    Returns:
        A copy of `converter`; `converter` itself if it needs neither, or there are
        fewer than `FEWEST` faces.
    """
    detected = [n for n, (_, f) in plan.faces.items() if f.detector != "interpolated"]
    needed = converter.needs_mean or converter.needs_neutral
    if not needed or len(detected) < FEWEST or plan.tracks is None:
        return converter
    with report.stage("latent_mean"):
        chosen = _spread(plan.tracks, sorted(detected))
        places = [(frame, plan.faces[frame][0]) for frame in chosen]
        return _measured(converter, _faces(converter, source, plan, places, bar))


def _spread(tracks: FaceTracks, detected: list[int]) -> list[int]:
    """Returns the frames that the analysis kept faces of, if they are enough."""
    stride, frames = 1, [n for track in tracks.tracks.values() for n in track.frames]
    while sum(n % stride == 0 for n in frames) > MOST_SAMPLES and stride < max(frames):
        stride *= 2
    kept = [frame for frame in detected if frame % stride == 0]
    return kept if len(kept) >= FEWEST else _evenly(detected)


def _faces(
    converter: Converter,
    source: Source,
    plan: SwapPlan,
    places: list[tuple[int, int]],
    bar: Progress,
) -> Array:
    """Returns the aligned faces by (frame, track), in the model's size."""
    tracks, size = plan.tracks, int(converter.model.image_size)
    kept = {} if tracks is None or tracks.samples is None else tracks.samples
    alike = converter.aligner.face_type == getattr(converter.model, "face_type", "full")
    if alike and all(place in kept and len(kept[place]) == size for place in places):
        return np.stack([kept[place] for place in places])
    bar.task("measure the person", places[-1][0] + 1 - places[0][0])
    by_frame, faces = dict(places), []
    for frame in read_video(source, places[0][0], places[-1][0] + 1):
        if tracks is not None and frame.index in by_frame:
            track = tracks.tracks[by_frame[frame.index]]
            face = track.faces[track.frames.index(frame.index)]
            faces.append(converter.aligned(frame.image, face))
        bar.advance()
    bar.done()
    return np.stack(faces)


def _measured(converter: Converter, images: Array) -> Converter:
    """Measures what a converter needs on aligned faces of the model's size."""
    changes = {}
    if converter.needs_mean:
        latents = converter.model.encode(images, converter.batch_size)
        changes["latent_mean"] = latents.mean(axis=0)
    if converter.needs_neutral:
        changes["neutral"] = neutral_face(converter.measured(images))
    measured = converter.replace(**changes)
    if converter.needs_neutral and converter.reshape:
        target = measured.measured_target(images)
        measured = measured.replace(target_neutral=target)
    return measured


def _cropped(faces: FaceSet, size: int, face_type: str) -> Array:
    """Returns faces spread over a set, in the model's size and face type."""
    images = faces.select(_evenly(range(len(faces)))).images
    if (faces.image_size, faces.face_type) == (size, face_type):
        return images
    there = template(68, faces.image_size, faces.face_type)
    matrix = umeyama(there, template(68, size, face_type))
    return np.stack([align(image, matrix, size) for image in images])


def _evenly(numbers: Sequence[int]) -> list[int]:
    """Returns up to `MOST` of the numbers, spread evenly."""
    places = np.linspace(0, len(numbers) - 1, min(MOST, len(numbers)))
    return [numbers[place] for place in np.rint(places).astype(int)]

"""Mean latent and neutral face of a person unknown to the model, from their faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepface_models.conversion.people import face_set
from deepface_models.conversion.plan import SwapPlan
from deepface_models.conversion.report import ConversionReport
from deepface_models.core.arrays import Array
from deepface_models.core.expressions import all_measured, measures, neutral_face
from deepface_models.core.progress import Progress
from deepface_models.faces._reference import Person
from deepface_models.faces.align import align, padding_of, template, umeyama
from deepface_models.faces.face import Face
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import read_video

if TYPE_CHECKING:
    from deepface_models.conversion.converter import Converter


MOST = 200  # most faces that a mean is measured on
FEWEST = 16  # the mean of fewer faces depends too much on their expressions


def from_person(converter: Converter, person: Person) -> Converter:
    """Returns a converter with the mean latent and the neutral face of a person.

    Args:
        converter: The converter; it is not changed.
        person: The source person. Both are measured on a FaceSet, or its folder, with
            at least `FEWEST` faces; the mean only if their crop is as wide as the
            model's or wider.

    Returns:
        A copy of `converter`; `converter` itself if it needs neither, or nothing can
        be measured on `person`.
    """
    needed = converter.needs_mean or converter.needs_neutral
    faces = face_set(person) if needed else None
    if faces is None or len(faces) < FEWEST:
        return converter
    converter = _with_neutral(converter, faces.faces)
    if not converter.needs_mean:
        return converter
    size = int(converter.model.image_size)
    face_type = getattr(converter.model, "face_type", "full")
    if padding_of(faces.face_type) < padding_of(face_type):
        return converter
    return _with_mean(converter, _cropped(faces, size, face_type))


def from_clip(
    converter: Converter,
    source: Path,
    plan: SwapPlan,
    report: ConversionReport,
    bar: Progress,
) -> Converter:
    """Returns a converter with the mean latent and the neutral face in a video.

    For the mean, this reads the video once more and holds up to `MOST` aligned faces
    in memory.

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
    if len(detected) < FEWEST:
        return converter
    converter = _with_neutral(converter, [plan.faces[n][1] for n in detected])
    if not converter.needs_mean:
        return converter
    chosen = set(_evenly(sorted(detected)))
    first, last = min(chosen), max(chosen)
    bar.task("measure the person", last + 1 - first)
    with report.stage("latent_mean"):
        faces = []
        for frame in read_video(source, first, last + 1):
            if frame.index in chosen:
                faces.append(converter.aligned(frame.image, plan.faces[frame.index][1]))
            bar.advance()
        bar.done()
        return _with_mean(converter, np.stack(faces))


def _with_mean(converter: Converter, images: Array) -> Converter:
    latents = converter.model.encode(images, converter.batch_size)
    return converter.replace(latent_mean=latents.mean(axis=0))


def _with_neutral(converter: Converter, faces: Sequence[Face]) -> Converter:
    if not converter.needs_neutral or not all_measured(faces):
        return converter
    values = measures([face.landmarks for face in faces])
    return converter.replace(neutral=neutral_face(values))


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

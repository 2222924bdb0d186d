"""Where the latents of somebody lie whom the model does not know: from their faces."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepface_models.conversion.people import face_set
from deepface_models.conversion.plan import SwapPlan
from deepface_models.conversion.report import ConversionReport
from deepface_models.core.arrays import Array
from deepface_models.core.progress import Progress
from deepface_models.faces._reference import Person
from deepface_models.faces.align import align, padding_of, template, umeyama
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import read_video

if TYPE_CHECKING:
    from deepface_models.conversion.converter import Converter


MOST = 200  # faces that a mean is taken over
FEWEST = 16  # below, their mean says more of an expression than of the person


def from_person(converter: Converter, person: Person) -> Converter:
    """Returns a converter that moves latents from the mean of a person's faces.

    Args:
        converter: How faces are drawn; it is not changed.
        person: The person to be replaced. A FaceSet, or its folder, tells the mean
            if it has `FEWEST` faces or more, cut out as wide as the model's.

    Returns:
        `converter` itself where no mean is wanted, or `person` does not tell it.
    """
    faces = face_set(person) if converter.measures else None
    if faces is None or len(faces) < FEWEST:
        return converter
    size = int(converter.model.image_size)
    face_type = getattr(converter.model, "face_type", "full")
    if padding_of(faces.face_type) < padding_of(face_type):
        return converter
    return _moving_from(converter, _cut(faces, size, face_type))


def from_clip(
    converter: Converter,
    source: Path,
    plan: SwapPlan,
    report: ConversionReport,
    bar: Progress,
) -> Converter:
    """Returns a converter that moves latents from the mean of a clip's planned faces.

    The clip is read once more; up to `MOST` aligned faces are kept meanwhile.

    Args:
        converter: How faces are drawn; it is not changed.
        source: The video.
        plan: Which face is swapped in which frame, from `survey`.
        report: Gets the seconds of the stage "center".
        bar: Counts the frames.

    Returns:
        `converter` itself where no mean is wanted, or of fewer than `FEWEST` faces.
    """
    seen = [n for n, (_, f) in plan.faces.items() if f.detector != "interpolated"]
    if not converter.measures or len(seen) < FEWEST:
        return converter
    chosen = set(_evenly(sorted(seen)))
    first, last = min(chosen), max(chosen)
    bar.task("measure the person", last + 1 - first)
    with report.stage("latent_mean"):
        faces = []
        for frame in read_video(source, first, last + 1):
            if frame.index in chosen:
                faces.append(converter.aligned(frame.image, plan.faces[frame.index][1]))
            bar.advance()
        bar.done()
        return _moving_from(converter, np.stack(faces))


def _moving_from(converter: Converter, faces: Array) -> Converter:
    latents = converter.model.encode(faces, converter.batch_size)
    moving = copy.copy(converter)
    moving.mean = latents.mean(axis=0)
    return moving


def _cut(faces: FaceSet, size: int, face_type: str) -> Array:
    """Returns faces spread over a set, of the model's size and cut."""
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

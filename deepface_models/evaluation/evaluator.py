"""`evaluate`: swaps held-out frames and measures the results."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepface_models._progress import Progress, Report
from deepface_models._whole import whole_numbers
from deepface_models.conversion import centre
from deepface_models.conversion._options import is_anybody
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.people import other_person
from deepface_models.conversion.smoothing import DrawnFace, smooth_faces
from deepface_models.faces import FaceAligner, FaceSet

from . import measures
from .baselines import MeanFace
from .collect import Collected, Measurer
from .evaluation import Evaluation
from .shots import Shot, choose, read_back
from .summarise import summarise

Array = NDArray[Any]

_BATCH = 16


@whole_numbers(limit=1, identity_every=1)
def evaluate(
    model: Any,
    source: FaceSet | str | Path,
    *,
    to: str,
    wanted: FaceSet,
    replaced: FaceSet,
    converter: Converter | None = None,
    aligner: FaceAligner | None = None,
    replaced_name: str | None = None,
    limit: int | None = None,
    identity_every: int = 3,
    progress: bool | Report = True,
) -> Evaluation:
    """Measures a swap on frames that the model was not trained on.

    The frames are swapped in memory as `convert` does it, the face is looked for
    again in the result, and identity, pose, expression, reconstruction, seam and
    jitter are measured; the same for two baselines that learned nothing.

    Args:
        model: A `FaceSwap`, or anything with `image_size`, `identities` and
            `predict(images, to=...)`.
        source: Held-out faces of the person to replace, whose pictures or videos are
            still where they were extracted from; or such a picture or video.
        to: The wanted person; one of `model.identities`.
        wanted: Faces of the wanted person.
        replaced: Faces of the replaced person (other frames than `source`).
        converter: How results are made; `Converter(model, to, of=replaced_name)` by
            default. Where its `of` is "anybody", the mean is that of `replaced`.
        aligner: Finds the faces in the results; by default `FaceAligner` with the
            set's settings. Give the one that the set was made with.
        replaced_name: The replaced person in `model.identities`, for the
            reconstruction; needed only with three people or more. "anybody" for
            somebody else than the two of a model: then nothing is reconstructed.
        limit: Most frames to measure, as runs of consecutive frames spread evenly.
        identity_every: Measure the identity (0.1 s a face) on every k-th frame only.
        progress: True shows a bar, a function gets (frames done, frames).

    Returns:
        An `Evaluation`; see its `table()`.

    Raises:
        FaceNotFoundError: A set is empty or without identity descriptors, or no face
            of the replaced person is in `source`.
        ValueError: The sets do not fit each other, the converter or the aligner.

    Example:
        train, held_out = ana.split()
        result = evaluate(model, held_out, to="ben", wanted=ben, replaced=train)
        print(result.table())
    """
    people = _descriptors(wanted), _descriptors(replaced)
    finder = _finder(aligner, source if isinstance(source, FaceSet) else wanted)
    if not isinstance(source, FaceSet):
        finder.identity = identity_every
        source = finder.extract(source, person=replaced, progress=progress)
        finder.identity = False
    _check_sets(source, wanted, replaced, finder)
    converter = _converter(converter, model, to, replaced_name)
    name = _name(converter, replaced_name)
    converter = centre.from_person(converter, replaced)
    shots = choose(source, people[1], limit)
    mean_face = copy.copy(converter)
    mean_face.model = MeanFace(
        {to: wanted} | ({name: replaced} if name else {}), model.image_size
    )
    measurer = Measurer(finder, name, identity_every)
    with Progress(progress) as bar:
        bar.task("evaluate", len(shots))
        collected = _measure(shots, (converter, mean_face), measurer, bar)
    shapes = [_mean_shape(faces) for faces in (wanted, replaced)]
    summary, arrays = summarise(shots, *collected, people, shapes)
    between = float(measures.identity_distance(people[0], people[1]).mean())
    frames = [(shot.source, shot.frame) for shot in shots]
    return Evaluation(to, name, between, frames, summary, arrays)


def swapped(
    converter: Converter, shots: Iterable[Shot]
) -> Iterator[tuple[Shot, DrawnFace]]:
    """Yields the shots with their drawn faces, steadied along time as in a video."""

    def drawn() -> Iterator[tuple[Shot, DrawnFace]]:
        rest = iter(shots)
        while batch := list(itertools.islice(rest, converter.batch_size)):
            images, faces, runs = zip(
                *((s.image, s.steady, s.run) for s in batch), strict=True
            )
            yield from zip(batch, converter.draw(images, faces, runs), strict=True)

    for shot, face in smooth_faces(drawn()):
        if face is not None:
            yield shot, face


def _measure(
    shots: list[Shot],
    converters: tuple[Converter, Converter],
    measurer: Measurer,
    bar: Progress,
) -> tuple[Collected, Collected]:
    """Goes through the frames once for both, holding a few of them at a time."""
    collected = Collected(), Collected()
    one, two = itertools.tee(read_back(shots))
    pairs = zip(
        *(swapped(c, s) for c, s in zip(converters, (one, two), strict=True)),
        strict=True,
    )
    done = 0
    for _, run in itertools.groupby(pairs, key=lambda pair: pair[0][0].run):
        while batch := list(itertools.islice(run, _BATCH)):
            for i, converter in enumerate(converters):
                results = [pair[i] for pair in batch]
                measurer.add(collected[i], converter, results, done)
            done += len(batch)
            bar.advance(len(batch))
    return collected


def _descriptors(faces: FaceSet) -> Array:
    _ = faces.mean_embedding  # says what is wrong where there is none
    rows = faces.embeddings
    return np.asarray(rows[~np.isnan(rows).any(axis=1)])


def _mean_shape(faces: FaceSet) -> Array:
    landmarks = np.array([face.landmarks for face in faces.faces])
    return np.asarray(measures.aligned_shapes(landmarks).mean(axis=0))


def _finder(aligner: FaceAligner | None, like: FaceSet) -> FaceAligner:
    if aligner is None:
        return FaceAligner(
            like.image_size, like.face_type, like.landmarks, identity=False
        )
    finder = copy.copy(aligner)  # descriptors are computed here, and only when asked
    finder.identity = False
    return finder


def _converter(
    converter: Converter | None, model: Any, to: str, of: str | None
) -> Converter:
    if converter is None:
        return Converter(model, to, of=of)
    if converter.model is not model or converter.to != to:
        raise ValueError(
            f"The converter draws {converter.to!r} with "
            f"{getattr(converter.model, 'name', 'a model')}. Expected {to!r} with the "
            "model that is evaluated. Pass Converter(model, to) with the same two."
        )
    return converter


def _name(converter: Converter, replaced_name: str | None) -> str | None:
    """Returns the replaced person as the model knows them, or None."""
    of = converter.of if replaced_name is None else replaced_name
    if isinstance(of, np.ndarray) or is_anybody(of, converter.model):
        return None
    return replaced_name or other_person(converter.model, converter.to)


def _check_sets(
    source: FaceSet, wanted: FaceSet, replaced: FaceSet, finder: FaceAligner
) -> None:
    """Refuses crops or landmarks that cannot be compared."""
    kinds = {
        "source": (source.face_type, source.landmarks),
        "wanted": (wanted.face_type, wanted.landmarks),
        "replaced": (replaced.face_type, replaced.landmarks),
        "aligner": (finder.face_type, finder.landmarks),
    }
    if len(set(kinds.values())) > 1:
        raise ValueError(
            f"Faces of different kinds were given: {kinds} (face type, landmarks). "
            "Expected the same kind everywhere. Extract all sets with one FaceAligner."
        )

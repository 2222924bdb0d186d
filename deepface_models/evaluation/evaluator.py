"""`evaluate`: swaps held-out frames and measures the results."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion import latent_means
from deepface_models.conversion._options import is_anybody
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.people import other_person
from deepface_models.conversion.smoothing import DecodedFace, smooth_faces
from deepface_models.core.arrays import Array
from deepface_models.core.progress import Progress, Report
from deepface_models.core.whole import whole_numbers
from deepface_models.evaluation import measures
from deepface_models.evaluation.baselines import MeanFace
from deepface_models.evaluation.collect import Collected, Measurer
from deepface_models.evaluation.evaluation import Evaluation
from deepface_models.evaluation.frames import EvaluationFrame, choose, read_back
from deepface_models.evaluation.summarize import summarize
from deepface_models.faces import FaceAligner, FaceSet

_BATCH = 16


@whole_numbers(limit=1, embed_every=1)
def evaluate(
    model: Any,
    source: FaceSet | str | Path,
    *,
    identity: str,
    target_faces: FaceSet,
    source_faces: FaceSet,
    converter: Converter | None = None,
    aligner: FaceAligner | None = None,
    source_identity: str | None = None,
    limit: int | None = None,
    embed_every: int = 3,
    progress: bool | Report = True,
) -> Evaluation:
    """Measures a swap on frames that the model was not trained on.

    The frames are swapped in memory as `convert` does it, the face is looked for
    again in the result, and identity, pose, expression, reconstruction, seam and
    jitter are measured; the same for two baselines that learned nothing.

    Args:
        model: A `FaceSwap`, or anything with `image_size`, `identities` and
            `predict(images, identity=...)`.
        source: Held-out faces of the person to replace, whose images or videos are
            still where they were extracted from; or such an image or video.
        identity: The target person; one of `model.identities`.
        target_faces: Faces of the target person.
        source_faces: Faces of the source person (other frames than `source`).
        converter: How results are made; `Converter(model, to,
            source_identity=source_identity)` by
            default. Where its `source_identity` is "anybody", the mean is that of
            `source_faces`.
        aligner: Finds the faces in the results; by default `FaceAligner` with the
            set's settings. Give the one that the set was made with.
        source_identity: The source person in `model.identities`, for the
            reconstruction; needed only with three people or more. "anybody" for
            somebody else than the two of a model: then nothing is reconstructed.
        limit: Most frames to measure, as runs of consecutive frames spread evenly.
        embed_every: Measure the identity (0.1 s a face) on every k-th frame only.
        progress: True shows a bar, a function gets (frames done, frames).

    Returns:
        An `Evaluation`; see its `table()`.

    Raises:
        FaceNotFoundError: A set is empty or without face embeddings, or no face
            of the source person is in `source`.
        ValueError: The sets do not fit each other, the converter or the aligner.

    Example:
        train, held_out = ana.split()
        result = evaluate(model, held_out, identity="ben", target_faces=ben,
        source_faces=train) print(result.table())
    """
    people = _embeddings(target_faces), _embeddings(source_faces)
    finder = _finder(aligner, source if isinstance(source, FaceSet) else target_faces)
    if not isinstance(source, FaceSet):
        finder.embeddings = embed_every
        source = finder.extract(source, person=source_faces, progress=progress)
        finder.embeddings = False
    _check_sets(source, target_faces, source_faces, finder)
    converter = _converter(converter, model, identity, source_identity)
    name = _name(converter, source_identity)
    converter = latent_means.from_person(converter, source_faces)
    entries = choose(source, people[1], limit)
    mean_face = copy.copy(converter)
    mean_face.model = MeanFace(
        {identity: target_faces} | ({name: source_faces} if name else {}),
        model.image_size,
    )
    measurer = Measurer(finder, name, embed_every)
    with Progress(progress) as bar:
        bar.task("evaluate", len(entries))
        collected = _measure(entries, (converter, mean_face), measurer, bar)
    shapes = [_mean_shape(faces) for faces in (target_faces, source_faces)]
    summary, arrays = summarize(entries, *collected, people, shapes)
    between = float(measures.embedding_distance(people[0], people[1]).mean())
    frames = [(entry.source, entry.frame) for entry in entries]
    return Evaluation(identity, name, between, frames, summary, arrays)


def swapped(
    converter: Converter, entries: Iterable[EvaluationFrame]
) -> Iterator[tuple[EvaluationFrame, DecodedFace]]:
    """Yields the shots with their drawn faces, steadied along time as in a video."""

    def decoded() -> Iterator[tuple[EvaluationFrame, DecodedFace]]:
        rest = iter(entries)
        while batch := list(itertools.islice(rest, converter.batch_size)):
            images, faces, runs = zip(
                *((s.image, s.steady, s.run) for s in batch), strict=True
            )
            yield from zip(batch, converter.decode(images, faces, runs), strict=True)

    for entry, face in smooth_faces(decoded()):
        if face is not None:
            yield entry, face


def _measure(
    entries: list[EvaluationFrame],
    converters: tuple[Converter, Converter],
    measurer: Measurer,
    bar: Progress,
) -> tuple[Collected, Collected]:
    """Goes through the frames once for both, holding a few of them at a time."""
    collected = Collected(), Collected()
    one, two = itertools.tee(read_back(entries))
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


def _embeddings(faces: FaceSet) -> Array:
    _ = faces.mean_embedding  # says what is wrong where there is none
    rows = faces.embeddings
    return np.asarray(rows[~np.isnan(rows).any(axis=1)])


def _mean_shape(faces: FaceSet) -> Array:
    landmarks = np.array([face.landmarks for face in faces.faces])
    return np.asarray(measures.aligned_shapes(landmarks).mean(axis=0))


def _finder(aligner: FaceAligner | None, like: FaceSet) -> FaceAligner:
    if aligner is None:
        return FaceAligner(
            like.image_size, like.face_type, like.landmarks, embeddings=False
        )
    finder = copy.copy(aligner)  # embeddings are computed here, and only when asked
    finder.embeddings = False
    return finder


def _converter(
    converter: Converter | None, model: Any, identity: str, source_identity: str | None
) -> Converter:
    if converter is None:
        return Converter(model, identity, source_identity=source_identity)
    if converter.model is not model or converter.identity != identity:
        raise ValueError(
            f"The converter draws {converter.identity!r} with "
            f"{getattr(converter.model, 'name', 'a model')}. Expected {identity!r} "
            "with the "
            "model that is evaluated. Pass Converter(model, to) with the same two."
        )
    return converter


def _name(converter: Converter, source_identity: str | None) -> str | None:
    """Returns the source person as the model knows them, or None."""
    known = converter.source_identity if source_identity is None else source_identity
    if isinstance(known, np.ndarray) or is_anybody(known, converter.model):
        return None
    return known or other_person(converter.model, converter.identity)


def _check_sets(
    source: FaceSet, target_faces: FaceSet, source_faces: FaceSet, finder: FaceAligner
) -> None:
    """Refuses crops or landmarks that cannot be compared."""
    kinds = {
        "source": (source.face_type, source.landmarks),
        "target_faces": (target_faces.face_type, target_faces.landmarks),
        "source_faces": (source_faces.face_type, source_faces.landmarks),
        "aligner": (finder.face_type, finder.landmarks),
    }
    if len(set(kinds.values())) > 1:
        raise ValueError(
            f"Faces of different kinds were given: {kinds} (face type, landmarks). "
            "Expected the same kind everywhere. Extract all sets with one FaceAligner."
        )

"""`evaluate`: swaps held-out frames and measures the results."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion import latent_means
from deepface_models.conversion._options import is_anybody
from deepface_models.conversion.batches import decode_frames
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.conversion.people import other_person
from deepface_models.conversion.smoothing import smooth_faces
from deepface_models.core.arrays import Array
from deepface_models.core.progress import Progress, Report
from deepface_models.core.whole import whole_numbers
from deepface_models.evaluation import measures
from deepface_models.evaluation.baselines import MeanFace, Photographs
from deepface_models.evaluation.collect import Collected, Measurer
from deepface_models.evaluation.evaluation import Evaluation
from deepface_models.evaluation.frames import EvaluationFrame, choose, read_back
from deepface_models.evaluation.seen import Watcher
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
    mesh: bool = True,
    progress: bool | Report = True,
) -> Evaluation:
    """Measures a swap on frames that the model was not trained on.

    The frames are swapped in memory as by `convert`, and the face is detected again in
    each result. Identity, pose, expression, reconstruction, seam and jitter are
    measured, also for baselines that learned nothing; see `Evaluation`.

    Args:
        model: A `FaceSwap`, or anything with `image_size`, `identities` and
            `predict(images, identity=...)`.
        source: Held-out faces of the source person, whose images or videos must still
            be where they were extracted from; or an image or video of them.
        identity: The target person; one of `model.identities`.
        target_faces: Faces of the target person.
        source_faces: Faces of the source person, from other frames than `source`.
        converter: Makes the results; by default `Converter(model, identity,
            source_identity=source_identity)`. If its `source_identity` is "anybody",
            the mean latent is measured on `source_faces`.
        aligner: Finds the faces in the results; by default a `FaceAligner` with the
            set's settings. Pass the one that extracted the set, if it had a special
            detector.
        source_identity: The source person's name in `model.identities`, for the
            reconstruction; needed only for a model of three or more people. "anybody"
            is a person the model does not know; then nothing is reconstructed.
        limit: Most frames to measure, as runs of consecutive frames spread evenly.
        embed_every: Compute embeddings (0.1 s per face) only on every k-th frame.
        mesh: Also measure by the face mesh: size of movements, blinks, detail, colors
            and what is pasted beside the face, and measure the target's photographs
            too. Takes about 0.2 s a frame.
        progress: True shows a progress bar; a function is called with (frames done,
            total frames).

    Returns:
        An `Evaluation`; see its `table()`.

    Raises:
        FaceNotFoundError: A set is empty or has no embeddings, or `source` shows no
            face of the source person.
        ValueError: The sets differ in face type or landmarks, or the converter is for
            another model or identity.

    Example:
        >>> train, held_out = ana.split()  # doctest: +SKIP
        >>> people = {"target_faces": ben, "source_faces": train}  # doctest: +SKIP
        >>> result = evaluate(
        ...     model, held_out, identity="ben", **people
        ... )  # doctest: +SKIP
        >>> print(result.table())  # doctest: +SKIP
    """
    people = _embeddings(target_faces), _embeddings(source_faces)
    finder = _finder(aligner, source if isinstance(source, FaceSet) else target_faces)
    if not isinstance(source, FaceSet):
        extractor = finder.replace(embeddings=embed_every)
        source = extractor.extract(source, person=source_faces, progress=progress)
    _check_sets(source, target_faces, source_faces, finder)
    converter = _converter(converter, model, identity, source_identity)
    source_name = _source_name(converter, source_identity)
    converter = latent_means.from_person(converter, source_faces)
    frames = choose(source, people[1], limit)
    people_of_mean = {identity: target_faces}
    if source_name:
        people_of_mean[source_name] = source_faces
    size = getattr(model, "output_size", model.image_size)
    mean_face = MeanFace(people_of_mean, size)
    converters = {
        "swap": converter,
        "mean_face": converter.replace(model=mean_face, source_identity=None),
    }
    if mesh:
        converters["photographs"] = _photographs(converter, target_faces, size)
    watcher = Watcher(frames, target_faces) if mesh else None
    measurer = Measurer(finder, source_name, embed_every, watcher)
    with Progress(progress) as bar:
        bar.task("evaluate", len(frames))
        collected = _measure(frames, converters, measurer, bar)
    shapes = [_mean_shape(faces) for faces in (target_faces, source_faces)]
    summary, arrays = summarize(frames, collected, people, shapes, watcher)
    between = float(measures.embedding_distance(people[0], people[1]).mean())
    numbers = [(frame.source, frame.frame) for frame in frames]
    seen = {}
    if watcher is not None:
        seen = {"swap": collected["swap"].seen, "source": watcher.seen_sources()}
    return Evaluation(identity, source_name, between, numbers, summary, arrays, seen)


def swapped(
    converter: Converter, frames: Iterable[EvaluationFrame]
) -> Iterator[tuple[EvaluationFrame, DecodedFace]]:
    """Yields the frames with their decoded faces, smoothed over time as in a video."""
    items = ((frame, frame.image, (frame.run, frame.smoothed)) for frame in frames)
    for frame, face in smooth_faces(decode_frames(items, converter)):
        if face is not None:
            yield frame, face


def _photographs(converter: Converter, faces: FaceSet, size: int) -> Converter:
    """Returns a converter that pastes photographs of the target person as they are."""
    model = Photographs(faces, converter.identity, size, faces.face_type)
    return converter.replace(
        model=model, source_identity=None, neutral=converter.neutral, reshape=False
    )


def _measure(
    frames: list[EvaluationFrame],
    converters: dict[str, Converter],
    measurer: Measurer,
    bar: Progress,
) -> dict[str, Collected]:
    """Reads the frames once for all converters, a few at a time."""
    collected = {name: Collected() for name in converters}
    streams = itertools.tee(read_back(frames), len(converters))
    swaps = (swapped(*one) for one in zip(converters.values(), streams, strict=True))
    rows = zip(*swaps, strict=True)
    done = 0
    for _, run in itertools.groupby(rows, key=lambda row: row[0][0].run):
        while batch := list(itertools.islice(run, _BATCH)):
            for i, (name, converter) in enumerate(converters.items()):
                results = [row[i] for row in batch]
                measurer.add(collected[name], converter, results, done)
            done += len(batch)
            bar.advance(len(batch))
    return collected


def _embeddings(faces: FaceSet) -> Array:
    _ = faces.mean_embedding  # raises if there is none
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
    # Embeddings are computed here, on some frames only.
    return aligner.replace(embeddings=False)


def _converter(
    converter: Converter | None, model: Any, identity: str, source_identity: str | None
) -> Converter:
    if converter is None:
        return Converter(model, identity, source_identity=source_identity)
    if converter.model is not model or converter.identity != identity:
        raise ValueError(
            f"A converter for identity={converter.identity!r} with the model "
            f"{getattr(converter.model, 'name', '')!r} was given. Expected "
            f"identity={identity!r} with the model that is evaluated. Pass "
            "Converter(model, identity) with the same two."
        )
    return converter


def _source_name(converter: Converter, source_identity: str | None) -> str | None:
    """Returns the source person's identity in the model, or None."""
    known = converter.source_identity if source_identity is None else source_identity
    if isinstance(known, np.ndarray) or is_anybody(known, converter.model):
        return None
    return known or other_person(converter.model, converter.identity)


def _check_sets(
    source: FaceSet, target_faces: FaceSet, source_faces: FaceSet, finder: FaceAligner
) -> None:
    """Raises if crops or landmarks cannot be compared."""
    kinds = {
        "source": (source.face_type, source.landmarks),
        "target_faces": (target_faces.face_type, target_faces.landmarks),
        "source_faces": (source_faces.face_type, source_faces.landmarks),
        "aligner": (finder.face_type, finder.landmarks),
    }
    if len(set(kinds.values())) > 1:
        raise ValueError(
            f"Faces with different (face type, landmarks) were given: {kinds}. "
            "Expected the same everywhere. Extract all sets with one FaceAligner."
        )

"""Extraction: reads chunks of frames, finds faces in threads, writes them in order."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepface_models.core.errors import FaceNotFoundError, IntegrityError, MediaError
from deepface_models.core.files import sha256_file
from deepface_models.core.locks import hold_folder
from deepface_models.core.progress import Progress
from deepface_models.faces import embedding
from deepface_models.faces._chunks import chunk_length, most_waiting
from deepface_models.faces._reference import reference_embedding
from deepface_models.faces._sources import expand
from deepface_models.faces._store import encode_face, sweep_faces
from deepface_models.faces._table import Record
from deepface_models.faces._workers import EmbeddingWorkers
from deepface_models.faces.face import Face
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import (
    VideoFrame,
    media_kind,
    probe,
    read_image,
    read_video,
)
from deepface_models.media.folders import FILE_ERRORS, reason
from deepface_models.media.kinds import check_name

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner

_log = logging.getLogger("deepface_models")

_SAVE_EVERY = 2.0  # seconds
_SAVE_SHARE = 0.05  # largest share of the time to spend on saving
_SPARSE = 8  # every how many frames a face is embedded where only a person is sought


@dataclass
class _Chunk:
    """Frames processed together, and the unit of progress.

    A chunk is processed as a whole or not at all, so that an interrupted run ends with
    the same faces as an uninterrupted one.
    """

    source: str
    frames: list[VideoFrame]
    next_frame: int
    last: bool

    @property
    def nbytes(self) -> int:
        return sum(frame.image.nbytes for frame in self.frames)


class Extraction:
    """One call of `FaceAligner.extract`, which documents the arguments."""

    def __init__(
        self,
        aligner: FaceAligner,
        output: str | Path | None,
        every_n: int,
        person: Any,
        limit: int | None,
        progress: bool | Callable[[int, int | None], None],
        workers: int | None,
    ):
        self.aligner = aligner
        self.every_n = every_n
        self.limit = limit
        self.progress = progress
        self.workers = workers or min(4, os.cpu_count() or 1)
        self.person = reference_embedding(person, aligner)
        if self.person is not None and not aligner.embeddings:
            # needed to recognize the person
            self.aligner = aligner.replace(embeddings=_SPARSE)
        self.output = output
        self.frames = 0
        self.unreadable: dict[str, str] = {}
        self._digests: dict[str, str] = {}
        self._next_save = time.monotonic() + _SAVE_EVERY

    def run(self, source: str | Path | Sequence[str | Path]) -> FaceSet:
        """Processes the sources and returns the set."""
        sources, unreadable = expand(source, self.output)
        for path, why in unreadable.items():
            self._fail(path, why)
        with nullcontext() if self.output is None else hold_folder(self.output):
            self.set = self._open(self.output)
            sources = self._hash(sources)
            self._check_unchanged(sources)
            self._keep_whole_chunks()
            sources = self._skip_copies(sources)
            try:
                self._extract(sources)
            finally:
                self.set.save()
            return self._finish(sources)

    def _extract(self, sources: list[str]) -> None:
        helpers = EmbeddingWorkers(self.workers)
        bar = Progress(self.progress)
        with helpers, bar, ThreadPoolExecutor(self.workers) as pool:
            bar.task("extract", self._total(sources) if self.progress else None)
            waiting: deque[tuple[_Chunk, Future[list[Record]]]] = deque()
            for chunk in self._chunks(sources):
                future = pool.submit(self._find, chunk, helpers.embed)
                waiting.append((chunk, future))
                most = most_waiting(chunk.nbytes, self.workers)
                del chunk, future
                while len(waiting) > most and not self._full():
                    self._commit(*waiting.popleft(), bar)
                if self._full():
                    break
            while waiting and not self._full():
                self._commit(*waiting.popleft(), bar)
            for _, future in waiting:
                future.cancel()

    def _open(self, output: str | Path | None) -> FaceSet:
        ours = self.aligner
        settings = ours.image_size, ours.face_type, ours.landmarks
        expected = None
        if self.person is not None:
            expected = hashlib.sha256(self.person.tobytes()).hexdigest()[:16]
        options = {"every_n": self.every_n, "person": expected}
        if output is None:
            made = FaceSet(*settings)
        elif not (Path(output) / "faceset.json").exists():
            made = FaceSet.create(output, *settings)
        else:
            made = FaceSet.open(output)
            _check_settings(made, settings, options)
        made.options = options
        return made

    def _hash(self, sources: list[str]) -> list[str]:
        """Returns the sources that can be read, after noting their SHA-256."""
        for source in sources:
            try:
                check_name(Path(source))
                self._digests[source] = sha256_file(source)
            except FILE_ERRORS as error:
                self._fail(source, reason(Path(source), error))
        return [source for source in sources if source in self._digests]

    def _fail(self, source: str, why: str) -> None:
        _log.warning("%s", why)
        self.unreadable[source] = why

    def _check_unchanged(self, sources: list[str]) -> None:
        for source in sources:
            known = self.set.progress.get(source)
            if known is None or known["sha256"] == self._digests[source]:
                continue
            if known["status"] == "unreadable":
                del self.set.progress[source]  # it has been replaced by another copy
            else:
                raise IntegrityError(
                    f"{source} was changed since {self.set.folder} was started. "
                    "Expected the same bytes. Extract into a new folder."
                )

    def _skip_copies(self, sources: list[str]) -> list[str]:
        """Recognizes moved and copied files by their bytes.

        A copy is skipped: the same frames under two names could be in the training part
        and in the validation part of a split.
        """
        known = {state["sha256"]: name for name, state in self.set.progress.items()}
        kept: dict[str, None] = {}
        moved: dict[str, str] = {}
        for source in sources:
            digest = self._digest(source)
            former = known.setdefault(digest, source)
            if former != source and source not in self.set.progress:
                if Path(former).exists():
                    _log.warning("%s is a copy of %s and is skipped.", source, former)
                    source = former
                else:
                    moved[former] = known[digest] = source
            kept[source] = None
        if moved:
            self.set.move(moved)
        return list(kept)

    def _digest(self, source: str) -> str:
        known = self.set.progress.get(source)
        if known is not None:
            return str(known["sha256"])
        return self._digests[source]

    def _keep_whole_chunks(self) -> None:
        """Removes rows that were written after the last saved progress."""
        self.set.drop([self._is_saved(record) for record in self.set.records])
        if self.set.folder is not None:
            sweep_faces(self.set.folder, self.set._next)

    def _is_saved(self, record: Record) -> bool:
        known = self.set.progress.get(record.source)
        if known is None:
            return False
        return known["status"] == "done" or record.frame < known["next_frame"]

    def _chunks(self, sources: list[str]) -> Iterator[_Chunk]:
        for source in sources:
            known = self.set.progress.get(source)
            if known is None:
                known = {"sha256": self._digest(source)}
                known |= {"status": "partial", "next_frame": 0}
                self.set.progress[source] = known
            if known["status"] != "done":
                try:
                    yield from self._read(source, known["next_frame"])
                except FILE_ERRORS as error:
                    self._fail(source, reason(Path(source), error))
                    known["status"] = "unreadable"

    def _read(self, source: str, start: int) -> Iterator[_Chunk]:
        if media_kind(source) == "image":
            image = read_image(source)
            yield _Chunk(source, [VideoFrame(0, 0, 0.0, image)], 1, True)
            return
        frames = read_video(source, start=start, every_n=self.every_n)
        following = next(frames, None)
        if following is None:
            yield _Chunk(source, [], start, True)
        while following is not None:
            span = chunk_length(following.image.nbytes) * self.every_n
            end = (following.index // span + 1) * span
            held = []
            while following is not None and following.index < end:
                held.append(following)
                following = next(frames, None)
            yield _Chunk(source, held, end, following is None)
            del held

    def _find(self, chunk: _Chunk, embedder: Any) -> list[Record]:
        images = [frame.image for frame in chunk.frames]
        if len(images) == 1:
            found = [self.aligner._detect(images[0], embedder)]
        else:
            found = self.aligner.detect_frames(images, embedder)
        return [
            self._record(chunk.source, frame, face)
            for frame, faces in zip(chunk.frames, found, strict=True)
            for face in self._chosen(faces)
        ]

    def _record(self, source: str, frame: VideoFrame, face: Face) -> Record:
        image = self.aligner.align(frame.image, face)
        png = None if self.set.folder is None else encode_face(image)
        return Record(face, source, frame.index, frame.time, image=image, png=png)

    def _chosen(self, faces: list[Face]) -> list[Face]:
        """Returns the person's face (the nearest one), or all without a person."""
        if self.person is None or not faces:
            return faces
        distances = [
            float(np.min(embedding.distance(self.person, face.embedding)))
            for face in faces
            if face.embedding is not None
        ]
        best = int(np.argmin(distances))
        return [faces[best]] if distances[best] < embedding.SAME_PERSON else []

    def _commit(
        self, chunk: _Chunk, future: Future[list[Record]], bar: Progress
    ) -> None:
        records = future.result()
        left = None if self.limit is None else self.limit - len(self.set)
        truncated = left is not None and len(records) > left
        self.set.extend(records[:left])
        self.frames += len(chunk.frames)
        bar.advance(len(chunk.frames))
        if truncated:
            return  # the next call processes this chunk again
        state = self.set.progress[chunk.source]
        state["next_frame"] = chunk.next_frame
        state["status"] = "done" if chunk.last else "partial"
        self._save_regularly()

    def _save_regularly(self) -> None:
        """Saves progress every few seconds, less often where saving takes long.

        After a kill, faces found since the last save are found again. Saving after each
        image would take time that grows with the square of the number of images.
        """
        begun = time.monotonic()
        if begun >= self._next_save:
            self.set.save()
            ended = time.monotonic()
            self._next_save = ended + max(_SAVE_EVERY, (ended - begun) / _SAVE_SHARE)

    def _full(self) -> bool:
        return self.limit is not None and len(self.set) >= self.limit

    def _total(self, sources: list[str]) -> int | None:
        total = 0
        for source in sources:
            state = self.set.progress.get(source, {})
            if state.get("status") == "done":
                continue
            count = 1
            if media_kind(source) == "video":
                count = _frames(source)
            total += max(0, count - state.get("next_frame", 0)) // self.every_n
        return total or None

    def _finish(self, sources: list[str]) -> FaceSet:
        self.set.failed = self.unreadable
        if not len(self.set):
            if self.unreadable.keys() >= set(sources):
                raise MediaError(next(iter(self.unreadable.values())))
            who = "No face" if self.person is None else "No face of the person"
            raise FaceNotFoundError(
                f"{who} was found in {len(sources)} sources ({self.frames} frames were "
                f"searched, {len(self.unreadable)} sources are unreadable). Expected "
                "at least one. Use sharper or larger images with the face toward the "
                "camera."
            )
        if self.set.folder is not None:
            self.set.contact_sheet(self.set.folder / "sheet.png")
        return self.set


def _frames(video: str) -> int:
    try:
        info = probe(video)
    except FILE_ERRORS:  # reported when the file is read
        return 1
    return info.frames or round(float((info.duration or 0) * info.fps))


def _check_settings(
    found: FaceSet, settings: tuple[int, str, int], options: dict[str, Any]
) -> None:
    theirs = found.image_size, found.face_type, found.landmarks
    if theirs == settings and found.options in ({}, options):
        return
    raise ValueError(
        f"{found.folder} was extracted with (image_size, face_type, landmarks) = "
        f"{theirs} and {found.options}; now {settings} and {options} were given. "
        "Expected the same settings in one set. Choose another output folder."
    )

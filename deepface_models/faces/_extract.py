"""Extraction: a set of the faces that the video engine finds, written in order."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepface_models.core.errors import FaceNotFoundError, MediaError
from deepface_models.core.locks import hold_folder
from deepface_models.core.progress import Progress
from deepface_models.faces._reference import nearest, reference_embedding
from deepface_models.faces._resume import (
    check_unchanged,
    keep_whole_chunks,
    open_set,
    skip_copies,
)
from deepface_models.faces._sources import expand
from deepface_models.faces._store import encode_face
from deepface_models.faces._table import Record
from deepface_models.faces.align import align_part, visible_part
from deepface_models.faces.face import Face
from deepface_models.faces.faceset import FaceSet
from deepface_models.faces.video import (
    Chunk,
    default_workers,
    find_faces,
    frame_count,
    in_order,
    read_chunks,
)
from deepface_models.media import VideoFrame, media_kind
from deepface_models.media.folders import FILE_ERRORS, reason
from deepface_models.media.kinds import check_name
from deepface_models.media.sequence import source_sha256

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner

_log = logging.getLogger("deepface_models")

_SAVE_EVERY = 2.0  # seconds
_SAVE_SHARE = 0.05  # largest share of the time to spend on saving
_SPARSE = 8  # every how many frames a face is embedded where only a person is sought


@dataclass(frozen=True)
class _Found:
    """The faces of one chunk, which is the unit of progress.

    A chunk is added as a whole or not at all, so that an interrupted run ends with
    the same faces as an uninterrupted one.
    """

    source: str
    records: list[Record]
    frames: int
    next_frame: int
    last: bool


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
        self.workers = workers or default_workers()
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
            self.set = self._open()
            sources = self._hash(sources)
            check_unchanged(self.set, self._digests)
            keep_whole_chunks(self.set)
            sources = skip_copies(self.set, sources, self._digests)
            try:
                self._extract(sources)
            finally:
                self.set.save()
            return self._finish(sources)

    def _extract(self, sources: list[str]) -> None:
        if self._full():
            return
        bar = Progress(self.progress)
        with bar:
            bar.task("extract", self._total(sources) if self.progress else None)
            chunks = in_order(self._chunks(sources), self._find, self.workers)
            with closing(chunks):
                for found in chunks:
                    self._commit(found, bar)
                    if self._full():
                        break

    def _open(self) -> FaceSet:
        ours = self.aligner
        person = None
        if self.person is not None:
            person = hashlib.sha256(self.person.tobytes()).hexdigest()[:16]
        settings = ours.image_size, ours.face_type, ours.landmarks
        return open_set(
            self.output, settings, {"every_n": self.every_n, "person": person}
        )

    def _hash(self, sources: list[str]) -> list[str]:
        """Returns the sources that can be read, after noting their SHA-256."""
        for source in sources:
            try:
                check_name(Path(source))
                self._digests[source] = source_sha256(source)
            except FILE_ERRORS as error:
                self._fail(source, reason(Path(source), error))
        return [source for source in sources if source in self._digests]

    def _fail(self, source: str, why: str) -> None:
        _log.warning("%s", why)
        self.unreadable[source] = why

    def _chunks(self, sources: list[str]) -> Iterator[Chunk]:
        for source in sources:
            new = {"status": "partial", "next_frame": 0}
            if source not in self.set.progress:
                self.set.progress[source] = {"sha256": self._digests[source], **new}
            known = self.set.progress[source]
            if known["status"] != "done":
                try:
                    yield from read_chunks(
                        source, known["next_frame"], self.every_n, keep=True
                    )
                except FILE_ERRORS as error:
                    self._fail(source, reason(Path(source), error))
                    known["status"] = "unreadable"

    def _find(self, chunk: Chunk) -> _Found:
        found = find_faces(self.aligner, chunk)
        records = [
            self._record(str(chunk.source), frame, face)
            for frame, faces in zip(chunk.frames, found.faces, strict=True)
            for face in self._chosen(faces)
        ]
        count = len(chunk.frames)
        return _Found(str(chunk.source), records, count, chunk.next_frame, chunk.last)

    def _record(self, source: str, frame: VideoFrame, face: Face) -> Record:
        place = visible_part(face.matrix, face.image_size, frame.image.shape)
        part = frame.exact(*place)
        image = align_part(part, place, face.matrix, face.image_size)
        png = None if self.set.folder is None else encode_face(image)
        return Record(face, source, frame.index, frame.time, image=image, png=png)

    def _chosen(self, faces: list[Face]) -> list[Face]:
        """Returns the person's face (the nearest one), or all without a person."""
        if self.person is None:
            return faces
        known = [face for face in faces if face.embedding is not None]
        embeddings = [face.embedding for face in known if face.embedding is not None]
        which = nearest(self.person, embeddings)
        return [] if which is None else [known[which]]

    def _commit(self, found: _Found, bar: Progress) -> None:
        left = None if self.limit is None else self.limit - len(self.set)
        truncated = left is not None and len(found.records) > left
        self.set.extend(found.records[:left])
        self.frames += found.frames
        bar.advance(found.frames)
        if truncated:
            return  # the next call processes this chunk again
        state = self.set.progress[found.source]
        state["next_frame"] = found.next_frame
        if found.last:  # else as it is: reading may have failed further on
            state["status"] = "done"
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
        return frame_count(video) or 0
    except FILE_ERRORS:  # reported when the file is read
        return 1

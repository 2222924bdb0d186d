"""The one pass of analysis: all faces of a video by track, resumable and reusable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepface_models.core.arrays import Array
from deepface_models.core.errors import IntegrityError
from deepface_models.core.locks import hold_folder
from deepface_models.core.progress import Progress
from deepface_models.core.spans import WHOLE, Span, contains, span_name
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import _tracks_table
from deepface_models.faces._frames import Found
from deepface_models.faces._tracks_table import TrackedFace
from deepface_models.faces.align import align
from deepface_models.faces.face_tracks import INFO, TABLE, FaceTracks
from deepface_models.faces.tracks import Tracker, collect
from deepface_models.faces.video import (
    Chunk,
    find_faces,
    frame_count,
    in_order,
    read_chunks,
)
from deepface_models.media.sequence import (
    ImageSequence,
    Source,
    as_source,
    source_sha256,
)

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner

EMBED_EVERY = 32  # frames of a track for one embedding
MOST_SAMPLES = 256  # aligned faces kept in memory, spread evenly over the video
_SAVE_EVERY = 2.0  # seconds


@whole_numbers(workers=1)
def analyze(
    source: Source,
    folder: str | Path | None = None,
    aligner: FaceAligner | None = None,
    *,
    progress: bool | Callable[[int, int | None], None] = True,
    workers: int | None = None,
) -> FaceTracks:
    """Finds the faces of a video by track, for review, editing and `convert`.

    An interrupted call can be repeated: it continues where it stopped and gives the
    same result as an uninterrupted one. A finished one is opened.

    Args:
        source: A video or an image sequence.
        folder: Folder to write; None keeps the tracks in memory.
        aligner: Finds the faces; a `FaceAligner` by default.
        progress: True shows a progress bar; a function is called with (frames done,
            total frames or None).
        workers: Number of threads; by default one for each core, at most four.

    Returns:
        The tracks.

    Raises:
        IntegrityError: The folder holds edited tracks of another video or of other
            settings.
        InUseError: Another thread or process writes to the folder.
        MediaError: The video cannot be read.

    Example:
        >>> tracks = analyze("ana.mp4", "ana.tracks", progress=False)
        >>> tracks.skip(0)
        >>> tracks.save()
    """
    from deepface_models.faces.aligner import FaceAligner

    with Progress(progress) as bar:
        made = tracks_of(source, folder, aligner or FaceAligner(), bar, workers)
    if made.folder is not None and made.tracks:
        made.contact_sheet(source)
    return made


def tracks_of(
    source: Source,
    folder: str | Path | None,
    aligner: FaceAligner,
    bar: Progress,
    workers: int | None = None,
    span: Span = WHOLE,
) -> FaceTracks:
    """Is `analyze` without a contact sheet, for a part of the video.

    A folder that holds the tracks of a longer part is used, too.
    """
    source = as_source(source)
    with nullcontext() if folder is None else hold_folder(folder):
        made = _opened(source, folder, aligner, span)
        if not made.done:
            _Analysis(source, made, aligner, bar, workers).run()
        return made


def settings_of(aligner: FaceAligner) -> dict[str, Any]:
    """Returns the options that determine which faces are found, and where."""
    steps = getattr(aligner.detector, "steps", [aligner.detector])
    return {
        "version": 1,
        "detector": [getattr(s, "name", type(s).__name__) for s in steps],
        "landmarks": aligner.landmarks,
        "repeats": aligner.repeats,
        "max_faces": aligner.max_faces,
        "face_type": aligner.face_type,
    }


def holds_all(source: Source, folder: Path, aligner: FaceAligner, span: Span) -> bool:
    """Whether a folder holds the finished tracks of a part of a video."""
    if not (folder / INFO).exists():
        return False
    known = FaceTracks.open(folder)
    return (
        known.done
        and contains(known.span, span)
        and _found_with(known) == settings_of(aligner)
        and known.source["sha256"] == source_sha256(source)
    )


def _found_with(tracks: FaceTracks) -> dict[str, Any]:
    return {k: v for k, v in tracks.settings.items() if k != "image_size"}


def _opened(
    source: Path | ImageSequence,
    folder: str | Path | None,
    aligner: FaceAligner,
    span: Span,
) -> FaceTracks:
    """Returns the tracks in the folder if they are of this video and settings."""
    origin = {"name": source.name, "sha256": source_sha256(source)}
    settings = settings_of(aligner)
    fresh = FaceTracks(
        origin,
        {**settings, "image_size": aligner.image_size},
        aligner.image_size,
        None if folder is None else Path(folder),
        frames=span[0],
        samples={},
        span=span,
    )
    if folder is None or not (Path(folder) / INFO).exists():
        return fresh
    known = FaceTracks.open(folder)
    theirs = _found_with(known)
    same = known.source["sha256"] == origin["sha256"] and theirs == settings
    if same and contains(known.span, span):
        return known
    if known.is_edited:
        raise IntegrityError(
            f"{folder} holds edited tracks of {_part(known.source['name'], known.span)}"
            f" found with {theirs}; now {_part(source.name, span)} and {settings} were "
            "given. Expected the same video and settings, and no more frames. Choose "
            "another folder, or delete this one."
        )
    return fresh


def _part(name: str, span: Span) -> str:
    return name if span == WHOLE else f"frames {span_name(span)} of {name}"


@dataclass(frozen=True)
class _Piece:
    """What was found in a chunk."""

    places: list[tuple[int, float]]
    found: Found
    images: dict[tuple[int, int], Array]  # by place in `places` and among its faces


class _Analysis:
    """One call of `tracks_of`."""

    def __init__(
        self,
        source: Path | ImageSequence,
        tracks: FaceTracks,
        aligner: FaceAligner,
        bar: Progress,
        workers: int | None,
    ) -> None:
        self.source, self.tracks, self.bar, self.workers = source, tracks, bar, workers
        # As the tracks that are continued: their matrices lead to this size.
        self.finder = aligner.replace(
            embeddings=EMBED_EVERY, image_size=tracks.image_size
        )
        self.tracker, self.stride = Tracker(), 1
        self.next_save = time.monotonic() + _SAVE_EVERY

    @property
    def _begun(self) -> bool:
        return self.tracks.frames > self.tracks.span[0]

    def run(self) -> None:
        tracks = self.tracks
        self._continue()
        self.bar.task("find faces", self._total())
        chunks = read_chunks(self.source, tracks.frames, stop=tracks.span[1])
        with (
            self._table() as write,
            closing(in_order(chunks, self._search, self.workers)) as pieces,
        ):
            for piece in pieces:
                write(_tracks_table.as_text(self._commit(piece)))
                tracks.frames += len(piece.places)
                self._save_regularly()
        self.bar.done()
        tracks.done = True
        tracks.tracks = dict(sorted(tracks.tracks.items()))
        tracks.save()

    def _total(self) -> int | None:
        """Returns about how many frames are still to be analyzed."""
        ends = [frame_count(self.source), self.tracks.span[1]]
        end = min((one for one in ends if one is not None), default=None)
        return None if end is None else max(0, end - self.tracks.frames)

    def _continue(self) -> None:
        """Restores the state after the frames analyzed so far."""
        tracks = self.tracks
        if tracks.folder is not None and self._begun:
            _tracks_table.truncate(tracks.folder / TABLE, tracks.frames)
        by_frame: dict[int, list[tuple[int, Any]]] = {}
        for number, track in tracks.tracks.items():
            for frame, face in zip(track.frames, track.faces, strict=True):
                by_frame.setdefault(frame, []).append((number, face))
        for frame in sorted(by_frame):
            faces = [face for _, face in sorted(by_frame[frame], key=_largest_first)]
            self.tracker.add(frame, faces, self._cut_since(frame, by_frame))

    def _cut_since(self, frame: int, by_frame: Any) -> bool:
        """Whether a scene began since the last frame with faces."""
        before = max((f for f in by_frame if f < frame), default=-1)
        return any(before < cut <= frame for cut in self.tracks.cuts)

    def _search(self, chunk: Chunk) -> _Piece:
        found = find_faces(self.finder, chunk, fill=False)
        images = {
            (i, j): align(frame.image, face.matrix, face.image_size)
            for i, (frame, faces) in enumerate(
                zip(chunk.frames, found.faces, strict=True)
            )
            for j, face in enumerate(faces)
            if frame.index % self.stride == 0
        }
        places = [(frame.index, frame.time) for frame in chunk.frames]
        return _Piece(places, found, images)

    def _commit(self, piece: _Piece) -> list[TrackedFace]:
        tracks, rows = self.tracks, []
        for i, (index, seconds) in enumerate(piece.places):
            if i in piece.found.cuts:
                tracks.cuts.append(index)
            faces = [_tracks_table.rounded(face) for face in piece.found.faces[i]]
            # Rounding may have changed the order, in which a later call reads them.
            order = sorted(range(len(faces)), key=lambda j: -faces[j].box.area)
            faces = [faces[j] for j in order]
            numbers = self.tracker.add(index, faces, index in tracks.cuts[-1:])
            collect(tracks.tracks, index, faces, numbers)
            for j, face, number in zip(order, faces, numbers, strict=True):
                rows.append(TrackedFace(index, seconds, number, face))
                self._sample(index, number, piece.images.get((i, j)))
            self.bar.advance()
        if len(piece.places) in piece.found.cuts:
            tracks.cuts.append(piece.places[-1][0] + 1)
        return rows

    def _sample(self, frame: int, number: int, image: Array | None) -> None:
        """Keeps an aligned face; fewer frames' faces once there are many."""
        samples = self.tracks.samples
        if samples is None or image is None or frame % self.stride:
            return
        samples[frame, number] = image
        while len(samples) > MOST_SAMPLES and self.stride < frame:
            self.stride *= 2
            for place in [p for p in samples if p[0] % self.stride]:
                del samples[place]

    @contextmanager
    def _table(self) -> Iterator[Callable[[str], Any]]:
        folder = self.tracks.folder
        if folder is None:
            yield lambda text: None
            return
        mode = "a" if self._begun else "w"
        with open(folder / TABLE, mode, encoding="utf-8", newline="") as table:
            if mode == "w":
                table.write(_tracks_table.as_text([], header=True))

            def write(text: str) -> None:
                table.write(text)
                table.flush()

            yield write

    def _save_regularly(self) -> None:
        if time.monotonic() >= self.next_save:
            self.tracks.save()
            self.next_save = time.monotonic() + _SAVE_EVERY


def _largest_first(one: tuple[int, Any]) -> float:
    return -float(one[1].box.area)

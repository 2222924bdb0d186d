"""The report of a conversion: counts, failures and the time of each stage."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deepface_models.core.display import message, one_line
from deepface_models.core.words import many

_log = logging.getLogger("deepface_models")


_SPANS = 8  # of frames that are named in a summary
_COUNTS = ("without_face", "faces_skipped", "files")


@dataclass
class ConversionReport:
    """What `convert` did.

    Attributes:
        output: The file or folder written.
        frames: Frames written; an image counts as one.
        swapped: Frames with a swapped face.
        turned: Frames with a swapped face whose head is turned farther than that of
            the target person in the faces of the training. They are the first to
            look at: the model has not seen such faces. 0 if the model does not know.
        without_face: Frames written unchanged because the source person is not there.
        faces_skipped: Faces that were not swapped because they are somebody else's.
        files: Files written.
        resumed: Files that an earlier, interrupted run had finished.
        failed: The reason for each file of a folder that could not be converted, by
            name.
        left_out: How many entries of a folder are neither image nor video, by kind.
        notes: A sentence about each property of a video that its result lacks, such as
            subtitles or 10 bits; for a folder with the name of the file.
        tracks: Folder with all faces of the video, to review and edit; see
            `FaceTracks`. None for images and folders.
        settings: File with the settings, for `replay`; None if they were not saved.
        seconds: Time of each stage: read, detect, track, latent_mean, decode, blend,
            write and sign for videos; read, swap, write and sign for images. Reading,
            decoding, blending and writing of a video overlap.
        turned_frames: The numbers of the `turned` frames of a video.
    """

    output: Path
    frames: int = 0
    swapped: int = 0
    turned: int = 0
    without_face: int = 0
    faces_skipped: int = 0
    files: int = 0
    resumed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    tracks: Path | None = None
    settings: Path | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    turned_frames: list[int] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Context manager that adds the time of its block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def add(self, other: ConversionReport) -> None:
        """Adds the counts and times of one file's report."""
        for name in ("frames", "swapped", "turned", *_COUNTS):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.notes += [f"{other.output.name}: {note}" for note in other.notes]
        for name, spent in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def fail(self, name: str, why: str) -> None:
        """Records and logs that a file of a folder could not be converted."""
        _log.warning("%s", why)
        self.failed[name] = why

    def to_json(self) -> dict[str, Any]:
        """Returns the report as values that can be written as JSON."""
        paths = {name: getattr(self, name) for name in ("output", "tracks", "settings")}
        texts = {name: path and str(path) for name, path in paths.items()}
        return {**asdict(self), **texts}

    def summary(self) -> str:
        """Returns the report as one or two sentences."""
        lines = [
            f"{self.swapped} of {many(self.frames, 'frame')} swapped in "
            f"{one_line(self.output)}; {self.without_face} without the face, left "
            f"unchanged; {many(self.faces_skipped, 'face')} of other people, not "
            "swapped."
        ]
        if self.tracks is not None:
            lines.append(f"All faces by track: {one_line(self.tracks)}")
        if self.turned:
            turned = many(self.turned, "frame") + _spans(self.turned_frames)
            lines.append(
                f"In {turned} the head is turned farther than in the faces of the "
                "training; look at these first."
            )
        if self.resumed:
            lines.append(f"{many(self.resumed, 'file')} already finished.")
        failed = self.failed.items()
        lines += [f"{one_line(name)} failed: {message(why)}" for name, why in failed]
        return "\n".join(lines)


def _spans(frames: list[int]) -> str:
    """Returns the first frames' numbers, such as " (0 to 7, 31)"."""
    there = set(frames)
    starts = [n for n in frames if n - 1 not in there]
    ends = [n for n in frames if n + 1 not in there]
    spans = [
        f"{a} to {b}" if a < b else f"{a}" for a, b in zip(starts, ends, strict=True)
    ]
    more = ", ..." if len(spans) > _SPANS else ""
    return f" ({', '.join(spans[:_SPANS])}{more})" if spans else ""

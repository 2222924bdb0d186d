"""`FaceTracks`: all faces of a video by track, in a folder that can be edited."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepface_models.core.arrays import Array
from deepface_models.core.checked import read_versioned
from deepface_models.core.files import write_json
from deepface_models.core.locks import hold_folder
from deepface_models.core.sheet import grid
from deepface_models.core.spans import WHOLE, Span, span_of
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import _tracks_table
from deepface_models.faces.align import align
from deepface_models.faces.tracks import Track
from deepface_models.media import read_video, write_image
from deepface_models.media.sequence import Source

VERSION = 1
INFO, TABLE, SHEET = "tracks.json", "faces.csv", "sheet.png"


@dataclass(eq=False)
class FaceTracks:
    """The faces of a video, found once, by track: one face in frames of one scene.

    On disk it is a folder: `faces.csv` (one row for each face, opened by pandas: frame,
    time, track, box, landmarks, matrix and, for a few faces of a track, embedding),
    `tracks.json` (source, settings, cuts and edits) and `sheet.png` (faces of each
    track, to review). It is made by `analyze` and by `convert`, which use a finished
    one again.

    Attributes:
        folder: The folder; None if it is only in memory.
        source: Name and SHA-256 of the video.
        settings: What determines the faces found: detector, landmarks, ...
        image_size: Side of the aligned faces that the matrices lead to, in pixels.
        frames: Number of the first frame that is not analyzed yet.
        done: Whether all frames of `span` are analyzed.
        cuts: Numbers of the frames that begin a new scene.
        tracks: The tracks by number, as found.
        skipped: Numbers of tracks whose face is never swapped.
        merged: The number of the track that a track was merged into.
        people: The person that a track was assigned to.
        samples: Aligned faces by (frame, track) that the analysis kept in memory; None
            after opening a folder.
        span: The part of the video to analyze: the number of its first frame, and of
            the frame to stop before, or None for the end of the video.
    """

    source: dict[str, str]
    settings: dict[str, Any]
    image_size: int
    folder: Path | None = None
    frames: int = 0
    done: bool = False
    cuts: list[int] = field(default_factory=list)
    tracks: dict[int, Track] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    merged: dict[int, int] = field(default_factory=dict)
    people: dict[int, str] = field(default_factory=dict)
    samples: dict[tuple[int, int], Array] | None = field(default=None, repr=False)
    span: Span = WHOLE

    @classmethod
    def open(cls, folder: str | Path) -> FaceTracks:
        """Opens a folder that `analyze` or `convert` wrote.

        Raises:
            FileNotFoundError: The folder holds no tracks.
            MediaError: A file of it is damaged or from a later version.
        """
        folder = Path(folder)
        info = _read_info(folder)
        settings = dict(info["settings"])
        made = cls(info["source"], settings, int(settings.get("image_size", 0)), folder)
        made.frames, made.done = info["frames"], info["status"] == "done"
        made.span = span_of(info.get("span"))
        made.cuts, made.skipped = info["cuts"], set(info["skipped"])
        made.merged = {int(n): into for n, into in info["merged"].items()}
        made.people = {int(n): person for n, person in info["people"].items()}
        made.tracks = _tracks_table.read(folder / TABLE, made.image_size, made.frames)
        return made

    def save(self) -> None:
        """Writes source, settings and edits to `tracks.json`."""
        if self.folder is None:
            return
        info = {
            "version": VERSION,
            "source": self.source,
            "settings": self.settings,
            "status": "done" if self.done else "partial",
            "frames": self.frames,
            "span": list(self.span),
            "cuts": self.cuts,
            "skipped": sorted(self.skipped),
            "merged": {str(n): into for n, into in sorted(self.merged.items())},
            "people": {str(n): person for n, person in sorted(self.people.items())},
        }
        with hold_folder(self.folder):
            if (self.folder / TABLE).exists():
                with open(self.folder / TABLE, "rb+") as table:
                    os.fsync(table.fileno())  # before the count of its frames
            write_json(self.folder / INFO, info)

    @property
    def is_edited(self) -> bool:
        """Whether a track was skipped, merged or assigned."""
        return bool(self.skipped or self.merged or self.people)

    def skip(self, *numbers: int) -> None:
        """Excludes tracks: their faces are never swapped."""
        self._check(numbers)
        self.skipped |= set(numbers)

    def keep(self, *numbers: int) -> None:
        """Takes back every edit of tracks."""
        self._check(numbers)
        self.skipped -= set(numbers)
        for number in numbers:
            self.merged.pop(number, None)
            self.people.pop(number, None)

    @whole_numbers(into=0)
    def merge(self, into: int, *numbers: int) -> None:
        """Declares that tracks show the same person as the track `into`."""
        self._check((into, *numbers))
        into = self.merged.get(into, into)
        others = {n for n in numbers if n != into}
        # What was merged into one of them moves along.
        others |= {n for n, before in self.merged.items() if before in others}
        self.merged |= dict.fromkeys(others, into)

    @whole_numbers(number=0)
    def assign(self, number: int, person: str) -> None:
        """Declares whom a track shows, by a name for `convert(people=)`."""
        self._check((number,))
        if not person.strip():
            raise ValueError(
                f"person={person!r} was given for track {number}. Expected a name. "
                "Use keep to take an assignment back."
            )
        self.people[number] = person

    def _check(self, numbers: Collection[int]) -> None:
        unknown = [n for n in numbers if n not in self.tracks]
        if unknown:
            raise ValueError(
                f"The track {unknown[0]} was given. Expected one of the "
                f"{len(self.tracks)} tracks from 0 to {max(self.tracks, default=0)}. "
                "Look at the numbers in sheet.png."
            )

    def groups(self) -> dict[int, list[int]]:
        """Returns the tracks that were not skipped, by the track they are merged to."""
        found: dict[int, list[int]] = {}
        for number in self.tracks:
            if number not in self.skipped:
                found.setdefault(self.merged.get(number, number), []).append(number)
        return found

    @whole_numbers(number=0)
    def person_of(self, number: int) -> str | None:
        """Returns the person a track was assigned to, itself or by merging."""
        return self.people.get(number, self.people.get(self.merged.get(number, -1)))

    def rows(self) -> list[dict[str, Any]]:
        """Returns one row for each track: its frames, the face's width, the edits."""
        return [
            {
                "track": number,
                "first": track.frames[0],
                "last": track.frames[-1],
                "frames": len(track),
                "width": round(sum(f.box.width for f in track.faces) / len(track)),
                "skipped": number in self.skipped,
                "merged": self.merged.get(number),
                "person": self.person_of(number),
            }
            for number, track in self.tracks.items()
        ]

    @whole_numbers(columns=1)
    def contact_sheet(
        self,
        source: Source | None = None,
        path: str | Path | None = None,
        columns: int = 8,
    ) -> Array:
        """Makes an image with a few faces of each track in a row, with its number.

        Args:
            source: The video, which is read for the faces; not needed for tracks that
                were just found.
            path: File to write; by default `sheet.png` in the folder, if there is one.
            columns: Faces of each track.

        Returns:
            (H, W, 3) uint8, RGB.

        Raises:
            ValueError: There is no track, or the video is needed.
        """
        known = self.samples
        shown: dict[int, list[int]] = {}
        for number, track in self.tracks.items():
            at = track.frames
            if known is not None:
                at = [frame for frame in at if (frame, number) in known] or at[:1]
            shown[number] = [at[i] for i in _evenly(len(at), columns)]
        places = {(frame, n) for n, frames in shown.items() for frame in frames}
        if known is None or not places <= known.keys():
            known = self._cut(source, places)
        images = [[known[frame, n] for frame in shown[n]] for n in shown]
        sheet = grid(images, labels=[str(number) for number in shown])
        if path is None and self.folder is not None:
            path = self.folder / SHEET
        if path is not None:
            write_image(path, sheet)
        return sheet

    def _cut(
        self, source: Source | None, places: Collection[tuple[int, int]]
    ) -> dict[tuple[int, int], Array]:
        if source is None:
            raise ValueError(
                "source=None was given. Expected the video, as the faces are no longer "
                f"in memory. Pass the path of {self.source['name']}."
            )
        return cut_faces(source, self.tracks, places)


def cut_faces(
    source: Source,
    tracks: Mapping[int, Track],
    places: Collection[tuple[int, int]],
) -> dict[tuple[int, int], Array]:
    """Reads a video and returns the aligned faces by (frame, track)."""
    by_frame: dict[int, list[int]] = {}
    for frame, number in places:
        by_frame.setdefault(frame, []).append(number)
    found = {}
    first, last = min(by_frame, default=0), max(by_frame, default=-1)
    for shot in read_video(source, first, last + 1):
        for number in by_frame.get(shot.index, ()):
            track = tracks[number]
            face = track.faces[track.frames.index(shot.index)]
            image = align(shot.image, face.matrix, face.image_size)
            found[shot.index, number] = image
    return found


def _evenly(count: int, most: int) -> list[int]:
    shown = min(count, most)
    return [int((i + 0.5) * count / shown) for i in range(shown)]


def _read_info(folder: Path) -> dict[str, Any]:
    path = folder / INFO
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no tracks ({INFO} is missing). Expected a folder written "
            "by analyze or convert. Check the path, or analyze the video first."
        )
    info: dict[str, Any] = read_versioned(
        path,
        "tracks",
        VERSION,
        "Expected the settings of tracks. Delete the folder and analyze the video "
        "again.",
    )
    return info

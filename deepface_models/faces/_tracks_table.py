"""The table of a video's faces: one CSV row for each face, in order of frames."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepface_models.core.checked import convert
from deepface_models.core.errors import MediaError
from deepface_models.core.files import atomic_path
from deepface_models.faces._table import FACE_COLUMNS, face_of, face_values
from deepface_models.faces.face import Face
from deepface_models.faces.tracks import Track

COLUMNS = ("frame", "time", "track", *FACE_COLUMNS)


@dataclass(frozen=True)
class TrackedFace:
    """A face of a frame, with the number of its track."""

    frame: int
    time: float
    track: int
    face: Face


def rounded(face: Face) -> Face:
    """Returns a face as it is read from the table, so that both are the same."""
    return face_of(face_values(face), face.image_size)


def as_text(rows: Iterable[TrackedFace], header: bool = False) -> str:
    """Returns the rows as CSV lines, each ended by a line feed."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    if header:
        writer.writeheader()
    for row in rows:
        place = {"frame": row.frame, "time": round(row.time, 6), "track": row.track}
        writer.writerow(place | face_values(row.face))
    return out.getvalue()


def truncate(path: Path, frames: int) -> None:
    """Removes the rows from frame `frames` on, and an incomplete last row."""
    data = path.read_bytes()
    lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
    kept = [line for line in lines[1:] if int(line.split(b",", 1)[0]) < frames]
    with atomic_path(path) as place:
        place.write_bytes(b"".join([lines[0], *kept]))


def read(path: Path, image_size: int, frames: int) -> dict[int, Track]:
    """Reads the tracks of a table, as far as its first `frames` frames.

    Raises:
        MediaError: It is not such a table, or lacks rows.
    """
    tracks: dict[int, Track] = {}
    try:
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1].decode("utf-8")
        for row in csv.DictReader(io.StringIO(whole, newline="")):
            values = convert(row, "tracked_face")
            if values["frame"] < frames:
                _add(tracks, values, image_size)
    except (OSError, csv.Error, UnicodeDecodeError, ValueError) as error:
        raise MediaError(
            f"{path} is damaged ({error}). Expected the table of a video's faces, CSV "
            "in UTF-8. Delete its folder and analyze the video again."
        ) from error
    return dict(sorted(tracks.items()))


def _add(tracks: dict[int, Track], values: dict[str, Any], image_size: int) -> None:
    track = tracks.setdefault(values["track"], Track())
    if track.frames and values["frame"] <= track.frames[-1]:
        raise ValueError(f"track {values['track']} is not in order of frames")
    track.frames.append(values["frame"])
    track.faces.append(face_of(values, image_size))

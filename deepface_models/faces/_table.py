"""The table of a face set: one CSV row per face, readable after any interruption."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.checked import convert, decode
from deepface_models.core.errors import MediaError
from deepface_models.faces.face import Box, Face

_BOX = ("left", "top", "right", "bottom")
_MEASURES = ("blur", "yaw", "pitch", "roll")
_MATRIX = ("m00", "m01", "m02", "m10", "m11", "m12")
_FILE = re.compile(r"faces/[0-9]{6,12}\.png")
_EMBEDDING = 128
FACE_COLUMNS = (
    *(*_BOX, "score", "detector", *_MEASURES, *_MATRIX, "landmarks", "embedding"),
)
COLUMNS = ("file", "source", "frame", "time", *FACE_COLUMNS)


@dataclass(frozen=True, eq=False)
class Record:
    """One face of a set: the face, where it came from and where its image is.

    Attributes:
        face: Geometry and measures.
        source: The image or video it was found in.
        frame: Number of the frame, 0 for an image.
        time: Seconds from the start of the video.
        file: Path of the aligned image relative to the set's folder.
        image: (S, S, 3) uint8, or None if it is not held in memory.
        png: The same image as PNG bytes, or None if it is not encoded yet.
    """

    face: Face
    source: str = ""
    frame: int = 0
    time: float = 0.0
    file: str = ""
    image: Array | None = field(default=None, repr=False)
    png: bytes | None = field(default=None, repr=False)


def to_row(record: Record) -> dict[str, Any]:
    """Returns the record as plain values for one row of the table."""
    row = {"file": record.file, "source": record.source, "frame": record.frame}
    row |= {"time": round(record.time, 6), **face_values(record.face)}
    return {name: row[name] for name in COLUMNS}


def from_row(row: Mapping[Any, Any], image_size: int) -> Record:
    """Returns the record of a row as read from the file (all values are text).

    Raises:
        ValueError: It is not a row of this table.
    """
    values = convert(row, "face")
    face = face_of(values, image_size)
    return Record(face, *(values[k] for k in ("source", "frame", "time", "file")))


def face_values(face: Face) -> dict[str, Any]:
    """Returns a face as plain values, rounded."""
    row: dict[str, Any] = {"score": round(face.score, 4), "detector": face.detector}
    row |= {k: round(v, 2) for k, v in zip(_BOX, face.box.as_tuple(), strict=True)}
    for name in _MEASURES:
        value = getattr(face, name)
        row[name] = None if value is None else round(value, 4)
    row |= dict(zip(_MATRIX, face.matrix.ravel().tolist(), strict=True))
    row["landmarks"] = json.dumps(np.round(face.landmarks.astype(float), 3).tolist())
    row["embedding"] = _encode(face.embedding)
    return row


def face_of(values: Mapping[str, Any], image_size: int) -> Face:
    """Returns the face of `face_values`.

    Raises:
        ValueError: Landmarks or embedding are no such arrays.
    """
    landmarks = convert(decode(values["landmarks"]), "landmarks")
    known = {k: values[k] for k in _MEASURES}
    return Face(
        box=Box(*(values[k] for k in _BOX)),
        landmarks=np.array(landmarks, np.float32),
        score=values["score"],
        detector=values["detector"],
        matrix=np.array([values[k] for k in _MATRIX]).reshape(2, 3),
        image_size=image_size,
        embedding=_decode(values["embedding"]),
        **{k: None if v in ("", None) else v for k, v in known.items()},
    )


def as_text(records: Iterable[Record], header: bool = False) -> str:
    """Returns the records as CSV lines, each ended by a line feed."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(to_row(record) for record in records)
    return out.getvalue()


def read_table(path: Path, image_size: int) -> tuple[list[Record], bool]:
    """Reads the complete rows of a table.

    Args:
        path: The CSV file; it may be missing.
        image_size: Side of the aligned faces in pixels.

    Returns:
        The records, and whether every line was complete. A last line that an
        interrupted write left incomplete is not returned.

    Raises:
        MediaError: It is not text, or names files outside the set.
    """
    if not path.is_file():
        return [], False
    data = path.read_bytes()
    records = []
    damaged = not data.endswith(b"\n")
    try:
        whole = data[: data.rfind(b"\n") + 1].decode("utf-8")
        for row in csv.DictReader(io.StringIO(whole, newline="")):
            _check_file(row.get("file"), path)
            try:
                records.append(from_row(row, image_size))
            except ValueError:
                damaged = True
    except (UnicodeDecodeError, csv.Error) as error:
        raise MediaError(
            f"{path} is damaged ({error}). Expected the table of a face set, CSV in "
            "UTF-8. Copy the set again, or extract it again into a new folder."
        ) from error
    return records, not damaged


def _check_file(name: Any, path: Path) -> None:
    """Refuses a name that could lead out of the set, since images get deleted."""
    if name is not None and not _FILE.fullmatch(name):
        raise MediaError(
            f"{path} names the image {ascii(name)[:100]}. Expected names such as "
            "faces/000000.png, as a set holds its images itself. Do not use this set "
            "unless you know who wrote it; extract a new one."
        )


def _encode(embedding: Array | None) -> str:
    if embedding is None:
        return ""
    return base64.b64encode(np.asarray(embedding, "<f4").tobytes()).decode("ascii")


def _decode(text: str) -> Array | None:
    if not text:
        return None
    values = np.frombuffer(base64.b64decode(text, validate=True), "<f4").copy()
    if values.shape != (_EMBEDDING,):
        raise ValueError(f"{len(values)} values in an embedding")
    return values

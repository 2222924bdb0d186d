"""The table of a face set: one CSV row a face, readable after any interruption."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .face import Box, Face

Array = NDArray[Any]

_BOX = ("left", "top", "right", "bottom")
_MEASURES = ("blur", "yaw", "pitch", "roll")
_MATRIX = ("m00", "m01", "m02", "m10", "m11", "m12")
COLUMNS = (
    *("file", "source", "frame", "time", *_BOX, "score", "detector", *_MEASURES),
    *(*_MATRIX, "landmarks", "embedding"),
)


@dataclass(frozen=True, eq=False)
class Record:
    """One face of a set: the face, where it came from and where its picture is.

    Attributes:
        face: Geometry and measures.
        source: The picture or video it was found in.
        frame: Number of the frame, 0 for a picture.
        time: Seconds from the start of the video.
        file: Path of the aligned picture relative to the set's folder.
        image: (S, S, 3) uint8 when it is held in memory.
        png: The same encoded, when that was done ahead.
    """

    face: Face
    source: str = ""
    frame: int = 0
    time: float = 0.0
    file: str = ""
    image: Array | None = field(default=None, repr=False)
    png: bytes | None = field(default=None, repr=False)


def to_row(record: Record) -> dict[str, Any]:
    """The record as plain values for one row of the table."""
    face = record.face
    row: dict[str, Any] = {
        "file": record.file,
        "source": record.source,
        "frame": record.frame,
        "time": round(record.time, 6),
        "score": round(face.score, 4),
        "detector": face.detector,
    }
    row |= {k: round(v, 2) for k, v in zip(_BOX, face.box.as_tuple(), strict=True)}
    for name in _MEASURES:
        value = getattr(face, name)
        row[name] = None if value is None else round(value, 4)
    row |= dict(zip(_MATRIX, face.matrix.ravel().tolist(), strict=True))
    row["landmarks"] = json.dumps(np.round(face.landmarks.astype(float), 3).tolist())
    row["embedding"] = _encode(face.embedding)
    return {name: row[name] for name in COLUMNS}


def from_row(row: dict[str, str], image_size: int) -> Record:
    """The record of a row as it was read from the file (all values text)."""
    measures = {k: float(row[k]) if row[k] else None for k in _MEASURES}
    face = Face(
        box=Box(*(float(row[k]) for k in _BOX)),
        landmarks=np.array(json.loads(row["landmarks"]), np.float32),
        score=float(row["score"]),
        detector=row["detector"],
        matrix=np.array([float(row[k]) for k in _MATRIX]).reshape(2, 3),
        image_size=image_size,
        embedding=_decode(row["embedding"]),
        **measures,
    )
    place = row["source"], int(row["frame"]), float(row["time"]), row["file"]
    return Record(face, *place)


def as_text(records: Iterable[Record], header: bool = False) -> str:
    """The records as CSV lines, each ended by a line feed."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(to_row(record) for record in records)
    return out.getvalue()


def read_table(path: Path, image_size: int) -> tuple[list[Record], bool]:
    """Reads the whole rows of a table.

    Args:
        path: The CSV file; it may be missing.
        image_size: Side of the aligned faces in pixels.

    Returns:
        The records, and whether every line was whole. A last line that an
        interrupted write left incomplete is not returned.
    """
    if not path.is_file():
        return [], False
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1].decode("utf-8")
    records = []
    torn = len(whole.encode()) != len(data)
    for row in csv.DictReader(io.StringIO(whole, newline="")):
        try:
            records.append(from_row(row, image_size))
        except (ValueError, TypeError, KeyError):
            torn = True
    return records, not torn


def _encode(embedding: Array | None) -> str:
    if embedding is None:
        return ""
    return base64.b64encode(np.asarray(embedding, "<f4").tobytes()).decode("ascii")


def _decode(text: str) -> Array | None:
    if not text:
        return None
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").copy()

"""Patches for compositors: each face with its mask, matrix and metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion._outputs import tags_of
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.core.arrays import Array
from deepface_models.core.files import atomic_path, sweep, write_json
from deepface_models.core.locks import hold_folder
from deepface_models.core.synthetic import NOTICE
from deepface_models.faces.align import invert, transform_points
from deepface_models.media import write_image
from deepface_models.media.wide_png import as_uint16
from deepface_models.provenance import Certificate, Record, sign

VERSION = 1


@dataclass(frozen=True)
class PatchWriter:
    """Writes what is put into each frame as files for a compositor.

    A face of frame 120 in track 0 becomes `000120_0.face.png` (16-bit RGB, the face in
    the frame's colors), `000120_0.mask.png` (16-bit gray, after `erode` and `feather`)
    and `000120_0.json`, which is written last and has the matrices between the pixels
    of frame and face.

    Attributes:
        folder: The folder to write.
        record: Returns the record of a frame.
        certificate: Signs the images; None for the own one.
        number: Returns the number of a frame in the names of the files.
    """

    folder: Path
    record: Callable[[int], Record]
    certificate: Certificate | None
    number: Callable[[int], int]

    @contextmanager
    def opened(self) -> Iterator[PatchWriter]:
        """Context manager that keeps others from writing the folder."""
        with hold_folder(self.folder):
            sweep(self.folder)
            yield self

    def write(
        self,
        frame: int,
        seconds: float,
        image: Array,
        faces: Sequence[tuple[Converter, DecodedFace | None]],
    ) -> None:
        """Writes the faces of one frame."""
        there = [(converter, face) for converter, face in faces if face is not None]
        if not there:
            return
        record = self.record(frame)
        tracks = [face.track for _, face in there]
        if len(set(tracks)) < len(tracks):  # an image has none
            tracks = list(range(len(there)))
        for track, (converter, face) in zip(tracks, there, strict=True):
            name = f"{self.number(frame):06d}_{track}"
            self._write(name, record, converter, face, image, frame, seconds)

    def _write(
        self,
        name: str,
        record: Record,
        converter: Converter,
        face: DecodedFace,
        image: Array,
        frame: int,
        seconds: float,
    ) -> None:
        color, mask, *_, blend, sharpen, grain = converter._pasted(image, face)
        facts = {
            "frame": frame,
            "number": self.number(frame),
            "seconds": round(seconds, 6),
            "track": face.track,
            "identity": converter.identity,
        }
        names = {"face": f"{name}.face.png", "mask": f"{name}.mask.png"}
        for kind, pixels in (("face", color), ("mask", mask)):
            self._image(names[kind], pixels, record, {**facts, "patch": kind})
        value = {
            "version": VERSION,
            "synthetic": True,
            "notice": NOTICE,
            **facts,
            **names,
            "face_size": len(color),
            "frame_size": [image.shape[1], image.shape[0]],
            **_geometry(face),
            "blend": blend,
            "sharpen": float(np.max(sharpen)),
            "sharpen_skin": float(np.min(sharpen)),
            "grain": None if grain is None else asdict(grain),
            "record": record.to_dict(),
        }
        write_json(self.folder / f"{name}.json", value)

    def _image(
        self, name: str, pixels: Array, record: Record, facts: dict[str, Any]
    ) -> None:
        mine = replace(record, details={**record.details, **facts})
        with atomic_path(self.folder / name, wait=None, apart=True) as place:
            write_image(place, as_uint16(pixels), tags_of(mine))
            sign(place, mine, self.certificate)


def _geometry(face: DecodedFace) -> dict[str, Any]:
    back = invert(face.matrix)
    points = face.landmarks
    placed = None if points is None else transform_points(points, back)
    return {
        "frame_to_face": np.asarray(face.matrix, float).tolist(),
        "face_to_frame": np.asarray(back, float).tolist(),
        "landmarks": None if placed is None else np.round(placed, 3).tolist(),
    }

"""`FaceSet`: aligned faces with a table about them, in a folder or in memory."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deepface_models.core.arrays import Array, images_of
from deepface_models.core.errors import InUseError
from deepface_models.core.files import atomic_path, write_json
from deepface_models.core.locks import hold_folder
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import _table
from deepface_models.faces._faces import Faces
from deepface_models.faces._store import (
    VERSION,
    encode_face,
    read_info,
    refuse_links,
    write_face,
)
from deepface_models.faces._table import Record
from deepface_models.faces.face import Face
from deepface_models.faces.landmarks import count_of

_log = logging.getLogger("deepface_models")


class FaceSet(Faces):
    """Aligned faces of one or more people, with a table of where each comes from.

    On disk it is a folder: `faces/000000.png` and so on (lossless), `table.csv` (one
    row per face, can be opened with pandas), `faceset.json` (settings and progress of
    each source) and `sheet.png` (a contact sheet). Deleting an image removes its face
    from the set. Each row is written after its image, so the folder can be read after
    an interruption at any moment. Only one process at a time may write to it; others
    get an `InUseError`.

    Args:
        image_size: Side of the aligned faces in pixels.
        face_type: What the crop covers, see `FACE_TYPES`.
        landmarks: Which landmarks each face has: 68, 5 or "mesh", see `FaceAligner`.
        folder: Folder of the set; None keeps it in memory.

    Attributes:
        failed: The reason for each source that could not be read, by path. Set by the
            extraction that returned this set.

    Example:
        >>> faces = FaceSet(image_size=128)
        >>> len(faces)
        0
    """

    _seen = -1  # size of the table on disk when this set last read or wrote it

    @classmethod
    def create(
        cls,
        folder: str | Path,
        image_size: int = 128,
        face_type: str = "full",
        landmarks: int | str = 68,
    ) -> FaceSet:
        """Creates an empty set in a folder that holds none yet.

        Raises:
            FileExistsError: If the folder already holds a face set.
            MediaError: If the folder holds links.
        """
        with hold_folder(folder):
            if (Path(folder) / "faceset.json").exists():
                raise FileExistsError(
                    f"{folder} already holds a face set. Expected a new folder. "
                    "Use FaceSet.open(folder), or choose another folder."
                )
            refuse_links(Path(folder))
            made = cls(image_size, face_type, landmarks, folder)
            (Path(folder) / "faces").mkdir(exist_ok=True)
            made._write_table()
            made.save()
        return made

    @classmethod
    def open(cls, folder: str | Path) -> FaceSet:
        """Opens a set from its folder; rows without an image are left out.

        Raises:
            FileNotFoundError: If the folder holds no face set.
            MediaError: If its `faceset.json` is damaged or from a later version, its
                table names files that are not the set's own, or it holds links.
        """
        folder = Path(folder)
        refuse_links(folder)
        info = read_info(folder)
        made = cls(info["image_size"], info["face_type"], info["landmarks"], folder)
        made.progress, made.options = info["sources"], info.get("options", {})
        made._note_table()
        rows, whole = _table.read_table(folder / "table.csv", made.image_size)
        kept = [r for r in rows if (folder / r.file).is_file()]
        if len(kept) < len(rows):
            _log.info("%s: %d deleted images", folder, len(rows) - len(kept))
        made._records = kept
        made._whole = whole and len(kept) == len(rows)
        made._next = 1 + max((int(Path(r.file).stem) for r in rows), default=-1)
        return made

    def save(self) -> None:
        """Writes settings and progress to `faceset.json`."""
        if self.folder is None or self._view:
            return
        info = {
            "version": VERSION,
            "image_size": self.image_size,
            "face_type": self.face_type,
            "landmarks": self.landmarks,
            "options": self.options,
            "sources": self.progress,
        }
        with self._writing():
            with open(self.folder / "table.csv", "rb+") as table:
                os.fsync(table.fileno())  # before the progress that counts its rows
            write_json(self.folder / "faceset.json", info)

    @whole_numbers(frame=0)
    def append(
        self,
        face: Face,
        image: Array,
        source: str = "",
        frame: int = 0,
        time: float = 0.0,
    ) -> None:
        """Adds one face: the image first, then its row.

        Args:
            face: The face; its image_size must be the set's.
            image: (S, S, 3) uint8 aligned RGB image.
            source: The image or video it was found in.
            frame: Number of the frame.
            time: Seconds from the start of the video.

        Raises:
            ValueError: If size or landmarks differ from those of the set.
        """
        self.extend([Record(face, source, frame, time, image=image)])

    def extend(self, records: Sequence[Record]) -> None:
        """Adds several faces; on disk, with a single write of the table.

        Args:
            records: Faces with their images.

        Raises:
            ValueError: If size or landmarks differ from those of the set.
        """
        for record in records:
            self._check(record)
        if self.folder is None or self._view:
            self._records += records
        else:
            with self._writing():
                stored = [self._store(record) for record in records]
                with open(self.folder / "table.csv", "a", encoding="utf-8") as table:
                    table.write(_table.as_text(stored))
                self._note_table()
            self._records += stored
        self._images = None

    def move(self, moved: Mapping[str, str]) -> None:
        """Updates the paths of sources that were moved.

        Args:
            moved: The new path of each source, by its former path.
        """
        with self._writing():
            for former, source in moved.items():
                self.progress[source] = self.progress[former]
            self.save()  # with both names: an interruption here loses no face
            self._records = [
                replace(r, source=moved.get(r.source, r.source)) for r in self._records
            ]
            if not self._view:
                self._write_table()
            for former in moved:
                del self.progress[former]
            self.save()

    def drop(self, keep: Iterable[bool]) -> None:
        """Removes faces from the set, and their images from disk.

        Args:
            keep: For each face, whether to keep it.
        """
        gone: list[Record] = []
        records: list[Record] = []
        for record, good in zip(list(self._records), keep, strict=True):
            (records if good else gone).append(record)
        if not gone and self._whole:
            return
        self._records, self._images = records, None
        if self.folder is None or self._view:
            return
        with self._writing():
            self._write_table()
            for record in gone:
                (self.folder / record.file).unlink(missing_ok=True)
        names = [int(Path(r.file).stem) for r in self._records]
        self._next = 1 + max(names, default=-1)
        self._whole = True

    def _check(self, record: Record) -> None:
        face, image = record.face, record.image
        size, points = self.image_size, count_of(self.landmarks)
        shape = None if image is None else image.shape
        if face.image_size != size or shape != (size, size, 3):
            raise ValueError(
                f"A face of {face.image_size} px with an image of shape {shape} was "
                f"given. Expected {size} px like the rest of the set. "
                f"Align it with FaceAligner(image_size={size})."
            )
        if len(face.landmarks) != points:
            raise ValueError(
                f"{len(face.landmarks)} landmarks were given. Expected {points} like "
                "the rest of the set. Find the face with "
                f"FaceAligner(landmarks={self.landmarks!r})."
            )

    def _store(self, record: Record) -> Record:
        if self.folder is None or record.image is None:
            return record
        file = f"faces/{self._next:06d}.png"
        self._next += 1
        write_face(self.folder / file, record.png or encode_face(record.image))
        return replace(record, file=file, image=None, png=None)

    def _write_table(self) -> None:
        if self.folder is not None:
            with atomic_path(self.folder / "table.csv") as temporary:
                text = _table.as_text(self._records, header=True)
                temporary.write_text(text, encoding="utf-8")
            self._note_table()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Locks the folder; fails if something else wrote to it since it was opened."""
        if self.folder is None or self._view:
            yield
            return
        with hold_folder(self.folder):
            if self._seen != self._size_on_disk():
                raise InUseError(
                    f"{self.folder} was written by something else since this set was "
                    "opened. Expected one writer at a time. Open it again with "
                    "FaceSet.open(folder)."
                )
            yield

    def _note_table(self) -> None:
        self._seen = self._size_on_disk()

    def _size_on_disk(self) -> int:
        path = Path(self.folder or "") / "table.csv"
        return path.stat().st_size if path.is_file() else -1


@images_of.register(FaceSet)
def _images(data: FaceSet) -> Array:
    return data.images

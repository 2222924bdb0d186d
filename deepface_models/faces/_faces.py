"""The reading half of `FaceSet`: arrays, selection, splits, contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import FaceNotFoundError, MissingDependencyError
from deepface_models.core.expressions import own_expressions
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import _table
from deepface_models.faces._store import last_clips, last_frames, read_face
from deepface_models.faces._table import Record
from deepface_models.faces.embedding import SAME_PERSON, matches
from deepface_models.faces.expressions import measure_faces
from deepface_models.faces.face import Face
from deepface_models.faces.landmarks import count_of
from deepface_models.faces.masks import face_mask
from deepface_models.media import grid, write_image

if TYPE_CHECKING:
    import pandas


class Faces:
    """Read access to a set of faces, on disk or in memory; see `FaceSet`."""

    def __init__(
        self,
        image_size: int = 128,
        face_type: str = "full",
        landmarks: int | str = 68,
        folder: str | Path | None = None,
    ):
        self.image_size = image_size
        self.face_type = face_type
        self.landmarks = landmarks
        self.folder = None if folder is None else Path(folder)
        self.progress: dict[str, dict[str, Any]] = {}
        self.options: dict[str, Any] = {}
        self.failed: dict[str, str] = {}  # unreadable source -> reason
        self._records: list[Record] = []
        self._images: Array | None = None
        self._next = 0
        self._view = False
        self._whole = True  # the table on disk has exactly these rows

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        where = "in memory" if self.folder is None else str(self.folder)
        return (
            f"{type(self).__name__}({len(self)} faces of {self.image_size} px, {where})"
        )

    @property
    def records(self) -> list[Record]:
        """The faces with their source, frame, time and file."""
        return list(self._records)

    @property
    def faces(self) -> list[Face]:
        """The faces in the order of the table."""
        return [r.face for r in self._records]

    @property
    def images(self) -> Array:
        """The aligned images, (N, S, S, 3) uint8 RGB, read on first use."""
        if self._images is None:
            shape = (len(self), self.image_size, self.image_size, 3)
            self._images = np.zeros(shape, np.uint8)
            for i, record in enumerate(self._records):
                self._images[i] = self._image(record)
        return self._images

    def _image(self, record: Record) -> Array:
        if record.image is not None or self.folder is None:
            return np.asarray(record.image)
        return read_face(self.folder / record.file, self.image_size)

    @property
    def table(self) -> list[dict[str, Any]]:
        """One dictionary for each face, with the columns of `table.csv`."""
        return [_table.to_row(record) for record in self._records]

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a pandas DataFrame, with landmarks and embeddings as arrays.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingDependencyError(
                "pandas is not installed. Expected it for a DataFrame. Install it "
                "with: pip install 'deepface_models[pandas]', or use `table`, which "
                "has one dictionary for each face."
            ) from error
        frame = pandas.DataFrame(self.table, columns=list(_table.COLUMNS))
        frame["landmarks"] = [face.landmarks for face in self.faces]
        frame["embedding"] = [face.embedding for face in self.faces]
        return frame

    @property
    def landmarks_aligned(self) -> Array:
        """Landmarks in pixels of the aligned images, (N, 68 or 5, 2) float32."""
        points = [face.landmarks_aligned for face in self.faces]
        return np.array(points, np.float32).reshape(
            len(self), count_of(self.landmarks), 2
        )

    @property
    def expressions(self) -> Array:
        """The expressions in the images, (N, 7) float32, relative to the neutral face.

        The numbers are explained at `core.expressions.NAMES`. The set has to show one
        person. They are measured with `FaceMesh` each time, about 10 ms a face.
        """
        return own_expressions(measure_faces(self.images, self.face_type))

    def masks(self, dilation: float = 0.0) -> Array:
        """The mask of the face in each image, (N, S, S) float32 in [0, 1].

        Args:
            dilation: Grows the masks by this fraction of the image size; negative
                shrinks them.
        """
        size = self.image_size
        made = [face_mask(p, size, dilation) for p in self.landmarks_aligned]
        return np.array(made, np.float32).reshape(len(self), size, size)

    @property
    def embeddings(self) -> Array:
        """Face embeddings, (N, 128) float32; a row of NaN for a face without one."""
        empty = np.full(128, np.nan, np.float32)
        rows = [empty if f.embedding is None else f.embedding for f in self.faces]
        return np.array(rows, np.float32).reshape(len(self), 128)

    @property
    def mean_embedding(self) -> Array:
        """Mean of the faces' embeddings, (128,) float32.

        Raises:
            FaceNotFoundError: If no face of the set has an embedding.
        """
        rows = self.embeddings
        rows = rows[~np.isnan(rows).any(axis=1)]
        if not len(rows):
            raise FaceNotFoundError(
                f"None of the {len(self)} faces has an embedding. Expected at least "
                "one. Extract with FaceAligner(embeddings=True)."
            )
        return np.asarray(rows.mean(axis=0), np.float32)

    @property
    def sources(self) -> list[str]:
        """The images and videos that the faces come from, each once, in order."""
        return list(dict.fromkeys(r.source for r in self._records))

    @property
    def frames(self) -> Array:
        """Each face's frame number, (N,) int."""
        return np.array([r.frame for r in self._records], int)

    def select(self, which: Array | Sequence[int] | Sequence[bool]) -> Self:
        """Returns some of the faces as a view.

        Nothing on disk changes, and faces appended to a view stay in memory.

        Args:
            which: An (N,) bool mask or a list of indices.
        """
        chosen = np.asarray(which)
        if not chosen.size:
            chosen = chosen.astype(int)
        indices = np.arange(len(self))[chosen]
        view = type(self)(self.image_size, self.face_type, self.landmarks, self.folder)
        view._records = [self._records[i] for i in indices]
        view._view = True
        view.progress, view.options = self.progress, self.options
        if self._images is not None:
            view._images = self._images[indices]
        return view

    def filter(
        self,
        max_blur: float | None = None,
        max_yaw: float | None = None,
        min_score: float | None = None,
        reference: Array | Faces | None = None,
        threshold: float = SAME_PERSON,
    ) -> Self:
        """Returns the faces that meet all given limits, as a view.

        Args:
            max_blur: Largest `blur` kept (0 sharp to 1 blurred).
            max_yaw: Largest absolute `yaw` kept, in degrees.
            min_score: Smallest detector score kept.
            reference: Keep only this person's faces: a (128,) embedding, several, or
                a set of the person's faces.
            threshold: Largest embedding distance that counts as the same person.
        """
        keep = np.ones(len(self), bool)
        for i, face in enumerate(self.faces):
            blurred = max_blur is not None and (face.blur or 0.0) > max_blur
            turned = max_yaw is not None and abs(face.yaw or 0.0) > max_yaw
            unsure = min_score is not None and face.score < min_score
            keep[i] = not (blurred or turned or unsure)
        if reference is not None:
            mean = getattr(reference, "mean_embedding", None)
            expected = np.asarray(reference if mean is None else mean)
            keep &= matches(self.embeddings, expected, threshold)  # NaN never matches
        return self.select(keep)

    def split(self, validation: float = 0.2, by: str = "auto") -> tuple[Self, Self]:
        """Splits into training and held-out faces, without mixing neighboring frames.

        Args:
            validation: Fraction of the faces to hold out, 0 to 1.
            by: "clip" holds out whole sources, "time" the end of each source. "auto"
                means "clip" if there is more than one source, else "time".

        Returns:
            (train, held_out), both views. A set of one face is returned as both.
        """
        if by not in ("auto", "clip", "time") or not 0 < validation < 1:
            raise ValueError(
                f"validation={validation} and by={by!r} were given. Expected a "
                "fraction between 0 and 1, and 'auto', 'clip' or 'time'. Use "
                "split(0.2)."
            )
        if len(self) < 2:
            return self.select(range(len(self))), self.select(range(len(self)))
        choose = last_frames
        if by != "time" and len(self.sources) > 1:
            choose = last_clips
        held = choose([(r.source, r.frame) for r in self._records], validation)
        return self.select(~held), self.select(held)

    @whole_numbers(columns=1, limit=1)
    def contact_sheet(
        self, path: str | Path | None = None, columns: int = 16, limit: int = 96
    ) -> Array:
        """Makes one image of many faces, spread evenly over the set.

        Args:
            path: PNG, JPEG or WebP file to write; None writes nothing.
            columns: Faces in a row.
            limit: Largest number of faces shown.

        Returns:
            (H, W, 3) uint8, RGB.

        Raises:
            FaceNotFoundError: The set is empty.
        """
        if not len(self):
            raise FaceNotFoundError(
                "The set holds no face. Expected at least one for a contact sheet. "
                "Extract faces first."
            )
        count = min(limit, len(self))
        shown = np.unique(np.linspace(0, len(self) - 1, count).astype(int))
        images = [self._image(self._records[i]) for i in shown]
        rows = [images[i : i + columns] for i in range(0, len(images), columns)]
        sheet = grid(rows)
        if path is not None:
            write_image(path, sheet)
        return sheet

"""`FaceAligner`: finds the faces of images and videos and aligns them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from deepface_models.core.arrays import Array
from deepface_models.core.options import replaced
from deepface_models.core.whole import whole_number, whole_numbers
from deepface_models.faces import _dlib
from deepface_models.faces._frames import faces_of
from deepface_models.faces.align import align as cut_out
from deepface_models.faces.align import alignment_matrix, template
from deepface_models.faces.detect import (
    CascadeDetector,
    Detection,
    Detector,
    default_detector,
    merge,
)
from deepface_models.faces.embedding import Embedder, chip, embed_chips
from deepface_models.faces.face import Face
from deepface_models.faces.faceset import FaceSet
from deepface_models.faces.landmarks import count_of, predict_all
from deepface_models.faces.quality import blur_in, head_pose


class FaceAligner:
    """Finds faces with dlib and aligns them: upright crops of equal size.

    Args:
        image_size: Side of the aligned faces in pixels.
        face_type: What the crop covers: "half" (brows to chin), "midfull", "full" or
            "whole" (with hair).
        landmarks: 68 or 5 of dlib's, or "mesh": 68 landmarks from the 478 points of
            `FaceMesh`, in which faces are then found too. The license of dlib's
            68-point model file excludes commercial use; with 5 and "mesh" that file
            is never opened. "mesh" imports Keras and takes about 8 ms a face.
        detector: Any `Detector`; `default_detector()` by default.
        embeddings: Which faces get an embedding, 128 numbers that tell people apart (10
            ms each): True for all, False for none, a number k for one in k frames of a
            face in a video, with linear interpolation in between. At least one is
            computed for each face in about 32 frames; images get one for each face.
        max_faces: Keep only this many of the largest faces of a frame; None keeps all.
            1 is faster, as small faces beside a large one are not searched for.
        repeats: How many slightly shifted boxes the landmarks are averaged over.

    Example:
        >>> import numpy as np
        >>> aligner = FaceAligner(image_size=128, landmarks=5, embeddings=False)
        >>> aligner.detect(np.zeros((90, 120, 3), np.uint8))
        []
    """

    @whole_numbers(image_size=1, max_faces=1, repeats=1)
    def __init__(
        self,
        image_size: int = 128,
        face_type: str = "full",
        landmarks: int | str = 68,
        detector: Detector | None = None,
        embeddings: bool | int = 32,
        max_faces: int | None = None,
        repeats: int = 3,
    ):
        if image_size < 16:
            raise ValueError(
                f"image_size={image_size} was given. Expected at least 16 pixels. "
                "Pass image_size=128."
            )
        count = count_of(landmarks)
        template(count, image_size, face_type)  # raises on wrong values
        self.image_size = image_size
        self.face_type = face_type
        self.landmarks = landmarks if isinstance(landmarks, str) else count
        self.detector = detector or default_detector()
        self.embeddings = (
            embeddings
            if isinstance(embeddings, bool)
            else whole_number("embeddings", embeddings)
        )
        self.max_faces = max_faces
        self.repeats = repeats

    def replace(self, **changes: Any) -> Self:
        """Returns an aligner with some options changed; it shares the detector.

        Args:
            **changes: Options of `FaceAligner`, such as `embeddings=False`.

        Raises:
            ValueError: There is no such option, or it has a wrong value.
        """
        return replaced(self, FaceAligner, changes)

    def detect(self, image: Array) -> list[Face]:
        """Finds the faces of an image, largest first.

        Args:
            image: RGB (H, W, 3), uint8 or float in [0, 1].

        Returns:
            Faces with landmarks, matrix, blur, pose and, if `embeddings`, embedding.
        """
        return self._detect(_dlib.as_rgb(image), embed_chips)

    def align(self, image: Array, face: Face) -> Array:
        """Returns the aligned image of a face, (S, S, 3), in the frame's dtype.

        Args:
            image: RGB (H, W, 3), uint8 or float in [0, 1].
            face: A face that was found in this image.
        """
        return cut_out(image, face.matrix, face.image_size)

    def faces(self, image: Array) -> list[tuple[Face, Array]]:
        """Returns the faces of an image with their aligned images, largest first.

        Args:
            image: RGB (H, W, 3), uint8 or float in [0, 1].
        """
        return [(face, self.align(image, face)) for face in self.detect(image)]

    def detect_frames(
        self, images: Sequence[Array], embedder: Embedder = embed_chips
    ) -> list[list[Face]]:
        """Finds the faces of consecutive frames, much faster than frame by frame.

        Args:
            images: RGB frames of one size. Fewer than about eight are not faster.
            embedder: Computes the embeddings of 150 px chips.

        Returns:
            The faces of each frame, largest first.
        """
        frames = [_dlib.as_rgb(image) for image in images]
        return faces_of(self, frames, embedder).faces

    @whole_numbers(every_n=1, limit=1, workers=1)
    def extract(
        self,
        source: str | Path | Sequence[str | Path],
        output: str | Path | None = None,
        *,
        every_n: int = 1,
        person: Any = None,
        limit: int | None = None,
        progress: bool | Callable[[int, int | None], None] = True,
        workers: int | None = None,
    ) -> FaceSet:
        """Aligns the faces of images, folders and videos into a `FaceSet`.

        An interrupted call can be repeated: it continues where it stopped and gives the
        same result as an uninterrupted one.

        Args:
            source: An image, a video, a folder of them (in natural order: frame2
                before frame10), or a list of these.
            output: Folder of the set, outside every source folder; None keeps the
                faces in memory.
            every_n: Take only every n-th frame of videos.
            person: Keep only this person: a `FaceSet` or its folder, a (128,)
                embedding or the path of an image whose largest face is the person's.
            limit: Stop after this many faces.
            progress: True shows a progress bar; a function is called with (frames done,
                total frames or None).
            workers: Number of threads; by default one for each core, at most four.

        Returns:
            The set, with everything that `output` already held. Its `failed` gives the
            reason for each source that could not be read; the next call tries these
            again.

        Raises:
            FaceNotFoundError: If no source shows a face, or none of the person's.
            InUseError: If another thread or process writes to `output`.
            MediaError: If no source can be read.
            ValueError: If `output` lies inside a source folder.
            IntegrityError: If a source changed since an earlier, unfinished call.
        """
        from deepface_models.faces._extract import Extraction

        job = Extraction(self, output, every_n, person, limit, progress, workers)
        return job.run(source)

    def _detect(self, image: Array, embedder: Embedder) -> list[Face]:
        found = self._search(image)
        faces = self._largest(self._faces([image] * len(found), found))
        if not self.embeddings or not faces:
            return faces
        rows = embedder([chip(image, face) for face in faces])
        return [
            replace(face, embedding=row) for face, row in zip(faces, rows, strict=True)
        ]

    def _search(self, image: Array) -> list[Detection]:
        """Returns the faces of one image, including small ones beside large ones."""
        if isinstance(self.detector, CascadeDetector) and self.max_faces != 1:
            return self.detector.thorough(image)
        return merge(self.detector(image))

    def _faces(self, images: Sequence[Array], found: Sequence[Detection]) -> list[Face]:
        """Returns the face of one detection in each of the images."""
        points, meshes = predict_all(images, found, self.landmarks, self.repeats)
        every = zip(images, found, points, meshes, strict=True)
        return [self._face(*one) for one in every]

    def _face(
        self, image: Array, found: Detection, points: Array, mesh: Array | None
    ) -> Face:
        matrix = alignment_matrix(points, self.image_size, self.face_type)
        yaw, pitch, roll = head_pose(points, (image.shape[1], image.shape[0]))
        sharpness = blur_in(image, matrix, self.image_size)
        return Face(
            found.box,
            points,
            found.score,
            found.detector,
            matrix,
            self.image_size,
            sharpness,
            yaw,
            pitch,
            roll,
            mesh=mesh,
        )

    def _largest(self, faces: list[Face]) -> list[Face]:
        return sorted(faces, key=lambda f: -f.box.area)[: self.max_faces]

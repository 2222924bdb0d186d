"""Aligned faces of many people, from their images.

Faces are cropped as by `FaceAligner(landmarks=5)`. If the data have YuNet's
five points, dlib's box is estimated from these instead of detected, and dlib's
five-point predictor finds the landmarks. On 219 portraits, the corners of these crops
differ from those of `FaceAligner(landmarks=5)` by 0.39 px of 128 (median;
3.1 px at the 95th percentile). Those of `FaceAligner()`, with 68 points, differ by 2.6
px, and crops from YuNet's points alone would by 6.6 px.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.files import atomic_path
from deepface_models.faces import FaceAligner, align, alignment_matrix, template
from deepface_models.faces.align import invert, transform_points, umeyama
from deepface_models.faces.landmarks import box_from_landmarks, predict
from deepface_models.media import read_image
from deepface_models.pretraining.people import Face, listed, spaced

# Median positions of YuNet's points (eyes, nose, mouth corners) in the unit square of
# deepface_models.faces.align, on 219 portraits, made symmetric.
YUNET = np.array(
    [
        (0.2653, 0.1656),
        (0.7347, 0.1656),
        (0.5000, 0.4346),
        (0.2952, 0.6396),
        (0.7048, 0.6396),
    ]
)
_TOO_FAR = 0.25  # as a fraction of the crop; then the predictor has failed
_MARGIN = 8  # the border is an eighth of the size, so that shifted crops are complete


@dataclass
class Faces:
    """Aligned faces with a border.

    Attributes:
        wide: Images with border, uint8 (N, S + 2 border, S + 2 border, 3).
        border: Width of the border in pixels.
        faces: Person, source and groups of each image.
    """

    wide: Array
    border: int
    faces: list[Face]

    @property
    def images(self) -> Array:
        """Images without border, uint8 (N, S, S, 3)."""
        return inside(self.wide, self.border)

    def select(self, keep: Iterable[bool]) -> Faces:
        """Returns the faces where `keep` is true."""
        index = np.flatnonzero(list(keep))
        return Faces(self.wide[index], self.border, [self.faces[i] for i in index])

    def split(self) -> tuple[Faces, Faces]:
        """Returns training faces and held-out faces, of different people."""
        out = [face.held_out for face in self.faces]
        return self.select(not one for one in out), self.select(out)


def inside(wide: Array, border: int) -> Array:
    """Returns images (N, W, W, C) without their border."""
    end = wide.shape[1] - border
    return wide[:, border:end, border:end]


def crop_matrix(image: Array, points: Sequence[float], size: int) -> Array:
    """Returns the matrix of `FaceAligner(size, landmarks=5)`, from YuNet's points.

    Args:
        image: The whole image, uint8 (H, W, 3).
        points: x, y of eyes, nose and mouth corners in pixels, flattened.
        size: Side of the aligned face in pixels.

    Returns:
        (2, 3) matrix from pixels of the image to those of the aligned face.
    """
    given = np.array(points, float).reshape(5, 2)
    unit = invert(umeyama(given, YUNET))  # from the unit square to the image
    mean = transform_points(template(5, 1, "half") + 0.5, unit)
    points5 = predict(image, box_from_landmarks(mean), 5, repeats=3)
    found, rough = (alignment_matrix(p, size) for p in (points5, mean))
    corners = np.array([(0, 0), (size, 0), (size, size), (0, size)]) - 0.5
    moved = transform_points(transform_points(corners, invert(rough)), found)
    far = np.linalg.norm(moved - corners, axis=1).mean() > _TOO_FAR * size
    return np.asarray(rough if far else found)


def read(
    folders: Sequence[Path], size: int, cache: Path, limit: int | None = None
) -> Faces:
    """Returns the aligned faces of folders, from `cache` if they are in it.

    Args:
        folders: Folders of portraits, synthetic people or other images.
        size: Side of the faces in pixels, without the border.
        cache: Folder of the cached arrays.
        limit: Most images, evenly spaced; all by default.

    Raises:
        FileNotFoundError: There are no images or no faces.
    """
    faces = spaced([face for folder in folders for face in listed(folder)], limit)
    if not faces:
        raise FileNotFoundError(
            f"{', '.join(map(str, folders))} has no images. Expected portraits/ or "
            "synthetic_people/ with an index.csv, or one folder per person. Check "
            "--data."
        )
    text = json.dumps([[str(f.file), f.file.stat().st_size, f.points] for f in faces])
    key = hashlib.sha256(f"{size} {_MARGIN} {YUNET} {text}".encode()).hexdigest()
    path = cache / f"faces_{size}_{key[:12]}.npz"
    if not path.is_file():
        kept, wide = _aligned(faces, size)
        with atomic_path(path) as new:
            np.savez(new, kept=kept, wide=wide)
    with np.load(path, allow_pickle=False) as arrays:
        kept, wide = arrays["kept"], arrays["wide"]
    return Faces(wide, size // _MARGIN, [faces[i] for i in kept])


def _aligned(faces: list[Face], size: int) -> tuple[Array, Array]:
    aligner = FaceAligner(size, landmarks=5, embeddings=False, max_faces=1)
    border = size // _MARGIN
    kept, wide = [], []
    for number, face in enumerate(faces):
        image = read_image(face.file)
        if face.points:
            matrix = crop_matrix(image, face.points, size)
        else:
            found = aligner.detect(image)
            if not found:
                continue
            matrix = found[0].matrix
        matrix = matrix.copy()
        matrix[:, 2] += border
        kept.append(number)
        wide.append(align(image, matrix, size + 2 * border))
    if not wide:
        raise FileNotFoundError(
            f"No face was found in {len(faces)} images. Expected a face in each. "
            "Check --data."
        )
    return np.array(kept), np.stack(wide)

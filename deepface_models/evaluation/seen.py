"""What the mesh sees in source frames and results, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.core.arrays import Array
from deepface_models.evaluation import contact, coverage, likeness, measures, tones
from deepface_models.evaluation.chips import eye_distance
from deepface_models.evaluation.expression import MEASURES
from deepface_models.evaluation.frames import EvaluationFrame
from deepface_models.evaluation.sharpness import detail
from deepface_models.faces import FaceMesh, FaceSet, mesh_matrix, transform_points

_MOST = 100  # faces of the target person that are measured
# Distance of the eyes at which both are compared, of the smaller of the two: pixels
# as they come from a camera and enlarged ones would not be comparable.
_REDUCED = 0.6
_CENTERS = 0.99  # distance of the irises' middles in that of dlib's eye centers


@dataclass
class Seen:
    """What is seen in one frame.

    Attributes:
        values: Measures by name, NaN where not known.
        tones: Lab colors of the face's parts.
        shape: See `likeness.shape`.
        crops: Mouth and eyes, as the contact sheet shows them.
    """

    values: dict[str, float]
    tones: dict[str, Array]
    shape: Array
    crops: tuple[Array, Array] = field(repr=False)


class Own:
    """The target person's own faces, which results are compared with.

    Args:
        faces: The person's faces.
        distance: Distance of the eyes in the frames, in pixels.
    """

    def __init__(self, faces: FaceSet, distance: float) -> None:
        chosen = np.unique(np.linspace(0, len(faces) - 1, _MOST).astype(int))
        faces = faces.select(chosen)
        images, matrices = list(faces.images), map(mesh_matrix, faces.landmarks_aligned)
        meshes, _ = FaceMesh().predict(images, list(matrices))
        theirs = float(np.median(eye_distance(meshes)))
        self.distance = _REDUCED * min(distance, theirs)
        pairs = list(zip(images, meshes, strict=True))
        self.detail = float(np.mean([detail(*pair, self.distance) for pair in pairs]))
        self.tones = [tones.tones(*pair) for pair in pairs]
        self.shapes = np.array([likeness.shape(mesh) for mesh in meshes])


class Watcher:
    """Measures frames and results by the mesh.

    Args:
        frames: The frames to be measured.
        target_faces: The target person's faces.
    """

    def __init__(
        self, frames: Sequence[EvaluationFrame], target_faces: FaceSet
    ) -> None:
        landmarks = np.array([frame.face.landmarks for frame in frames])
        distance = np.median(measures.eye_distance(landmarks)) * _CENTERS
        self.own = Own(target_faces, float(distance))
        self.sources: dict[int, Seen] = {}
        self._meshes: dict[int, Array] = {}
        self._network = FaceMesh()

    def look(
        self,
        converter: Converter,
        results: Sequence[tuple[EvaluationFrame, DecodedFace]],
        images: Sequence[Array],
        start: int,
    ) -> list[Seen]:
        """Returns what is seen in consecutive results.

        Args:
            converter: Made the results.
            results: Frames and their decoded faces.
            images: The frames with the faces swapped.
            start: Number of the first of these frames among all frames.
        """
        frames = [frame for frame, _ in results]
        self._see_sources(converter, frames, start)
        meshes = self._find(images, frames)
        found = []
        for i, (image, mesh) in enumerate(zip(images, meshes, strict=True)):
            before = self._meshes[start + i]
            seen = self._seen(image, mesh, before)
            seen.values["outside"] = _outside(converter, *results[i], (before, mesh))
            found.append(seen)
        return found

    def seen_sources(self) -> list[Seen]:
        """Returns what was seen in the source frames, in their order."""
        return [self.sources[i] for i in sorted(self.sources)]

    def _see_sources(
        self, converter: Converter, frames: Sequence[EvaluationFrame], start: int
    ) -> None:
        if start in self.sources:
            return
        meshes = self._find([frame.image for frame in frames], frames)
        for i, (frame, mesh) in enumerate(zip(frames, meshes, strict=True)):
            seen = self._seen(frame.image, mesh, mesh)
            model = converter.model
            size = int(getattr(model, "output_size", model.image_size))
            small = converter.aligned(frame.image, frame.smoothed, size)
            there = mesh.copy()
            matrix = converter.matrix(frame.smoothed, size)
            there[:, :2] = transform_points(mesh[:, :2], matrix)
            seen.values["through"] = detail(small, there, float(eye_distance(mesh)))
            self.sources[start + i], self._meshes[start + i] = seen, mesh

    def _find(
        self, images: Sequence[Array], frames: Sequence[EvaluationFrame]
    ) -> Array:
        """Returns meshes by the crops of the source, (N, 478, 3)."""
        matrices = [mesh_matrix(frame.smoothed.landmarks) for frame in frames]
        return self._network.predict(images, matrices)[0]

    def _seen(self, image: Array, mesh: Array, before: Array) -> Seen:
        values = {name: float(f(mesh[None])[0]) for name, f in MEASURES.items()}
        values["detail"] = detail(image, before, float(eye_distance(before)))
        values["detail_own"] = detail(image, mesh, self.own.distance)
        crops = contact.crops(image, before)
        return Seen(values, tones.tones(image, mesh), likeness.shape(mesh), crops)


def _outside(
    converter: Converter,
    frame: EvaluationFrame,
    decoded: DecodedFace,
    meshes: Sequence[Array],
) -> float:
    placed = converter.place(frame.image, decoded)
    if placed is None:
        return float("nan")
    rows, columns = placed.region.slices[:2]
    return coverage.outside_share(placed.mask, (columns.start, rows.start), meshes)

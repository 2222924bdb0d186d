"""What is measured on each result while its image is in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deepface_models.conversion import masks, paste
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.smoothing import DecodedFace
from deepface_models.core.arrays import Array
from deepface_models.evaluation import colors
from deepface_models.evaluation.frames import EvaluationFrame
from deepface_models.faces import Face, FaceAligner, align, transform_points
from deepface_models.faces.embedding import chip, embed_chips

_OVERLAP = 0.2  # least overlap of boxes for a face that was found again


@dataclass
class Collected:
    """Raw values of the results, one entry a frame.

    Attributes:
        sizes: Width and height of the frame.
        landmarks: (68 or 5, 2) in pixels of the frame, nan if no face was found.
        embeddings: (128,), nan where the identity was not asked for.
        source_embeddings: The same of the source frame.
        seams: Seam energy.
        colors: (3,) mean color inside the mask.
        source_colors: The same of the source frame, with the same mask.
        ssim: Of the source person drawn as themselves.
        psnr: The same in decibels.
    """

    sizes: list[tuple[int, int]] = field(default_factory=list)
    landmarks: list[Array] = field(default_factory=list)
    embeddings: list[Array] = field(default_factory=list)
    source_embeddings: list[Array] = field(default_factory=list)
    seams: list[float] = field(default_factory=list)
    colors: list[Array] = field(default_factory=list)
    source_colors: list[Array] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)
    psnr: list[float] = field(default_factory=list)


class Measurer:
    """Swaps batches of frames and measures them.

    Args:
        aligner: Finds the faces in the results.
        name: The source person as the model knows them, or None.
        embed_every: Frames from one identity to the next.
    """

    def __init__(
        self, aligner: FaceAligner, name: str | None, embed_every: int
    ) -> None:
        self._aligner = aligner
        self._name = name
        self._every = embed_every
        self._known: dict[int, Array] = {}

    def add(
        self,
        into: Collected,
        converter: Converter,
        results: Sequence[tuple[EvaluationFrame, DecodedFace]],
        start: int,
    ) -> None:
        """Measures consecutive frames of one size.

        Args:
            into: Gets the values.
            converter: Puts the drawn faces into their frames.
            results: Shots and their drawn faces.
            start: Number of the first of them among all.
        """
        entries = [entry for entry, _ in results]
        images = [converter.apply(entry.image, decoded) for entry, decoded in results]
        found = self._find(entries, images)
        into.sizes += [(image.shape[1], image.shape[0]) for image in images]
        empty = np.full(entries[0].face.landmarks.shape, np.nan)
        into.landmarks += [empty if f is None else f.landmarks for f in found]
        for (entry, decoded), image in zip(results, images, strict=True):
            self._edge(into, entry.image, image, converter, decoded)
        self._identities(into, images, found, entries, start)
        self._reconstruct(into, converter.model, entries)

    def _find(
        self, entries: Sequence[EvaluationFrame], images: Sequence[Array]
    ) -> list[Face | None]:
        """The faces at the places where they were swapped."""
        chosen: list[Face | None] = []
        found = self._aligner.detect_frames(images)
        for entry, faces in zip(entries, found, strict=True):
            box = entry.face.box
            best = max(faces, key=lambda face: face.box.iou(box), default=None)
            near = best is not None and best.box.iou(box) > _OVERLAP
            chosen.append(best if near else None)
        return chosen

    def _identities(
        self,
        into: Collected,
        images: Sequence[Array],
        found: Sequence[Face | None],
        entries: Sequence[EvaluationFrame],
        start: int,
    ) -> None:
        rows = np.full((len(images), 128), np.nan)
        sources = np.full((len(images), 128), np.nan)
        asked = [i for i in range(len(images)) if (start + i) % self._every == 0]
        faces = {i: face for i in asked if (face := found[i]) is not None}
        if faces:
            chips = [chip(images[i], face) for i, face in faces.items()]
            rows[list(faces)] = embed_chips(chips)
        for i in asked:
            sources[i] = self._source_identity(entries[i], start + i)
        into.embeddings += list(rows)
        into.source_embeddings += list(sources)

    def _source_identity(self, entry: EvaluationFrame, number: int) -> Array:
        """The source face's embedding, computed once where the set has none."""
        known = entry.face.embedding
        if known is not None and np.isfinite(known).all():
            return known
        if number not in self._known:
            self._known[number] = embed_chips([chip(entry.image, entry.face)])[0]
        return self._known[number]

    def _edge(
        self,
        into: Collected,
        before: Array,
        after: Array,
        converter: Converter,
        decoded: DecodedFace,
    ) -> None:
        mask = converter.edged(decoded.mask)
        region = paste.region_of(mask, decoded.matrix, before.shape)
        if region is None:
            into.seams.append(np.nan)
            into.colors.append(np.full(3, np.nan))
            into.source_colors.append(np.full(3, np.nan))
            return
        placed = paste.place_mask(mask, decoded.matrix, region)
        face = paste.place(converter.colored(decoded), decoded.matrix, region)
        old, new = before[region.slices], after[region.slices]
        into.seams.append(colors.seam_energy(new, old, face, placed))
        into.colors.append(colors.mean_color(new, placed))
        into.source_colors.append(colors.mean_color(old, placed))

    def _reconstruct(
        self, into: Collected, model: Any, entries: Sequence[EvaluationFrame]
    ) -> None:
        """Compares the source person, drawn as themselves, with the image."""
        if self._name is None:
            into.ssim += [np.nan] * len(entries)
            into.psnr += [np.nan] * len(entries)
            return
        truth = _aligned(entries, int(model.image_size))
        decoded = np.asarray(model.predict(np.stack(truth), identity=self._name))[
            ..., :3
        ]
        size = decoded.shape[1]
        if size != model.image_size:
            truth = _aligned(entries, size)
        for entry, one, image in zip(entries, decoded, truth, strict=True):
            points = transform_points(entry.steady.landmarks, _matrix(entry, size))
            mask = masks.hull(points, size)
            into.ssim.append(colors.ssim(one, image, mask))
            into.psnr.append(colors.psnr(one, image, mask))


def _matrix(entry: EvaluationFrame, size: int) -> Array:
    return paste.resize_matrix(entry.steady.matrix, entry.steady.image_size, size)


def _aligned(entries: Sequence[EvaluationFrame], size: int) -> list[Array]:
    return [align(entry.image, _matrix(entry, size), size) for entry in entries]

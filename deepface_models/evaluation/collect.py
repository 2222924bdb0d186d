"""What is measured on each result while its picture is in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepface_models.conversion import masks, paste
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.smoothing import DrawnFace
from deepface_models.faces import Face, FaceAligner, align, transform_points
from deepface_models.faces.identity import chip, embed_chips

from . import pictures
from .shots import Shot

Array = NDArray[Any]

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
        colours: (3,) mean colour inside the mask.
        source_colours: The same of the source frame, with the same mask.
        ssim: Of the replaced person drawn as themselves.
        psnr: The same in decibels.
    """

    sizes: list[tuple[int, int]] = field(default_factory=list)
    landmarks: list[Array] = field(default_factory=list)
    embeddings: list[Array] = field(default_factory=list)
    source_embeddings: list[Array] = field(default_factory=list)
    seams: list[float] = field(default_factory=list)
    colours: list[Array] = field(default_factory=list)
    source_colours: list[Array] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)
    psnr: list[float] = field(default_factory=list)


class Measurer:
    """Swaps batches of frames and measures them.

    Args:
        aligner: Finds the faces in the results.
        name: The replaced person as the model knows them, or None.
        identity_every: Frames from one identity to the next.
    """

    def __init__(
        self, aligner: FaceAligner, name: str | None, identity_every: int
    ) -> None:
        self._aligner = aligner
        self._name = name
        self._every = identity_every
        self._known: dict[int, Array] = {}

    def add(
        self,
        into: Collected,
        converter: Converter,
        results: Sequence[tuple[Shot, DrawnFace]],
        start: int,
    ) -> None:
        """Measures consecutive frames of one size.

        Args:
            into: Gets the values.
            converter: Puts the drawn faces into their frames.
            results: Shots and their drawn faces.
            start: Number of the first of them among all.
        """
        shots = [shot for shot, _ in results]
        images = [converter.apply(shot.image, drawn) for shot, drawn in results]
        found = self._find(shots, images)
        into.sizes += [(image.shape[1], image.shape[0]) for image in images]
        empty = np.full(shots[0].face.landmarks.shape, np.nan)
        into.landmarks += [empty if f is None else f.landmarks for f in found]
        for (shot, drawn), image in zip(results, images, strict=True):
            self._edge(into, shot.image, image, converter, drawn)
        self._identities(into, images, found, shots, start)
        self._reconstruct(into, converter.model, shots)

    def _find(
        self, shots: Sequence[Shot], images: Sequence[Array]
    ) -> list[Face | None]:
        """The faces at the places where they were swapped."""
        chosen: list[Face | None] = []
        found = self._aligner.detect_frames(images)
        for shot, faces in zip(shots, found, strict=True):
            box = shot.face.box
            best = max(faces, key=lambda face: face.box.iou(box), default=None)
            near = best is not None and best.box.iou(box) > _OVERLAP
            chosen.append(best if near else None)
        return chosen

    def _identities(
        self,
        into: Collected,
        images: Sequence[Array],
        found: Sequence[Face | None],
        shots: Sequence[Shot],
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
            sources[i] = self._source_identity(shots[i], start + i)
        into.embeddings += list(rows)
        into.source_embeddings += list(sources)

    def _source_identity(self, shot: Shot, number: int) -> Array:
        """The source face's descriptor, computed once where the set has none."""
        known = shot.face.embedding
        if known is not None and np.isfinite(known).all():
            return known
        if number not in self._known:
            self._known[number] = embed_chips([chip(shot.image, shot.face)])[0]
        return self._known[number]

    def _edge(
        self,
        into: Collected,
        before: Array,
        after: Array,
        converter: Converter,
        drawn: DrawnFace,
    ) -> None:
        mask = converter.edged(drawn.mask)
        region = paste.region_of(mask, drawn.matrix, before.shape)
        if region is None:
            into.seams.append(np.nan)
            into.colours.append(np.full(3, np.nan))
            into.source_colours.append(np.full(3, np.nan))
            return
        placed = paste.place_mask(mask, drawn.matrix, region)
        face = paste.place(converter.coloured(drawn), drawn.matrix, region)
        old, new = before[region.slices], after[region.slices]
        into.seams.append(pictures.seam_energy(new, old, face, placed))
        into.colours.append(pictures.mean_colour(new, placed))
        into.source_colours.append(pictures.mean_colour(old, placed))

    def _reconstruct(self, into: Collected, model: Any, shots: Sequence[Shot]) -> None:
        """Compares the replaced person, drawn as themselves, with the picture."""
        if self._name is None:
            into.ssim += [np.nan] * len(shots)
            into.psnr += [np.nan] * len(shots)
            return
        truth = _aligned(shots, int(model.image_size))
        drawn = np.asarray(model.predict(np.stack(truth), to=self._name))[..., :3]
        size = drawn.shape[1]
        if size != model.image_size:
            truth = _aligned(shots, size)
        for shot, one, picture in zip(shots, drawn, truth, strict=True):
            points = transform_points(shot.steady.landmarks, _matrix(shot, size))
            mask = masks.hull(points, size)
            into.ssim.append(pictures.ssim(one, picture, mask))
            into.psnr.append(pictures.psnr(one, picture, mask))


def _matrix(shot: Shot, size: int) -> Array:
    return paste.resize_matrix(shot.steady.matrix, shot.steady.image_size, size)


def _aligned(shots: Sequence[Shot], size: int) -> list[Array]:
    return [align(shot.image, _matrix(shot, size), size) for shot in shots]

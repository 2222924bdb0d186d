"""The values measured on each result while its image is in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.core.arrays import Array
from deepface_models.evaluation import colors
from deepface_models.evaluation.frames import EvaluationFrame
from deepface_models.evaluation.seen import Seen, Watcher
from deepface_models.faces import Face, FaceAligner, face_mask, transform_points
from deepface_models.faces.embedding import chip, embed_chips

_OVERLAP = 0.2  # least overlap of the boxes of a face in the frame and in the result


@dataclass
class Collected:
    """Raw values of the results, one entry per frame.

    Attributes:
        sizes: Width and height of the frame.
        landmarks: (68 or 5, 2) in pixels of the frame, NaN if no face was found.
        embeddings: (128,), NaN for frames that are not embedded.
        source_embeddings: The same for the source frame.
        seams: Seam energy.
        colors: (3,) mean color inside the mask.
        source_colors: The same for the source frame, with the same mask.
        ssim: SSIM of the reconstruction of the source person.
        psnr: PSNR of the same in decibels.
        seen: What the face mesh saw; empty if it is not used.
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
    seen: list[Seen] = field(default_factory=list)


class Measurer:
    """Swaps batches of frames and measures them.

    Args:
        aligner: Finds the faces in the results.
        source_identity: The source person's identity in the model, or None.
        embed_every: Every how many frames the embedding is computed.
        watcher: Measures by the face mesh, or None.
    """

    def __init__(
        self,
        aligner: FaceAligner,
        source_identity: str | None,
        embed_every: int,
        watcher: Watcher | None = None,
    ) -> None:
        self._aligner = aligner
        self._source_identity = source_identity
        self._every = embed_every
        self._watcher = watcher
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
            converter: Puts the decoded faces into their frames.
            results: Frames and their decoded faces.
            start: Index of the first of these frames among all frames.
        """
        frames = [frame for frame, _ in results]
        images = [converter.apply(frame.image, decoded) for frame, decoded in results]
        found = self._find(frames, images)
        into.sizes += [(image.shape[1], image.shape[0]) for image in images]
        empty = np.full(frames[0].face.landmarks.shape, np.nan)
        into.landmarks += [empty if f is None else f.landmarks for f in found]
        for (frame, decoded), image in zip(results, images, strict=True):
            self._measure_edge(into, frame.image, image, converter, decoded)
        self._embed(into, images, found, frames, start)
        if self._watcher is not None:
            into.seen += self._watcher.look(converter, results, images, start)
        self._reconstruct(into, converter, frames)

    def _find(
        self, frames: Sequence[EvaluationFrame], images: Sequence[Array]
    ) -> list[Face | None]:
        """Finds the swapped faces in the results; None where there is none."""
        chosen: list[Face | None] = []
        found = self._aligner.detect_frames(images)
        for frame, faces in zip(frames, found, strict=True):
            box = frame.face.box
            best = max(faces, key=lambda face: face.box.iou(box), default=None)
            near = best is not None and best.box.iou(box) > _OVERLAP
            chosen.append(best if near else None)
        return chosen

    def _embed(
        self,
        into: Collected,
        images: Sequence[Array],
        found: Sequence[Face | None],
        frames: Sequence[EvaluationFrame],
        start: int,
    ) -> None:
        rows = np.full((len(images), 128), np.nan)
        sources = np.full((len(images), 128), np.nan)
        embedded = [i for i in range(len(images)) if (start + i) % self._every == 0]
        faces = {i: face for i in embedded if (face := found[i]) is not None}
        if faces:
            chips = [chip(images[i], face) for i, face in faces.items()]
            rows[list(faces)] = embed_chips(chips)
        for i in embedded:
            sources[i] = self._source_embedding(frames[i], start + i)
        into.embeddings += list(rows)
        into.source_embeddings += list(sources)

    def _source_embedding(self, frame: EvaluationFrame, number: int) -> Array:
        """Returns the source face's embedding, computed once if the set has none."""
        known = frame.face.embedding
        if known is not None and np.isfinite(known).all():
            return known
        if number not in self._known:
            self._known[number] = embed_chips([chip(frame.image, frame.face)])[0]
        return self._known[number]

    def _measure_edge(
        self,
        into: Collected,
        before: Array,
        after: Array,
        converter: Converter,
        decoded: DecodedFace,
    ) -> None:
        placed = converter.place(before, decoded)
        if placed is None:
            into.seams.append(np.nan)
            into.colors.append(np.full(3, np.nan))
            into.source_colors.append(np.full(3, np.nan))
            return
        old, new = before[placed.region.slices], after[placed.region.slices]
        seam = colors.seam_energy(new, old, placed.image, placed.mask)
        into.seams.append(seam)
        into.colors.append(colors.mean_color(new, placed.mask))
        into.source_colors.append(colors.mean_color(old, placed.mask))

    def _reconstruct(
        self,
        into: Collected,
        converter: Converter,
        frames: Sequence[EvaluationFrame],
    ) -> None:
        """Compares the source person's reconstruction with the frame."""
        if self._source_identity not in converter.model.identities:
            into.ssim += [np.nan] * len(frames)
            into.psnr += [np.nan] * len(frames)
            return
        reference = [converter.aligned(f.image, f.smoothed) for f in frames]
        decoded = np.asarray(
            converter.model.predict(np.stack(reference), identity=self._source_identity)
        )[..., :3]
        size = decoded.shape[1]
        if size != len(reference[0]):
            reference = [converter.aligned(f.image, f.smoothed, size) for f in frames]
        for frame, one, image in zip(frames, decoded, reference, strict=True):
            face = frame.smoothed
            mask = face_mask(
                transform_points(face.landmarks, converter.matrix(face, size)), size
            )
            into.ssim.append(colors.ssim(one, image, mask))
            into.psnr.append(colors.psnr(one, image, mask))

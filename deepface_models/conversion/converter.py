"""From aligned faces that a model draws to frames in which they belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepface_models.conversion import latent_means, masks, paste
from deepface_models.conversion._options import (
    check_swap,
    is_anybody,
    resolve_source_identity,
    source_name,
    within,
)
from deepface_models.conversion.blend import BLENDS
from deepface_models.conversion.people import pick_face
from deepface_models.conversion.smoothing import DecodedFace
from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.whole import whole_numbers
from deepface_models.faces._reference import Person
from deepface_models.faces.align import align, transform_points
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.face import Face
from deepface_models.media import ColorStatistics, apply_statistics, transfer_color

COLORS = ("reinhard", "covariance", "histogram", "none")
_FEWEST = 32  # pixels of a face below which its colors say nothing


@dataclass(frozen=True)
class ImageInfo:
    """What was done to one image.

    Attributes:
        faces: Faces found in it.
        swapped: The face that was swapped, or None.
    """

    faces: int
    swapped: Face | None


class Converter:
    """Puts a person a model knows into images, by a chain of plain steps.

    The model draws the face, then: mask, color, soft edge, blend. Use `convert` for
    files; use this class for arrays, or to set the steps once for many files.

    Args:
        model: A `FaceSwap`, or anything with `image_size`, `identities` and
            `predict(images, identity=...)`.
        identity: Whose face to draw; one of `model.identities`.
        source_identity: Whose faces come in: one that `shifts_latents`, as `Swift`,
            then draws
            their expression more exactly. A person the model knows, anybody's mean
            latent, `model.encode(faces).mean(0)`, or "anybody": the mean is taken
            over `person=` where that is a FaceSet, else over each video's own faces,
            of 16 or more; where there are not so many, as in an image, nothing is
            moved. By default the other person of a model of two, else "anybody".
        aligner: Finds faces; by default `FaceAligner` at the model's size.
        mask: What is swapped: "learned" (painted by the model), "hull" (outline of
            the frame's face), "ellipse", or several joined by "*" for what lies in
            all of them.
        color: How the drawn face takes the frame's colors: "reinhard",
            "covariance", "histogram" or "none".
        blend: "laplacian", "poisson" or "alpha".
        feather: Width of the soft edge as a fraction of the face's size, 0 to 1.
        erode: Shrinks the mask by this fraction of the face's size; negative grows.
        sharpen: Amount of sharpening at the frame's resolution; 0 for none.
        batch_size: Faces drawn at once, taken from as many frames.
        side_by_side: Output shows the source to the left of the result.
        debug: "mask" shows the swapped pixels in green instead of the swap.

    Raises:
        ValueError: An option has no such value, or the model does not know `identity`.

    Example:
        converter = Converter(model, "ben", blend="poisson")
        image, info = converter.image(read_image("ana.png"))
    """

    @whole_numbers(batch_size=1)
    def __init__(
        self,
        model: Any,
        identity: str,
        *,
        source_identity: str | Array | None = None,
        aligner: FaceAligner | None = None,
        mask: str = "learned*hull",
        color: str = "reinhard",
        blend: str = "laplacian",
        feather: float = 0.05,
        erode: float = 0.0,
        sharpen: float = 0.0,
        batch_size: int = 16,
        side_by_side: bool = False,
        debug: str | None = None,
    ) -> None:
        check_swap(model)
        masks.mask_names(mask)
        self.model = model
        self.identity = choose("identity", identity, model.identities)
        self.source_identity = resolve_source_identity(model, identity, source_identity)
        self.mean: Array | None = None  # latent of "anybody", once measured
        self.mask = mask
        self.color = choose("color", color, COLORS)
        self.blend = choose("blend", blend, BLENDS)
        self.debug = None if debug is None else choose("debug", debug, ("mask",))
        self.feather = within("feather", feather, 0, 1)
        self.erode = within("erode", erode, -1, 1)
        self.sharpen = within("sharpen", sharpen, 0, 10)
        self.batch_size = int(within("batch_size", batch_size, 1, 4096))
        self.side_by_side = side_by_side
        self._aligner = aligner

    @property
    def aligner(self) -> FaceAligner:
        """Finds the faces; made when first needed."""
        if self._aligner is None:
            self._aligner = FaceAligner(
                image_size=self.model.image_size,
                face_type=getattr(self.model, "face_type", "full"),
                embeddings=False,
            )
        return self._aligner

    @property
    def measures(self) -> bool:
        """Whether the mean latent of those whose faces come in is yet to be taken."""
        moves = getattr(self.model, "shifts_latents", False)
        unknown = is_anybody(self.source_identity, self.model)
        return moves and unknown and self.mean is None

    def settings(self) -> dict[str, Any]:
        """Returns what decides the result's pixels, for the record of provenance."""
        names = ("mask", "color", "blend", "feather", "erode", "sharpen")
        values = {
            "identity": self.identity,
            "source_identity": source_name(self.source_identity),
        }
        values |= {name: getattr(self, name) for name in names}
        return {**values, "side_by_side": self.side_by_side, "debug": self.debug}

    def swap_faces(self, frames: Sequence[Array], faces: Sequence[Face]) -> list[Array]:
        """Swaps one face in each frame.

        Args:
            frames: (H, W, 3) images, uint8 or float in [0, 1]; not changed.
            faces: The face to swap in each of them.

        Returns:
            New frames of the same shapes and types. Where the mask is zero they
            equal the old ones bit for bit.

        Raises:
            ValueError: Not one face for each frame.
        """
        if len(frames) != len(faces):
            raise ValueError(
                f"Received {len(frames)} frames and {len(faces)} faces. Expected one "
                "face for each frame. Repeat a frame that has several faces."
            )
        swapped: list[Array] = []
        for start in range(0, len(frames), self.batch_size):
            batch = slice(start, start + self.batch_size)
            decoded = self.decode(frames[batch], faces[batch])
            swapped += map(self.apply, frames[batch], decoded)
        return swapped

    def image(self, image: Array, person: Person = None) -> tuple[Array, ImageInfo]:
        """Swaps the largest face of an image, or one person's.

        Args:
            image: (H, W, 3), uint8 or float in [0, 1]; not changed.
            person: Whom to swap when there are several: a FaceSet (or its folder), a
                (128,) face embedding, or an image's path. The largest face if
                None. A FaceSet also tells the mean latent of "anybody".

        Returns:
            The image as `side_by_side` and `debug` want it, the image itself where
            no face was found, and what was done.
        """
        faces = self.aligner.detect(image)
        face = pick_face(image, faces, person)
        decoded = None
        if face is not None:
            decoded = latent_means.from_person(self, person).decode([image], [face])[0]
        return self.render(image, decoded), ImageInfo(len(faces), face)

    def decode(
        self,
        frames: Sequence[Array],
        faces: Sequence[Face],
        tracks: Sequence[int] | None = None,
    ) -> list[DecodedFace]:
        """Lets the model draw the faces of several frames at once.

        Args:
            frames: (H, W, 3) images.
            faces: The face to swap in each.
            tracks: The number of each face's track.

        Returns:
            For each frame the drawn face with its mask and color statistics.

        Raises:
            ValueError: The model drew something that is not a finite image.
        """
        if not frames:
            return []
        inputs = [self.aligned(*one) for one in zip(frames, faces, strict=True)]
        # Models of other people's making may take no more than faces and `identity`.
        moves = getattr(self.model, "shifts_latents", False) and not self.measures
        source = (
            {
                "source_identity": self.source_identity
                if self.mean is None
                else self.mean
            }
            if moves
            else {}
        )
        decoded = self.model.predict(np.stack(inputs), identity=self.identity, **source)
        predicted = np.asarray(decoded)
        _check_decoded(predicted, len(frames))
        numbers = [0] * len(frames) if tracks is None else tracks
        return [
            self._measured(*one)
            for one in zip(frames, faces, inputs, predicted, numbers, strict=True)
        ]

    def aligned(self, frame: Array, face: Face) -> Array:
        """Returns a frame's face as the model takes it, (S, S, 3)."""
        size = int(self.model.image_size)
        return align(frame, self._matrix(face, size), size)

    def apply(self, frame: Array, decoded: DecodedFace) -> Array:
        """Puts a drawn face into its frame: color, soft edge, sharpening, blend."""
        return paste.paste(
            self.colored(decoded),
            self.edged(decoded.mask),
            frame,
            decoded.matrix,
            BLENDS[self.blend],
            self.sharpen,
        )

    def render(self, frame: Array, decoded: DecodedFace | None) -> Array:
        """Returns the output frame, as `side_by_side` and `debug` want it."""
        result = frame
        if decoded is not None and self.debug == "mask":
            result = paste.tint(self.edged(decoded.mask), frame, decoded.matrix)
        elif decoded is not None:
            result = self.apply(frame, decoded)
        return np.hstack([frame, result]) if self.side_by_side else result

    def edged(self, mask: Array) -> Array:
        """Returns a mask with erosion and the soft edge."""
        return masks.feather(masks.erode(mask, self.erode), self.feather)

    def colored(self, face: DecodedFace) -> Array:
        """Returns the drawn face in its frame's colors, (S, S, 3) in [0, 1]."""
        if face.decoded is None or face.expected is None or self.color == "none":
            return face.image
        if self.color == "histogram":
            return transfer_color(face.image, face.aligned, face.weights, "histogram")
        method: Any = self.color
        return apply_statistics(face.image, face.decoded, face.expected, method)

    def _matrix(self, face: Face, size: int) -> Array:
        return paste.resize_matrix(face.matrix, face.image_size, size)

    def _measured(
        self, frame: Array, face: Face, aligned: Array, predicted: Array, track: int
    ) -> DecodedFace:
        size = predicted.shape[0]
        matrix = self._matrix(face, size)
        if aligned.shape[0] != size:
            aligned = align(frame, matrix, size)
        points = transform_points(face.landmarks, matrix)
        mask = masks.make_mask(self.mask, predicted, points)
        image = np.clip(predicted[..., :3].astype(np.float32), 0.0, 1.0)
        # The outermost pixels are hair and background as often as skin.
        weights = masks.erode(mask, 0.05)
        weights = weights * paste.inside_frame(matrix, size, frame.shape)
        decoded, expected = (_colors(one, weights) for one in (image, aligned))
        return DecodedFace(
            matrix, image, mask, aligned, weights, decoded, expected, track
        )


def _colors(image: Array, weights: Array) -> ColorStatistics | None:
    """Measures a face's colors on every second pixel or so; enough and faster."""
    step = max(1, image.shape[0] // 64)
    every = np.s_[::step, ::step]
    if weights[every].sum() < _FEWEST:
        return None
    return ColorStatistics.from_image(image[every], weights[every])


def _check_decoded(predicted: Array, count: int) -> None:
    shape = predicted.shape
    square = predicted.ndim == 4 and shape[1] == shape[2] and shape[3] in (3, 4)
    if not square or shape[0] != count:
        raise ValueError(
            f"The model drew an array of shape {shape} for {count} faces. Expected "
            f"({count}, S, S, 3), or 4 channels with a mask. Check its predict()."
        )
    if not np.isfinite(predicted).all():
        raise ValueError(
            "The model drew values that are not finite. Expected images in [0, 1]. "
            "Its training went wrong: go back to an earlier checkpoint."
        )

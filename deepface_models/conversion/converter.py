"""`Converter`: swaps the faces of images, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from deepface_models.conversion import latent_means, masks, paste
from deepface_models.conversion._options import (
    AUTO,
    check_swap,
    is_anybody,
    latent,
    resolve_source_identity,
    sharpening,
    source_name,
    within,
)
from deepface_models.conversion.blend import BLENDS
from deepface_models.conversion.colors import COLORS
from deepface_models.conversion.decoded import (
    DecodedFace,
    automatic,
    check_decoded,
    decoded_face,
)
from deepface_models.conversion.halved import HalvedChange
from deepface_models.conversion.people import pick_face
from deepface_models.conversion.reshaping import reshaped
from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.expressions import FEATURES, expressions, neutral_face
from deepface_models.core.options import replaced
from deepface_models.core.poses import is_beyond
from deepface_models.core.whole import whole_numbers
from deepface_models.faces._reference import Person, reference_embedding
from deepface_models.faces.align import align, resize_matrix
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.expressions import measure_faces
from deepface_models.faces.face import Face

_DECODED = 8  # faces on which the target's neutral face is measured


@dataclass(frozen=True)
class ImageInfo:
    """What was found and swapped in one image.

    Attributes:
        faces: Number of faces found.
        swapped: The face that was swapped, or None.
    """

    faces: int
    swapped: Face | None


def aligner_of(model: Any, landmarks: int | str = 68, **options: Any) -> FaceAligner:
    """Returns an aligner for the faces that a model takes, without embeddings.

    Args:
        model: A face swap; `face_type` may be missing.
        landmarks: As in `FaceAligner`.
        **options: Further arguments of `FaceAligner`.
    """
    face_type = getattr(model, "face_type", "full")
    return FaceAligner(
        model.image_size, face_type, landmarks, embeddings=False, **options
    )


class Converter:
    """Swaps the faces of images to one of a model's identities.

    The steps: the model decodes the face, then mask, color transfer, soft edge and
    blending put it into the image. Use `convert` for files; use this class for arrays,
    or to set the options once for many files.

    Args:
        model: A `FaceSwap`, or anything with `image_size`, `identities` and
            `predict(images, identity=...)`.
        identity: The target person, whose face is rendered; one of
            `model.identities`.
        source_identity: The source person, whose faces are replaced. A model that
            `shifts_latents`, such as `Swift`, renders their expression more exactly if
            it knows the mean of their latents. Either an identity of the model, a mean
            latent (`model.encode(faces).mean(0)`), or "anybody". For "anybody" the mean
            is measured on `person` if that is a FaceSet, else on the faces of each
            video; with fewer than 16 faces, as in an image, latents are not shifted.
            By default the other person of a model of two, else "anybody".
        aligner: Finds faces; by default a `FaceAligner` of the model's size.
        mask: The pixels to swap: "learned" (the model's mask), "hull" (outline of the
            face in the frame), "skin" (neither hair nor background beside either face),
            "ellipse", another one of `MASKS`, or several joined by "*", for their
            intersection.
        color: Color transfer from the frame to the decoded face: "reinhard",
            "covariance", "histogram", "none" or another one of `COLORS`.
        blend: "laplacian", "poisson", "alpha" or another one of `BLENDS`.
        feather: Width of the soft edge as a fraction of the face's size, 0 to 1.
        erode: Shrinks the mask by this fraction of the face's size, -1 to 1; a negative
            value grows it.
        sharpen: Amount of sharpening at the frame's resolution, 0 (none) to 10; "auto"
            gives the face the detail and the noise of the frame's own face.
        reshape: Whether lids, irises and lips of the decoded face are moved where it
            falls short of the source's expression. Only for a model that
            `matches_expressions`.
        batch_size: Number of faces decoded at once, 1 to 4096.
        side_by_side: Whether the output shows the source to the left of the result.
        debug: "mask" shows the swapped pixels in green instead of the swap.
        latent_mean: The mean latent of "anybody", if it is known; by default it is
            measured as described above.
        neutral: The neutral face of the source person, (7,), if it is known; by
            default it is measured on the faces of each video, or on `person`, and for
            single images that of a usual face is taken. A model that
            `matches_expressions` renders expressions relative to it.
        target_neutral: That of the target person as the model decodes it, (7,), if it
            is known; by default it is measured likewise.

    Raises:
        ValueError: An option has an unknown value, or `identity` is not an identity of
            the model.

    Example:
        >>> converter = Converter(model, "ben", blend="poisson")
        >>> image, info = converter.image(read_image("ana.png"))
    """

    @whole_numbers(batch_size=1)
    def __init__(
        self,
        model: Any,
        identity: str,
        *,
        source_identity: str | Array | None = None,
        aligner: FaceAligner | None = None,
        mask: str = "learned*hull*skin",
        color: str = "reinhard",
        blend: str = "laplacian",
        feather: float = 0.05,
        erode: float = 0.0,
        sharpen: float | str = "auto",
        reshape: bool = True,
        batch_size: int = 16,
        side_by_side: bool = False,
        debug: str | None = None,
        latent_mean: Array | None = None,
        neutral: Array | None = None,
        target_neutral: Array | None = None,
    ) -> None:
        check_swap(model)
        masks.mask_names(mask)
        self.model = model
        self.identity = choose("identity", identity, model.identities)
        self._source_identity = source_identity
        self.source_identity = resolve_source_identity(model, identity, source_identity)
        self.latent_mean = None if latent_mean is None else latent(model, latent_mean)
        self.neutral, self.target_neutral = neutral, target_neutral
        self.mask = mask
        self.color = choose("color", color, COLORS)
        self.blend = choose("blend", blend, BLENDS)
        self.debug = None if debug is None else choose("debug", debug, ("mask",))
        self.feather = within("feather", feather, 0, 1)
        self.erode = within("erode", erode, -1, 1)
        self.sharpen = sharpening(sharpen)
        self.reshape = reshape
        self.batch_size = int(within("batch_size", batch_size, 1, 4096))
        self.side_by_side = side_by_side
        self.aligner = aligner or aligner_of(model)

    def replace(self, **changes: Any) -> Self:
        """Returns a converter with some options changed.

        It shares the model and the aligner; `latent_mean`, `neutral` and
        `target_neutral` go with the model.

        Args:
            **changes: Options of `Converter`, `model` and `identity` among them.

        Raises:
            ValueError: There is no such option, or it has an unknown value.

        Example:
            >>> other = converter.replace(blend="poisson", sharpen=0.5)
        """
        kept: dict[str, Any] = {"source_identity": self._source_identity}
        if "model" in changes:
            kept |= dict.fromkeys(("latent_mean", "neutral", "target_neutral"))
        return replaced(self, Converter, kept | changes)

    @property
    def needs_mean(self) -> bool:
        """Whether the mean latent of the source person must still be measured."""
        shifts = getattr(self.model, "shifts_latents", False)
        unknown = is_anybody(self.source_identity, self.model)
        return shifts and unknown and self.latent_mean is None

    @property
    def needs_neutral(self) -> bool:
        """Whether the source person's neutral face must still be measured."""
        matches = getattr(self.model, "matches_expressions", False)
        return matches and self.neutral is None

    def is_turned(self, face: Face) -> bool:
        """Whether a head is turned farther than the model has seen the target's."""
        known = getattr(self.model, "poses", {}).get(self.identity)
        return is_beyond(face, known)

    def settings(self) -> dict[str, Any]:
        """Returns the options that determine the result, for the provenance record."""
        names = ("mask", "color", "blend", "feather", "erode", "sharpen", "reshape")
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
            faces: The face to swap in each frame.

        Returns:
            New frames of the same shapes and dtypes. Where the mask is zero they are
            equal to the given ones bit for bit.

        Raises:
            ValueError: The numbers of frames and faces differ.
        """
        if len(frames) != len(faces):
            raise ValueError(
                f"{len(frames)} frames and {len(faces)} faces were given. Expected one "
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
            person: The person to replace when there are several: a FaceSet (or its
                folder), a (128,) face embedding, or the path of an image. None
                replaces the largest face. The mean latent of "anybody" is measured on
                a FaceSet.

        Returns:
            The result in the form set by `side_by_side` and `debug` (the given image if
            no face was found), and an `ImageInfo`.
        """
        reference = reference_embedding(person, self.aligner)
        faces = self.aligner.detect(image)
        face = pick_face(image, faces, reference)
        decoded = None
        if face is not None:
            decoded = latent_means.from_person(self, person).decode([image], [face])[0]
        return self.render(image, decoded), ImageInfo(len(faces), face)

    def decode(
        self,
        frames: Sequence[Array],
        faces: Sequence[Face],
        tracks: Sequence[int] | None = None,
        detail: bool | Sequence[bool] = True,
        measures: Array | None = None,
    ) -> list[DecodedFace]:
        """Decodes the faces of several frames at once.

        Args:
            frames: (H, W, 3) images.
            faces: The face to swap in each frame.
            tracks: The number of each face's track; 0 for all by default.
            detail: Whether to measure the detail of the frame's face, if `sharpen` is
                "auto"; one value, or one for each frame. Between frames of a video it
                hardly changes.
            measures: What `measured` returns of the aligned faces, (N, 7), if it is
                known.

        Returns:
            The decoded face of each frame, with its mask and color statistics.

        Raises:
            ValueError: The model's output is not a finite image.
        """
        if not frames:
            return []
        inputs = [self.aligned(*one) for one in zip(frames, faces, strict=True)]
        predicted = self._predict(np.stack(inputs), measures)
        numbers = [0] * len(frames) if tracks is None else tracks
        auto = [detail] * len(frames) if isinstance(detail, bool) else detail
        auto = [one and self.sharpen == AUTO for one in auto]
        rows = zip(frames, faces, inputs, predicted, numbers, auto, strict=True)
        return [decoded_face(self.mask, *one) for one in rows]

    @whole_numbers(size=1)
    def aligned(self, frame: Array, face: Face, size: int | None = None) -> Array:
        """Returns a frame's face aligned as the model's input, (S, S, 3).

        Args:
            frame: (H, W, 3), uint8 or float in [0, 1].
            face: The face in it.
            size: Its side S in pixels; the model's by default.
        """
        size = int(self.model.image_size) if size is None else size
        return align(frame, self.matrix(face, size), size)

    @whole_numbers(size=1)
    def matrix(self, face: Face, size: int) -> Array:
        """Returns the (2, 3) matrix from a frame to its aligned face of `size` px."""
        return resize_matrix(face.matrix, face.image_size, size)

    def apply(self, frame: Array, decoded: DecodedFace) -> Array:
        """Puts a decoded face into its frame, with color transfer and blending."""
        return paste.paste_face(*self._pasted(frame, decoded))

    def change(self, frame: Array, decoded: DecodedFace) -> HalvedChange | None:
        """Returns what `apply` changes, at half the size; None for other faces.

        Only faces that are much larger in the frame than the model makes them are
        blended at half the size.
        """
        # First, because color transfer takes long, and `apply` repeats it.
        if not paste.is_halved(BLENDS[self.blend], decoded.matrix):
            return None
        return paste.halved_change(*self._pasted(frame, decoded))

    def place(self, frame: Array, decoded: DecodedFace) -> paste.PlacedFace | None:
        """Returns what `apply` blends into a frame; None if it blends nothing."""
        return paste.place_face(*self._pasted(frame, decoded))

    def _pasted(self, frame: Array, decoded: DecodedFace) -> tuple[Any, ...]:
        face, mask = self.colored(decoded), self.edged(decoded.mask)
        sharp: tuple[Any, Any] = (self.sharpen, None)
        if self.sharpen == AUTO:
            sharp = automatic(decoded, face)
        return face, mask, frame, decoded.matrix, self.blend, *sharp

    def render(self, frame: Array, decoded: DecodedFace | None) -> Array:
        """Returns the output frame, in the form set by `side_by_side` and `debug`."""
        result = self.swapped(frame, decoded)
        return np.hstack([frame, result]) if self.side_by_side else result

    def swapped(self, frame: Array, decoded: DecodedFace | None) -> Array:
        """Returns the frame with the face swapped, in the form set by `debug`."""
        if decoded is None:
            return frame
        if self.debug == "mask":
            return paste.tint(self.edged(decoded.mask), frame, decoded.matrix)
        return self.apply(frame, decoded)

    def edged(self, mask: Array) -> Array:
        """Returns a mask after erosion and feathering."""
        return masks.feather(masks.erode(mask, self.erode), self.feather)

    def colored(self, face: DecodedFace) -> Array:
        """Returns the decoded face in its frame's colors, (S, S, 3) in [0, 1]."""
        if face.image_colors is None or face.frame_colors is None:
            return face.image
        colored = COLORS[self.color](face)
        if np.shape(colored) != face.image.shape:
            raise ValueError(
                f"The color transfer {self.color!r} returned the shape "
                f"{np.shape(colored)} for a face of shape {face.image.shape}. Expected "
                "the face's shape. Check its function."
            )
        return colored

    def measured(self, images: Array) -> Array:
        """Returns the measures of `measure_faces` of aligned faces, (N, 7)."""
        return measure_faces(images, self._face_type)

    def _predict(self, images: Array, measures: Array | None) -> Array:
        """Returns decoded faces with the expressions of aligned ones."""
        source = self._source(images, measures)
        decoded = self.model.predict(images, identity=self.identity, **source)
        predicted = np.asarray(decoded)
        check_decoded(predicted, len(images))
        if not (self.reshape and "expressions" in source):
            return predicted
        neutral = self.target_neutral
        if neutral is None:
            neutral = self.measured_target(images)
        return reshaped(predicted, source["expressions"], neutral, self._face_type)

    def measured_target(self, images: Array) -> Array:
        """Returns the measures of the target's neutral face as it is decoded, (7,).

        Args:
            images: (N, S, S, 3), aligned faces of the source. Of 16 or more, eight to
                twelve are used, spread evenly.
        """
        few = images[:: max(1, len(images) // _DECODED)]
        neutral = np.zeros((len(few), FEATURES), np.float32)
        source = {**self._source(few, neutral), "expressions": neutral}
        decoded = self.model.predict(few, identity=self.identity, **source)
        face = np.clip(np.asarray(decoded)[..., :3], 0, 1)
        return np.asarray(np.median(self.measured(face), axis=0))

    @property
    def _face_type(self) -> str:
        return getattr(self.model, "face_type", "full")

    def _source(self, images: Array, measures: Array | None = None) -> dict[str, Any]:
        """Returns the arguments of `predict` about the source, if it takes any."""
        # Third-party models may accept no more than faces and `identity`.
        source: dict[str, Any] = {}
        if getattr(self.model, "shifts_latents", False) and not self.needs_mean:
            unknown = is_anybody(self.source_identity, self.model)
            source["source_identity"] = (
                self.latent_mean if unknown else self.source_identity
            )
        if getattr(self.model, "matches_expressions", False):
            values = self.measured(images) if measures is None else measures
            source["expressions"] = self._expressions(values)
        return source

    def _expressions(self, values: Array) -> Array:
        if self.neutral is not None:
            return expressions(values, self.neutral)
        found = [expressions(one, neutral_face(one)) for one in values[:, None]]
        return np.concatenate(found)

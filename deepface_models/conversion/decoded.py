"""A face that the model has decoded, with what is measured on it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import cv2
import numpy as np

from deepface_models.conversion import masks
from deepface_models.conversion.detail import Detail, Needed, contrast, measure
from deepface_models.conversion.grain import Grain
from deepface_models.conversion.regions import frame_scale, inside_frame
from deepface_models.conversion.skin import eye_whites, features, skin, teeth
from deepface_models.core.arrays import Array
from deepface_models.faces.align import align, resize_matrix, transform_points
from deepface_models.faces.face import Face
from deepface_models.media import ColorStatistics

_FEWEST = 32  # pixels of a face needed to measure its colors
_SOFT = 0.015  # width of the change from skin to eyes and mouth, in the face's size
_TRIM = 2.5  # standard deviations from the median: shadows, glints and hair


@dataclass(frozen=True, eq=False)
class DecodedFace:
    """A face that the model has decoded, before it is put into its frame.

    Attributes:
        matrix: (2, 3) float64, frame pixels to pixels of the decoded face.
        image: (S, S, 3) float32 in [0, 1], the model's output.
        mask: (S, S) float32 in [0, 1], before erosion and feathering.
        aligned: (S, S, 3) uint8, the frame's own face.
        weights: (S, S) float32 in [0, 1], the weight of each pixel in the colors: 0
            outside of the skin.
        image_colors: Colors of the skin in `image`; None if too little is visible.
        frame_colors: Colors of the skin in `aligned`, or None likewise.
        track: Number of the track; faces of different tracks are never averaged.
        landmarks: (68, 2) or (5, 2), those of the frame's face in pixels of `aligned`;
            None if not known.
        image_whites: Colors of the eyes' whites in `image`; None if they are closed.
        frame_whites: Colors of the eyes' whites in `aligned`, or None likewise.
        image_teeth: Colors of the teeth in `image`; None if they are hidden.
        frame_teeth: Colors of the teeth in `aligned`, or None likewise.
        detail: Detail of both faces at the frame's resolution; None if it is not
            needed, or too little is visible.
        corner: x and y at which the pixels of `matrix` begin, if they are a part of a
            larger frame.
    """

    matrix: Array
    image: Array
    mask: Array
    aligned: Array
    weights: Array
    image_colors: ColorStatistics | None
    frame_colors: ColorStatistics | None
    track: int = 0
    landmarks: Array | None = None
    image_whites: ColorStatistics | None = None
    frame_whites: ColorStatistics | None = None
    image_teeth: ColorStatistics | None = None
    frame_teeth: ColorStatistics | None = None
    detail: Detail | None = None
    corner: tuple[int, int] = (0, 0)


def decoded_face(
    mask: str,
    frame: Array,
    face: Face,
    aligned: Array,
    predicted: Array,
    track: int = 0,
    detail: bool = False,
) -> DecodedFace:
    """Returns a decoded face with its mask and colors.

    Args:
        mask: One of `MASKS`, or several joined by "*".
        frame: (H, W, 3), uint8 or float in [0, 1].
        face: The face in it.
        aligned: The face that the model was given.
        predicted: (S, S, 3 or 4), what it returned.
        track: Number of the face's track.
        detail: Whether to measure how sharp both faces are.
    """
    size = predicted.shape[0]
    matrix = resize_matrix(face.matrix, face.image_size, size)
    if aligned.shape[0] != size:
        aligned = align(frame, matrix, size)
    points = transform_points(face.landmarks, matrix)
    made = masks.make_mask(mask, predicted, aligned, points)
    image = np.clip(predicted[..., :3].astype(np.float32), 0.0, 1.0)
    # The outermost pixels are often hair and background, not skin.
    weights = masks.erode(made, 0.05) * inside_frame(matrix, size, frame.shape)
    weights *= skin(points, size)
    drawn, seen = (_colors(one, weights) for one in (image, aligned))
    return DecodedFace(
        *(matrix, image, made, aligned, weights),
        image_colors=drawn,
        frame_colors=seen,
        track=track,
        landmarks=points,
        image_whites=eye_whites(image, points),
        frame_whites=eye_whites(aligned, points),
        image_teeth=teeth(image, points, drawn),
        frame_teeth=teeth(aligned, points, seen),
        detail=measure(image, made, weights, frame, matrix) if detail else None,
    )


def automatic(face: DecodedFace, colored: Array) -> tuple[float | Array, Grain | None]:
    """Returns the sharpening and the grain that give a face its frame's detail.

    The amount of sharpening is one for the face, or (S, S), less on the skin.

    Args:
        face: The decoded face.
        colored: (S, S, 3) float32 in [0, 1], its image in the frame's colors.
    """
    if face.detail is None:
        return 0.0, None
    gain = contrast(face.image, colored, face.mask > 0.5)
    needed = face.detail.solve(gain, frame_scale(face.matrix))
    # The frame decides the noise: a still one keeps it, and a result can be repeated.
    seed = zlib.crc32(face.aligned.tobytes())
    grain = Grain(needed.level, needed.width, seed, face.corner)
    return _amounts(face, needed), grain if needed.level > 0 else None


def _amounts(face: DecodedFace, needed: Needed) -> float | Array:
    """Returns the amount of sharpening; of each pixel, if that of the skin differs."""
    if face.landmarks is None or needed.on_skin == needed.amount:
        return needed.amount
    size = face.image.shape[0]
    sharp = cv2.GaussianBlur(features(face.landmarks, size), (0, 0), _SOFT * size)
    return np.asarray(needed.on_skin + (needed.amount - needed.on_skin) * sharp)


def check_decoded(predicted: Array, count: int) -> None:
    """Checks what a model has returned for `count` faces.

    Raises:
        ValueError: It is not an image for each, or has values that are not finite.
    """
    shape = predicted.shape
    square = predicted.ndim == 4 and shape[1] == shape[2] and shape[3] in (3, 4)
    if not square or shape[0] != count:
        raise ValueError(
            f"The model returned an array of shape {shape} for {count} faces. Expected "
            f"({count}, S, S, 3), or 4 channels with a mask. Check its predict()."
        )
    if not np.isfinite(predicted).all():
        raise ValueError(
            "The model returned values that are not finite. Expected images in [0, 1]. "
            "Its training has diverged: go back to an earlier checkpoint."
        )


def _colors(image: Array, weights: Array) -> ColorStatistics | None:
    """Measures a face's colors on a subset of its pixels, which is faster."""
    step = max(1, image.shape[0] // 64)
    every = np.s_[::step, ::step]
    if weights[every].sum() < _FEWEST:
        return None
    return ColorStatistics.from_image(image[every], weights[every], trim=_TRIM)

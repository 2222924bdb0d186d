"""A face that the model has decoded, with what is measured on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepface_models.conversion import masks
from deepface_models.conversion.regions import inside_frame, resize_matrix
from deepface_models.core.arrays import Array
from deepface_models.faces.align import align, transform_points
from deepface_models.faces.face import Face
from deepface_models.media import ColorStatistics

_FEWEST = 32  # pixels of a face needed to measure its colors


@dataclass(frozen=True, eq=False)
class DecodedFace:
    """A face that the model has decoded, before it is put into its frame.

    Attributes:
        matrix: (2, 3) float64, frame pixels to pixels of the decoded face.
        image: (S, S, 3) float32 in [0, 1], the model's output.
        mask: (S, S) float32 in [0, 1], before erosion and feathering.
        aligned: (S, S, 3) uint8, the frame's own face.
        weights: (S, S) float32 in [0, 1], the weight of each pixel in the colors.
        image_colors: Colors of `image`; None if too little of the face is visible.
        frame_colors: Colors of `aligned`, or None likewise.
        track: Number of the track; faces of different tracks are never averaged.
    """

    matrix: Array
    image: Array
    mask: Array
    aligned: Array
    weights: Array
    image_colors: ColorStatistics | None
    frame_colors: ColorStatistics | None
    track: int = 0


def decoded_face(
    mask: str,
    frame: Array,
    face: Face,
    aligned: Array,
    predicted: Array,
    track: int = 0,
) -> DecodedFace:
    """Returns a decoded face with its mask and colors.

    Args:
        mask: One of `MASKS`, or several joined by "*".
        frame: (H, W, 3), uint8 or float in [0, 1].
        face: The face in it.
        aligned: The face that the model was given.
        predicted: (S, S, 3 or 4), what it returned.
        track: Number of the face's track.
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
    image_colors, frame_colors = (_colors(i, weights) for i in (image, aligned))
    return DecodedFace(
        matrix, image, made, aligned, weights, image_colors, frame_colors, track
    )


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
    return ColorStatistics.from_image(image[every], weights[every])

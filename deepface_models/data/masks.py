"""Target masks of faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.core.choices import choose
from deepface_models.faces._template import five_points

if TYPE_CHECKING:
    from deepface_models.faces import FaceSet


TARGET_MASKS = ("face", "hull", "ellipse", "full")


def target_masks(
    faces: FaceSet, mask: str | Array = "face", dilation: float = 0.0
) -> Array:
    """Returns the masks of a set's faces.

    Args:
        faces: The set, N faces of S px.
        mask: "face": `FaceSet.masks`, the convex hull of 68 landmarks or an ellipse
            around 5; "hull" or "ellipse" for one of these; "full": the whole image; or
            custom masks (N, S, S), uint8, bool or float in [0, 1], such as those of a
            segmentation network.
        dilation: Width by which to grow the hull or ellipse, as a fraction of the
            image's width; negative values shrink it.

    Returns:
        (N, S, S) float32 in [0, 1].

    Raises:
        ValueError: There is no such mask, or custom masks do not fit the set.

    Example:
        >>> target_masks(people["ana"], "ellipse", dilation=0.05).shape
        (6, 64, 64)
    """
    if not isinstance(mask, str):
        return _given(faces, np.asarray(mask), dilation)
    choose("mask", mask, TARGET_MASKS, "Or pass an array of masks.")
    size = faces.image_size
    if mask == "full":
        return np.ones((len(faces), size, size), "float32")
    if mask == "face" or (mask == "hull" and faces.landmarks in (68, "mesh")):
        return faces.masks(dilation)
    if mask == "ellipse":
        return _ellipses(faces, dilation)
    raise ValueError(
        f"mask='hull' was given for faces with landmarks={faces.landmarks}. "
        "Expected 68 or mesh. Use mask='ellipse', or FaceAligner(landmarks='mesh')."
    )


def soften(mask: Array, amount: float) -> Array:
    """Blurs a mask symmetrically, so that the contour of 0.5 stays in place.

    Args:
        mask: (S, S) float32 in [0, 1].
        amount: Width of the soft edge, as a fraction of the image's width; 0 changes
            nothing. deepfakes/faceswap uses 0.03.

    Returns:
        (S, S) float32 in [0, 1].
    """
    if amount <= 0.0:
        return mask
    # Four standard deviations hold 95 % of the step.
    sigma = amount * mask.shape[0] / 4.0
    soft = cv2.GaussianBlur(mask, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft.clip(0.0, 1.0))


def _ellipses(faces: FaceSet, dilation: float) -> Array:
    from deepface_models.faces import face_mask

    size = faces.image_size
    made = [
        face_mask(five_points(points), size, dilation)
        for points in faces.landmarks_aligned
    ]
    return np.array(made, "float32").reshape(len(faces), size, size)


def _given(faces: FaceSet, masks: Array, dilation: float) -> Array:
    expected = (len(faces), faces.image_size, faces.image_size)
    if masks.shape != expected or dilation:
        raise ValueError(
            f"Masks of shape {masks.shape} with mask_dilation={dilation} were given. "
            f"Expected {expected}, one for each face of the set, and 0. Dilate custom "
            "masks beforehand."
        )
    return as_float(masks).clip(0.0, 1.0)

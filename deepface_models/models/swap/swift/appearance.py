"""A person's linear appearance model in `Swift`, and its codes from latents."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from deepface_models.core.arrays import Array

_OUTSIDE = 0.1  # weight of pixels outside the face, as in `FaceLoss`
# Regularization relative to the latents' mean variance. The small one keeps identities
# apart (margin 0.353 in the demo from scratch, 0.315 with the large one); the large one
# is for encoders with adapted latents, which have more latents.
PLAIN_RIDGE, ADAPTED_RIDGE = 0.1, 2.3


class Appearance(NamedTuple):
    """Faces as a mean and principal components, as logits (before the sigmoid).

    Attributes:
        components: (count, S * S * 4), each scaled to its standard deviation.
        mean: (S * S * 4,).
        codes: (N, count), each face's coefficients, of variance 1.
    """

    components: Array
    mean: Array
    codes: Array


def principal_components(
    faces: Array, count: int, like: Array | None = None
) -> Appearance:
    """Returns mean, principal components and codes of faces and masks.

    Pixels are weighted as in training: the face more than its surroundings, eyes and
    mouth more than cheeks. So the components describe expression rather than hair and
    background.

    Args:
        faces: (N, S, S, 3..5): red, green, blue and optionally mask and pixel weights;
            uint8 or float in [0, 1].
        count: Number of components; those beyond what N faces allow are zero.
        like: Faces whose masks and weights define the pixel weights; `faces` by
            default.

    Raises:
        ValueError: A value is not finite.
    """
    if not np.isfinite(faces).all():
        raise ValueError(
            f"Faces {faces.shape} with values that are not finite were given. Expected "
            "values in [0, 1]. Check the training images for NaN."
        )
    values = _logits(faces).reshape(len(faces), -1)
    weights = _weights(faces if like is None else like)
    return _decompose(values, weights, count)


def fine_detail(faces: Array, size: int, count: int, like: Array) -> Appearance:
    """Returns what faces have beyond a smaller size: its mean and components.

    It is the difference of their logits and of those of the reduced faces, enlarged.
    The mean has all channels, components have brightness only.

    Args:
        faces: (N, T, T, 4) float in [0, 1]: red, green, blue and mask.
        size: The smaller side S in pixels, a divisor of T.
        count: Number of components; those beyond what N faces allow are zero.
        like: As in `principal_components`.

    Returns:
        Components (count, T * T), mean (T * T * 4,), codes (N, count).
    """
    coarse, detail = _logits(reduce_faces(faces, size)), _logits(faces)
    for image, small in zip(detail, coarse, strict=True):
        image -= cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    brightness = detail[..., :3].mean(axis=-1).reshape(len(faces), -1)
    weights = _weights(like)[::4]  # of the first color
    found = _decompose(brightness, weights, count)
    return found._replace(mean=detail.mean(axis=0).reshape(-1))


def reduce_faces(faces: Array, size: int) -> Array:
    """Returns faces (N, T, T, C) at a smaller size, or themselves if they have it."""
    if faces.shape[1] == size:
        return faces
    shape = (size, size)
    return np.stack([cv2.resize(f, shape, interpolation=cv2.INTER_AREA) for f in faces])


def _decompose(values: Array, weights: Array, count: int) -> Appearance:
    """Returns mean, components and codes of values (N, P) with weights (P,)."""
    number = len(values)
    mean = values.mean(axis=0)
    values = values - mean
    weighted = values * np.sqrt(weights)
    # The small Gram matrix has the same non-zero eigenvalues as the covariance.
    spectrum, vectors = np.linalg.eigh(weighted @ weighted.T)
    nonzero = spectrum[::-1][:count] > 1e-6 * max(spectrum[-1], 1e-12)
    vectors = np.where(nonzero, vectors[:, ::-1][:, :count], 0.0).astype("float32")
    components = np.zeros((count, values.shape[1]), "float32")
    components[: len(nonzero)] = (vectors.T @ values) / np.sqrt(number)
    codes = np.zeros((number, count), "float32")
    codes[:, : len(nonzero)] = vectors * np.sqrt(number)
    return Appearance(components, mean.astype("float32"), codes)


def _logits(faces: Array) -> Array:
    """Returns the logits of red, green, blue and mask; of a missing mask zero."""
    scale = np.float32(255.0 if faces.dtype == np.uint8 else 1.0)
    values = np.full((*faces.shape[:3], 4), 0.5, "float32")
    channels = min(4, faces.shape[-1])
    values[..., :channels] = faces[..., :channels] / scale
    values = np.clip(values, 0.02, 0.98, out=values)
    return np.asarray(np.log(values / (1.0 - values)))


def _weights(faces: Array) -> Array:
    """Returns each pixel's weight, averaged over faces: (S * S * 4,) float32."""
    side = faces.shape[1:3]
    inside = faces[..., 3:].mean(axis=0, dtype="float32")
    if faces.dtype == np.uint8:
        inside /= 255.0
    face = _OUTSIDE + (1.0 - _OUTSIDE) * inside.prod(axis=-1, keepdims=True)
    colors = np.broadcast_to(face, (*side, 3))
    return np.concatenate([colors, np.ones((*side, 1), "float32")], -1).reshape(-1)

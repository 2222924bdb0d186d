"""A person's linear appearance model in `Swift`, and its codes from latents."""

from __future__ import annotations

from typing import NamedTuple

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
    scale = 255.0 if faces.dtype == np.uint8 else 1.0
    values = np.full((*faces.shape[:3], 4), 0.5, "float32")
    channels = min(4, faces.shape[-1])
    values[..., :channels] = faces[..., :channels] / scale
    values = np.clip(values.reshape(len(faces), -1), 0.02, 0.98)
    logits = np.log(values / (1.0 - values))
    mean = logits.mean(axis=0)
    logits -= mean
    weighted = logits * np.sqrt(_weights(faces if like is None else like))
    # The small Gram matrix has the same non-zero eigenvalues as the covariance.
    spectrum, vectors = np.linalg.eigh(weighted @ weighted.T)
    nonzero = spectrum[::-1][:count] > 1e-6 * max(spectrum[-1], 1e-12)
    vectors = np.where(nonzero, vectors[:, ::-1][:, :count], 0.0).astype("float32")
    components = np.zeros((count, logits.shape[1]), "float32")
    components[: len(nonzero)] = (vectors.T @ logits) / np.sqrt(len(faces))
    codes = np.zeros((len(faces), count), "float32")
    codes[:, : len(nonzero)] = vectors * np.sqrt(len(faces))
    return Appearance(components, mean.astype("float32"), codes)


def _weights(faces: Array) -> Array:
    """Returns each pixel's weight, averaged over faces: (S * S * 4,) float32."""
    side = faces.shape[1:3]
    inside = faces[..., 3:].mean(axis=0, dtype="float32")
    if faces.dtype == np.uint8:
        inside /= 255.0
    face = _OUTSIDE + (1.0 - _OUTSIDE) * inside.prod(axis=-1, keepdims=True)
    colors = np.broadcast_to(face, (*side, 3))
    return np.concatenate([colors, np.ones((*side, 1), "float32")], -1).reshape(-1)

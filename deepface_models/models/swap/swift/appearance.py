"""A person's linear start in `Swift`: what their images vary by, and how to tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deepface_models.core.arrays import Array

_OUTSIDE = 0.1  # weight of pixels outside the face, as in `FaceLoss`
# Of the latents' mean variance. The small one keeps the person apart (the demo from
# scratch: margin 0.353, with the other 0.315); with detail there are more latents.
PLAIN_RIDGE, DETAILED_RIDGE = 0.1, 2.3


class Appearance(NamedTuple):
    """Faces as a mean and a few components, before the sigmoid.

    Attributes:
        components: (count, S * S * 4), each as long as its standard deviation.
        mean: (S * S * 4,).
        codes: (N, count), how much of each component each face has; of variance 1.
    """

    components: Array
    mean: Array
    codes: Array


def principal_components(
    faces: Array, count: int, like: Array | None = None
) -> Appearance:
    """Returns mean, principal components and codes of faces and masks.

    Pixels count as they do in training: the face more than what is around it, eyes
    and mouth more than cheeks, so that components are spent on expression rather
    than on hair and background.

    Args:
        faces: (N, S, S, 3..5): red, green, blue and, if there, the mask and the
            pixels' weights; uint8 or float in [0, 1].
        count: Components wanted; those that N faces cannot give are zero.
        like: Faces whose masks and weights say which pixels count; `faces` by default.

    Raises:
        ValueError: A value is not finite.
    """
    if not np.isfinite(faces).all():
        raise ValueError(
            f"Faces {faces.shape} with values that are not finite were given. Expected "
            "values in [0, 1]. Look for NaN in the training images."
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
    # The small Gram matrix has the same non-zero spectrum as the covariance.
    spectrum, vectors = np.linalg.eigh(weighted @ weighted.T)
    known = spectrum[::-1][:count] > 1e-6 * max(spectrum[-1], 1e-12)
    vectors = np.where(known, vectors[:, ::-1][:, :count], 0.0).astype("float32")
    components = np.zeros((count, logits.shape[1]), "float32")
    components[: len(known)] = (vectors.T @ logits) / np.sqrt(len(faces))
    codes = np.zeros((len(faces), count), "float32")
    codes[:, : len(known)] = vectors * np.sqrt(len(faces))
    return Appearance(components, mean.astype("float32"), codes)


def _weights(faces: Array) -> Array:
    """Each pixel's weight, mean of the faces: (S * S * 4,) float32."""
    side = faces.shape[1:3]
    inside = faces[..., 3:].mean(axis=0, dtype="float32")
    if faces.dtype == np.uint8:
        inside /= 255.0
    face = _OUTSIDE + (1.0 - _OUTSIDE) * inside.prod(axis=-1, keepdims=True)
    colors = np.broadcast_to(face, (*side, 3))
    return np.concatenate([colors, np.ones((*side, 1), "float32")], -1).reshape(-1)


def linear_map(
    latents: Array, codes: Array, strength: float = PLAIN_RIDGE
) -> list[Array]:
    """Returns kernel (L, C) and bias (C,) that best tell codes from latents.

    Ridge regression (Hoerl and Kennard, 1970) of (N, C) codes of mean zero on (N, L)
    latents.
    """
    mean = latents.mean(axis=0, dtype="float64")
    centered = latents - mean
    squares = centered.T @ centered
    ridge = max(strength * np.trace(squares) / len(squares), 1e-9)
    kernel = np.linalg.solve(
        squares + ridge * np.eye(len(squares)), centered.T @ codes.astype("float64")
    )
    return [kernel.astype("float32"), (-mean @ kernel).astype("float32")]

"""Colors of skin, irises and teeth, found by the mesh."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.evaluation.chips import chip, filled
from deepface_models.faces._mesh_points import (
    LEFT_EYE,
    LEFT_IRIS,
    RIGHT_EYE,
    RIGHT_IRIS,
)
from deepface_models.faces.expressions import eye_opening, mouth_opening

PARTS = ("skin", "iris", "teeth")
_DISTANCE = 120.0  # px between the eyes of the chip that is measured
_CHEEKS = (
    (50, 101, 118, 117, 123, 147, 187, 205, 36),
    (280, 330, 347, 346, 352, 376, 411, 425, 266),
)
_INNER_LIPS = (
    *(78, 191, 80, 81, 82, 13, 312, 311, 310, 415),
    *(308, 324, 318, 402, 317, 14, 87, 178, 88, 95),
)
# Lids and corners in their order around the eye, among the points of an eye.
_AROUND = (0, 9, 10, 11, 12, 13, 14, 15, 8, 7, 6, 5, 4, 3, 2, 1)
_RIM = 0.85  # of the iris that is measured, in its radii
_OPEN_EYES, _OPEN_MOUTH = 0.2, 0.1  # less is not measured
_BRIGHT = 70  # percentile of the open mouth above which there are teeth
_FEW = 12  # pixels, too few to measure


def tones(image: Array, mesh: Array) -> dict[str, Array]:
    """Returns the mean colors of a face's parts.

    Args:
        image: (H, W, 3) RGB, uint8 or float in [0, 1].
        mesh: (478, 3) in pixels of the image.

    Returns:
        CIE Lab (3,) for "skin" (both cheeks), "iris" (both, inside of the lids) and
        "teeth" (the brightest of the open mouth); NaN for what cannot be seen.
    """
    face, points = chip(image, mesh, _DISTANCE)
    lab = cv2.cvtColor(np.clip(as_float(face), 0, 1), cv2.COLOR_RGB2Lab)
    found = {"skin": _skin(lab, points), "iris": _iris(lab, points)}
    if eye_opening(mesh[None])[0] < _OPEN_EYES:
        found["iris"] = np.zeros(lab.shape[:2], bool)
    mouth = filled(points[list(_INNER_LIPS)], lab.shape)
    if mouth_opening(mesh[None])[0] < _OPEN_MOUTH or not mouth.any():
        found["teeth"] = np.zeros(lab.shape[:2], bool)
    else:
        light = lab[..., 0]
        found["teeth"] = mouth & (light >= np.percentile(light[mouth], _BRIGHT))
    return {part: _mean(lab, found[part]) for part in PARTS}


def difference(result: Sequence[Array], own: Sequence[Array]) -> float:
    """Returns the Lab distance of the mean colors of two sets of faces.

    Args:
        result: Colors (3,) of a part; rows of NaN are ignored.
        own: Those of the target person's own faces.

    Returns:
        CIE76 difference: 2 is just visible; NaN if either has none.
    """
    means = [np.array(one)[np.isfinite(one).all(1)] for one in (result, own)]
    if not all(len(one) for one in means):
        return float("nan")
    return float(np.linalg.norm(means[0].mean(0) - means[1].mean(0)))


def _skin(lab: Array, points: Array) -> Array:
    left, right = (
        filled(cv2.convexHull(points[list(c)].astype(np.float32))[:, 0], lab.shape)
        for c in _CHEEKS
    )
    return np.asarray(left | right)


def _iris(lab: Array, points: Array) -> Array:
    found = np.zeros(lab.shape[:2], bool)
    y, x = np.indices(found.shape)
    for eye, iris in ((LEFT_EYE, LEFT_IRIS), (RIGHT_EYE, RIGHT_IRIS)):
        center, rim = points[iris[0]], points[list(iris[1:])]
        radius = _RIM * np.linalg.norm(rim - center, axis=1).mean()
        disk = np.hypot(x - center[0], y - center[1]) < radius
        found |= disk & filled(points[[eye[i] for i in _AROUND]], lab.shape)
    return found


def _mean(lab: Array, where: Array) -> Array:
    if where.sum() < _FEW:
        return np.full(3, np.nan)
    return np.asarray(lab[where].mean(0), np.float64)

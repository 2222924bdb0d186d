"""Fine detail of a face: the variance of the Laplacian inside of its mesh."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.evaluation.chips import chip, filled
from deepface_models.faces._mesh_points import OVAL

_INSIDE = 0.12  # of the outline that is left out, in eye distances
MOST = 200.0  # px; a larger distance of the eyes is reduced to it


def detail(image: Array, mesh: Array, distance: float) -> float:
    """Returns the variance of the Laplacian inside of a face.

    Args:
        image: (H, W, 3), uint8 or float in [0, 1].
        mesh: (478, 3) in pixels of the image.
        distance: Distance of the eyes in pixels that the face is brought to before;
            only values of one distance can be compared.

    Returns:
        In squared 8-bit levels; 0 for a face without any detail.
    """
    face, points = chip(image, mesh, min(float(distance), MOST))
    gray = cv2.cvtColor(as_float(face), cv2.COLOR_RGB2GRAY) * 255
    inside = filled(points[list(OVAL)], gray.shape).astype(np.uint8)
    radius = max(1, round(_INSIDE * min(float(distance), MOST)))
    kernel = np.ones((2 * radius + 1,) * 2, np.uint8)
    inner = np.asarray(cv2.erode(inside, kernel, borderValue=0), bool)
    values = np.asarray(cv2.Laplacian(gray, cv2.CV_32F))[inner]
    return float(values.var()) if values.size else float("nan")

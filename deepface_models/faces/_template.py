"""The mean face: position of each landmark in the unit square, and its depth.

Made from dlib's landmarks on 372 front views (London and Canada face sets and
synthetic portraits): shapes were aligned by Procrustes analysis on `STABLE_68`, the
worst tenth was dropped, and the rest averaged with their mirror images and rotated
upright. The unit square reaches from the highest brow point to the chin and is
centered on the face, so padding 0 ("half") covers brows to chin. `MEAN_FACE_5` holds
the mean positions of the five-point predictor's landmarks under the same matrices, so
that both predictors give the same crop. The depths were fitted to 518 frames of
turning heads (scaled orthographic camera); they are in units of the same square,
larger toward the viewer, zero at the eyes. `python benchmarks/alignment.py --template`
computes them again.
"""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array

# Brows, nose, eyes and mouth corners: they move least when the mouth opens.
STABLE_68 = (*range(17, 49), 54)
# Indices of dlib's five points among the 68: both corners of both eyes, nose base.
FIVE_OF_68 = (45, 42, 36, 39, 33)
# Index of the landmark that takes each one's place in a mirrored face.
MIRROR_68 = np.array(
    [
        *range(16, -1, -1),
        *range(26, 16, -1),
        *(27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36),
        *(41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60),
        *(67, 66, 65),
    ]
)

MEAN_FACE_68: Array = np.array(
    [
        (-0.0103, 0.1830),
        (-0.0034, 0.3185),
        (0.0157, 0.4524),
        (0.0418, 0.5842),
        (0.0859, 0.7100),
        (0.1594, 0.8200),
        (0.2562, 0.9111),
        (0.3695, 0.9808),
        (0.5000, 1.0000),
        (0.6305, 0.9808),
        (0.7438, 0.9111),
        (0.8406, 0.8200),
        (0.9141, 0.7100),
        (0.9582, 0.5842),
        (0.9843, 0.4524),
        (1.0034, 0.3185),
        (1.0103, 0.1830),
        (0.0741, 0.0807),
        (0.1395, 0.0181),
        (0.2341, 0.0000),
        (0.3304, 0.0139),
        (0.4216, 0.0502),
        (0.5784, 0.0502),
        (0.6696, 0.0139),
        (0.7659, 0.0000),
        (0.8605, 0.0181),
        (0.9259, 0.0807),
        (0.5000, 0.1522),
        (0.5000, 0.2421),
        (0.5000, 0.3317),
        (0.5000, 0.4238),
        (0.3980, 0.4889),
        (0.4471, 0.5057),
        (0.5000, 0.5202),
        (0.5529, 0.5057),
        (0.6020, 0.4889),
        (0.1787, 0.1708),
        (0.2347, 0.1356),
        (0.3038, 0.1368),
        (0.3642, 0.1827),
        (0.2996, 0.1963),
        (0.2306, 0.1967),
        (0.6358, 0.1827),
        (0.6962, 0.1368),
        (0.7653, 0.1356),
        (0.8213, 0.1708),
        (0.7694, 0.1967),
        (0.7004, 0.1963),
        (0.3066, 0.6698),
        (0.3784, 0.6342),
        (0.4485, 0.6129),
        (0.5000, 0.6273),
        (0.5515, 0.6129),
        (0.6216, 0.6342),
        (0.6934, 0.6698),
        (0.6236, 0.7257),
        (0.5554, 0.7503),
        (0.5000, 0.7553),
        (0.4446, 0.7503),
        (0.3764, 0.7257),
        (0.3383, 0.6717),
        (0.4476, 0.6636),
        (0.5000, 0.6690),
        (0.5524, 0.6636),
        (0.6617, 0.6717),
        (0.5528, 0.6770),
        (0.5000, 0.6833),
        (0.4472, 0.6770),
    ]
)

MEAN_FACE_5: Array = np.array(
    [
        (0.8185, 0.1700),
        (0.6353, 0.1793),
        (0.1815, 0.1700),
        (0.3647, 0.1793),
        (0.5000, 0.5187),
    ]
)

# fmt: off
DEPTH_68: Array = np.array([
    -0.276, -0.283, -0.291, -0.297, -0.291, -0.277, -0.249, -0.217,
    -0.209, -0.217, -0.249, -0.277, -0.291, -0.297, -0.291, -0.283,
    -0.276, 0.008, 0.056, 0.090, 0.112, 0.120, 0.120, 0.112,
    0.090, 0.056, 0.008, 0.109, 0.140, 0.173, 0.199, 0.059,
    0.077, 0.096, 0.077, 0.059, -0.029, -0.009, 0.008, 0.027,
    0.010, -0.007, 0.027, 0.008, -0.009, -0.029, -0.007, 0.010,
    -0.115, -0.022, 0.025, 0.026, 0.025, -0.022, -0.115, -0.079,
    -0.059, -0.055, -0.059, -0.079, -0.093, -0.012, -0.007, -0.012,
    -0.093, -0.031, -0.027, -0.031,
])
# fmt: on

# The same five points: eye corners and the base of the nose. The nose gets extra depth:
# it is the only point out of the plane, and without that the pitch is unreliable
# (standard deviation on front views 10.9 degrees instead of 5.8).
DEPTH_5: Array = DEPTH_68[[*FIVE_OF_68]] + np.array([0, 0, 0, 0, 0.105])


def five_points(landmarks: Array) -> Array:
    """Returns dlib's five landmarks, (5, 2), from 68 or from five.

    Args:
        landmarks: (68, 2) or (5, 2).
    """
    points = np.asarray(landmarks)
    return points[list(FIVE_OF_68)] if len(points) == 68 else points

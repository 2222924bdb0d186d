"""dlib's 68 landmarks from the points of the face mesh.

Each lies on the line from one point of the mesh to another, at a part of the way that
was fitted to hand-placed points (Face Research Lab templates). The 55 pictures held
out: 2.8 % of the distance between the pupils off, dlib's 68-point predictor 3.2 %.
`python benchmarks/mesh_landmarks.py --data ../shared/data` fits and measures again.
"""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array

# fmt: off
_ROWS = (
    (127, 162, 0.3), (234, 127, 0.08), (93, 132, 0.15), (132, 58, 0.29),
    (58, 172, 0.47), (136, 172, 0.04), (149, 150, 0.39), (176, 148, 0.47),
    (152, 10, -0.01), (400, 377, 0.47), (378, 379, 0.39), (365, 397, 0.04),
    (288, 397, 0.47), (361, 288, 0.29), (323, 361, 0.15), (454, 356, 0.08),
    (356, 389, 0.3), (139, 46, 0.44), (63, 71, 0.35), (105, 66, 0.35),
    (66, 107, 0.45), (107, 55, 0.33), (336, 285, 0.33), (296, 336, 0.45),
    (334, 296, 0.35), (293, 301, 0.35), (368, 276, 0.44), (168, 6, 0.45),
    (197, 195, 0.2), (5, 195, 0.01), (1, 4, 0.41), (98, 60, 0.41), (167, 141, 0.43),
    (2, 94, 0.34), (393, 370, 0.43), (327, 290, 0.41), (33, 246, -0.29),
    (159, 161, 0.45), (157, 159, 0.35), (112, 243, 0.44), (145, 154, 0.46),
    (163, 145, 0.35), (341, 463, 0.44), (384, 386, 0.35), (386, 388, 0.45),
    (263, 466, -0.29), (390, 374, 0.35), (374, 381, 0.46), (61, 78, -0.18),
    (39, 74, 0.46), (37, 73, 0.06), (0, 11, 0.27), (267, 303, 0.06), (269, 304, 0.46),
    (291, 308, -0.18), (321, 307, -0.3), (314, 315, -0.3), (17, 16, -0.1),
    (84, 85, -0.3), (91, 77, -0.3), (76, 62, 0.56), (81, 82, 0.5), (13, 12, -0.3),
    (311, 312, 0.5), (306, 292, 0.56), (317, 402, 0.41), (14, 15, -0.13),
    (87, 178, 0.41),
)
# fmt: on
_FIRST = np.array([row[0] for row in _ROWS])
_SECOND = np.array([row[1] for row in _ROWS])
_PART: Array = np.array([[row[2]] for row in _ROWS])


def landmarks_of(mesh: Array) -> Array:
    """Returns the 68 landmarks of meshes: (..., 478, 3) -> (..., 68, 2) float32."""
    first, second = mesh[..., _FIRST, :2], mesh[..., _SECOND, :2]
    return np.asarray(first + (second - first) * _PART, np.float32)

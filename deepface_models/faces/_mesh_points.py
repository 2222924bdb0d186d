"""Which of the mesh's points lie where; numbers as in MediaPipe.

Left and right are those of the image, as if the person looked at the camera.
"""

from __future__ import annotations

NUM_POINTS = 478  # 468 of the face, 5 of the left iris, 5 of the right one

# The outline of the face, clockwise from the top of the forehead.
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378),
    *(400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21),
    *(54, 103, 67, 109),
)
# Outer and inner corner of each eye, and its iris: the center and four on its rim.
LEFT_CORNERS, RIGHT_CORNERS = (33, 133), (263, 362)
LEFT_IRIS, RIGHT_IRIS = tuple(range(468, 473)), tuple(range(473, 478))
# Corners of the mouth.
MOUTH_CORNERS = (61, 291)

# The 71 points of the iris network among those of the mesh: lids, three rings about
# the eye, and the brow.
LEFT_EYE = (
    *(33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173),
    *(130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190),
    *(226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189),
    *(35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245),
    *(156, 70, 63, 105, 66, 107, 55, 193),
)
RIGHT_EYE = (
    *(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398),
    *(359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414),
    *(446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413),
    *(265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465),
    *(383, 300, 293, 334, 296, 336, 285, 417),
)

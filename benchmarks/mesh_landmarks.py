"""Which two points of the face mesh make each of dlib's 68 landmarks.

    python benchmarks/mesh_landmarks.py --data ../shared/data

fits them to the hand-placed points of half of the front views, prints the table of
deepface_models/faces/_mesh_landmarks.py, and measures on the other half how far they,
and dlib's landmarks, are from the hand-placed points. Landmarks that the hand-placed
templates lack are fitted to the mean face. No landmark of dlib's 68-point predictor is
used for the fit.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import harness
import numpy as np
from alignment import Truth, hand_placed
from scipy.optimize import linear_sum_assignment

from deepface_models.faces import FaceAligner, FaceMesh, mesh_matrix, umeyama
from deepface_models.faces._mesh_points import OVAL
from deepface_models.faces._template import MEAN_FACE_68, MIRROR_68, STABLE_68
from deepface_models.faces.align import transform_points
from deepface_models.faces.landmarks import predict
from deepface_models.media import read_image

NEAREST = 5  # points to choose the two from
BEYOND = 0.3  # how far outside of the two a landmark may lie, in their distance
# Lids and lips, each of which only its own points may make: in the front views mouths
# are closed, and either lip would do.
GROUPS = (
    (246, 161, 160, 159, 158, 157, 173, 466, 388, 387, 386, 385, 384, 398),
    (7, 163, 144, 145, 153, 154, 155, 249, 390, 373, 374, 380, 381, 382),
    (
        *(0, 267, 269, 270, 409, 185, 40, 39, 37, 191, 80, 81, 82, 13, 312, 311, 310),
        *(415, 11, 12, 72, 73, 74, 302, 303, 304, 38, 41, 42, 268, 271, 272, 184, 183),
        *(408, 407),
    ),
    (
        *(146, 91, 181, 84, 17, 314, 405, 321, 375, 95, 88, 178, 87, 14, 317, 402, 318),
        *(324, 15, 16, 85, 86, 90, 89, 180, 179, 315, 316, 317, 320, 319, 404, 403, 96),
        *(77, 307, 325),
    ),
)
LEFT_CORNER = (61, 76, 62, 78)
UPPER_LID, LOWER_LID = (37, 38, 43, 44), (40, 41, 46, 47)
UPPER_LIP = (49, 50, 51, 52, 53, 61, 62, 63)
LOWER_LIP = (55, 56, 57, 58, 59, 65, 66, 67)


class Fit:
    """Front views of one scale: meshes, expected landmarks, and dlib's."""

    def __init__(self, data: Path, truths: list[Truth]) -> None:
        mesh, finder = FaceMesh(), FaceAligner(landmarks=5, embeddings=False)
        self.names, found = [], []
        for truth in truths:
            image = read_image(data / truth.file)
            face = finder.detect(image)[0]
            points = mesh.predict([image], [mesh_matrix(face.landmarks)])[0][0]
            dlib68 = predict(image, face.box, 68, 3)
            eyes = umeyama(truth.eyes[0], np.array([[-0.5, 0.0], [0.5, 0.0]]))
            scale = np.sqrt(abs(np.linalg.det(eyes[:, :2])))
            flat = transform_points(points[:468, :2], eyes)
            depth = points[:468, 2:] * scale
            found.append((flat, depth, self._wanted(truth, eyes), dlib68, eyes))
            self.names.append(truth.subset)
        self.meshes = np.array([one[0] for one in found])
        self.expected = np.array([one[2] for one in found])
        self.dlib = np.array([transform_points(one[3], one[4]) for one in found])
        self.given = list(truths[0].landmarks[0][0])
        self.mirror = self._mirror(np.array([one[1] for one in found]))

    def _wanted(self, truth: Truth, eyes: np.ndarray) -> np.ndarray:
        ours, points = truth.landmarks[0]
        expected = np.full((68, 2), np.nan)
        expected[ours] = transform_points(points, eyes)
        stable = [i for i in ours if i in STABLE_68]
        rest = [i for i in range(68) if i not in ours]
        mean = umeyama(MEAN_FACE_68[stable], expected[stable])
        expected[rest] = transform_points(MEAN_FACE_68[rest], mean)
        return expected

    def _mirror(self, depths: np.ndarray) -> np.ndarray:
        depth = (depths - depths.mean(1, keepdims=True)).mean(0)
        mean = np.concatenate([self.meshes.mean(0), depth], axis=1)
        apart = np.linalg.norm((mean * [-1, 1, 1])[None] - mean[:, None], axis=2)
        return linear_sum_assignment(apart + apart.T)[1]

    def pair(self, landmark: int, used: np.ndarray) -> tuple[int, int, float]:
        """Returns two points and how far from the first to the second it lies."""
        meshes = np.concatenate(
            [self.meshes[used], self.meshes[used][:, self.mirror] * [-1, 1]]
        )
        other = MIRROR_68[landmark]
        expected = np.concatenate(
            [self.expected[used, landmark], self.expected[used, other] * [-1, 1]]
        )
        allowed = np.array(points_for(landmark))
        far = np.linalg.norm(meshes.mean(0)[allowed] - expected.mean(0), axis=1)
        best = (np.inf, 0, 0, 0.0)
        count = 3 if 36 <= landmark < 48 else NEAREST  # along a lid only
        for a, b in itertools.combinations(allowed[np.argsort(far)[:count]], 2):
            step, way = meshes[:, b] - meshes[:, a], expected - meshes[:, a]
            if landmark < 17 and not neighbors(a, b):
                continue
            part = (step * way).sum() / max((step**2).sum(), 1e-9)
            part = np.clip(part, -BEYOND, 1 + BEYOND)
            loss = ((way - part * step) ** 2).mean()
            best = min(best, (loss, int(a), int(b), round(float(part), 2)))
        return best[1:]

    def table(self, used: np.ndarray) -> np.ndarray:
        """Returns rows (first, second, part) of all landmarks, mirrored in pairs."""
        rows = np.zeros((68, 3))
        for i, other in enumerate(MIRROR_68):
            if i <= other:
                first, second, part = self.pair(i, used)
                if i == other:  # in the middle
                    first, second, part = self._middle(i, used)
                rows[i] = first, second, part
                rows[other] = self.mirror[first], self.mirror[second], part
        return rows

    def _middle(self, landmark: int, used: np.ndarray) -> tuple[int, int, float]:
        still = np.flatnonzero(self.mirror == np.arange(468))
        allowed = [i for i in points_for(landmark) if i in still]
        mean, expected = (
            self.meshes[used].mean(0),
            self.expected[used, landmark].mean(0),
        )
        order = np.argsort(np.abs(mean[allowed, 1] - expected[1]))
        a, b = allowed[order[0]], allowed[order[1]]
        step = self.meshes[used, b, 1] - self.meshes[used, a, 1]
        way = self.expected[used, landmark, 1] - self.meshes[used, a, 1]
        part = np.clip((step * way).sum() / (step**2).sum(), -BEYOND, 1 + BEYOND)
        return a, b, round(float(part), 2)

    def errors(self, points: np.ndarray, used: np.ndarray) -> np.ndarray:
        """Returns each image's mean error in % of the distance between the pupils."""
        gaps = points[used][:, self.given] - self.expected[used][:, self.given]
        return 100 * np.linalg.norm(gaps, axis=2).mean(1)


def neighbors(a: int, b: int) -> bool:
    return (OVAL.index(a) - OVAL.index(b)) % len(OVAL) in (1, len(OVAL) - 1)


def points_for(landmark: int) -> list[int]:
    if landmark < 17:
        return list(OVAL)
    if landmark in (48, 60):
        return list(LEFT_CORNER)
    lists = (UPPER_LID, LOWER_LID, UPPER_LIP, LOWER_LIP)
    for group, landmarks in zip(GROUPS, lists, strict=True):
        if landmark in landmarks:
            return list(group)
    if landmark >= 36:
        return list(range(468))
    inside = {point for group in GROUPS for point in group}
    return [i for i in range(468) if i not in inside]


def main() -> None:
    data = harness.options(__doc__, data=True).parse_args().data
    truths = [t for t in hand_placed(data) if t.landmarks[0] is not None]
    truths = [t for t in truths if t.subset in ("london", "canada", "composite")]
    fit = Fit(data, truths)
    order = np.random.default_rng(0).permutation(len(truths))
    half, rest = order[: len(order) // 2], order[len(order) // 2 :]
    table = fit.table(half)
    for a, b, part in table:
        print(f"    ({int(a)}, {int(b)}, {part:g}),")
    first, second = (
        fit.meshes[:, table[:, :2].astype(int).T.ravel()]
        .reshape(len(truths), 2, 68, 2)
        .transpose(1, 0, 2, 3)
    )
    made = first + (second - first) * table[:, 2:]
    for name, used in (("fitted", half), ("held out", rest)):
        for subset in ("london", "canada", "composite", ""):
            some = np.array([i for i in used if subset in ("", fit.names[i])])
            ours, theirs = fit.errors(made, some), fit.errors(fit.dlib, some)
            print(
                f"{name:9} {subset or 'all':10} {len(some):3} images, median: mesh "
                f"{np.median(ours):.2f} %, dlib {np.median(theirs):.2f} %"
            )


if __name__ == "__main__":
    main()

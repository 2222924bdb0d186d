"""Recall, boxes, eyes and landmarks of `FaceAligner` on images with ground truth.

    python benchmarks/alignment.py --data ../shared/data

prints a table and writes docs/alignment.md. With `--detector MODULE:CLASS` it only
prints the table, for a detector of your own: a class without arguments, of a module in
PYTHONPATH. With `--template` it instead prints the
mean face of deepface_models/faces/_template.py, computed from the same images.
"""

from __future__ import annotations

import importlib
import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import harness
import numpy as np

from deepface_models.faces import Box, FaceAligner, transform_points, umeyama
from deepface_models.faces._template import MIRROR_68, STABLE_68
from deepface_models.media import read_image

CLEAN = ("london", "canada", "composite", "lisa", "zoom")
HEAD = ("subset", "images", "found", "false", "overlap", "eyes", "landmarks", "ms")
# Of dlib's points those that the hand-placed templates have too (within 6% of the
# distance between the eyes); jaw and nose ridge are placed by another rule there.
SAME_POINT = 0.06
KINDS = {
    68: "68 landmarks of dlib (`landmarks=68`, the default)",
    "mesh": '68 landmarks of the face mesh (`landmarks="mesh"`)',
    5: "5 landmarks of dlib (`landmarks=5`)",
}
MESH = (
    "With dlib's HOG detector (CC0), its 5-point predictor (CC0) and MediaPipe's face",
    'mesh and iris networks (Apache-2.0), `landmarks="mesh"` gives 68 landmarks and',
    "all that depends on them (masks by hull, head pose, mouth and eyes) without any",
    "file whose terms exclude commercial use. The mesh's points were mapped to the 68",
    "with the hand-placed points of half of the front views; on the 55 other ones it",
    "is 2.8 % off and dlib 3.2 % (`python benchmarks/mesh_landmarks.py --data",
    "../shared/data`). It is not the default: the presets were trained on faces",
    "aligned by dlib's 68 points, finding faces so far needs no Keras, whose import",
    "takes seconds, and a frame of a video takes about half as much time again.",
)


@dataclass
class Truth:
    subset: str
    file: str
    boxes: list[Box]
    eyes: list[np.ndarray]  # (2, 2) each: image-left, image-right
    landmarks: list[tuple[list[int], np.ndarray] | None]


@dataclass
class Result:
    images: int = 0
    faces: int = 0
    found: int = 0
    false: int = 0
    seconds: float = 0.0
    iou: list[float] = field(default_factory=list)
    eye: list[float] = field(default_factory=list)
    landmark: list[float] = field(default_factory=list)

    def row(self, name: str) -> list[str]:
        def middle(values: list[float], digits: int, unit: str = "") -> str:
            return f"{np.median(values):.{digits}f}{unit}" if values else "-"

        recall = f"{self.found}/{self.faces}" if self.faces else "-"
        return [
            *(name, str(self.images), recall, str(self.false)),
            *(middle(self.iou, 2), middle(self.eye, 1, " %")),
            *(middle(self.landmark, 1, " %"), f"{self.time():.0f}"),
        ]

    def time(self) -> float:
        """Milliseconds per image."""
        return 1000 * self.seconds / max(1, self.images)


def truths(data: Path) -> list[Truth]:
    return hand_placed(data) + boxed(data) + faceless(data)


def hand_placed(data: Path) -> list[Truth]:
    folder = data / "landmarks"
    text = (folder / "frl189_to_ibug68.json").read_text(encoding="utf-8")
    pairs = json.loads(text)["map"]
    pairs = [p for p in pairs if p["median_dist_over_iod"] < SAME_POINT]
    ours = [p["ibug68"] for p in pairs]
    theirs = [p["frl189"] for p in pairs]
    found = []
    for entry in json.loads((folder / "landmarks189.json").read_text(encoding="utf-8")):
        face = entry["faces"][0]
        points = np.array(face["points189"])
        x, y, w, h = face["yunet_box"]
        landmarks = (ours, points[theirs]) if len(points) == 189 else None
        eyes = np.array(face["pupils"])
        if np.linalg.norm(eyes[0] - eyes[1]) < 0.2 * w:
            eyes = np.array(face["yunet_lm5"]).reshape(5, 2)[:2]  # other template
        found.append(
            Truth(
                entry["file"].split("/")[0],
                f"landmarks/{entry['file']}",
                [Box(x, y, x + w, y + h)],
                [eyes],
                [landmarks],
            )
        )
    return found


def boxed(data: Path) -> list[Truth]:
    found = []
    text = (data / "landmarks" / "boxes.json").read_text(encoding="utf-8")
    for entry in json.loads(text):
        boxes, eyes = [], []
        for face in entry["faces"]:
            x, y, w, h = face["box"]
            boxes.append(Box(x, y, x + w, y + h))
            eyes.append(np.array(face["lm5"]).reshape(5, 2)[:2])
        kind = entry["kind"].replace("degraded:", "degraded: ")
        subset = "groups" if entry["file"].startswith("groups") else kind
        none = [None] * len(boxes)
        found.append(Truth(subset, f"landmarks/{entry['file']}", boxes, eyes, none))
    return found


def faceless(data: Path) -> list[Truth]:
    files = sorted((data / "negatives").glob("*.[jp][pn]g"))
    return [
        Truth(
            "negatives: drawn faces"
            if p.stem in ("drawn_line_face", "drawn_smiley")
            else "negatives",
            f"negatives/{p.name}",
            [],
            [],
            [],
        )
        for p in files
    ]


def eye_centers(landmarks: np.ndarray) -> np.ndarray:
    if len(landmarks) == 68:
        return np.stack([landmarks[36:42].mean(0), landmarks[42:48].mean(0)])
    return np.stack([landmarks[[2, 3]].mean(0), landmarks[[0, 1]].mean(0)])


def measure(
    aligner: FaceAligner, data: Path, target_faces: list[Truth]
) -> dict[str, Result]:
    results: dict[str, Result] = defaultdict(Result)
    for truth in target_faces:
        image = read_image(data / truth.file)
        start = time.process_time()
        faces = aligner.detect(image)
        result = results[truth.subset]
        result.seconds += time.process_time() - start
        result.images += 1
        result.faces += len(truth.boxes)
        compare(faces, truth, result)
    return results


def compare(faces: list, truth: Truth, result: Result) -> None:
    """A face is found when a box's center lies in it and the overlap is over 0.3."""
    free = list(faces)
    for box, eyes, landmarks in zip(
        truth.boxes, truth.eyes, truth.landmarks, strict=True
    ):
        best = max(free, key=lambda f: f.box.iou(box), default=None)
        if best is None or best.box.iou(box) < 0.3:
            continue
        free.remove(best)
        result.found += 1
        result.iou.append(best.box.iou(box))
        apart = np.linalg.norm(eyes[0] - eyes[1])
        off = np.linalg.norm(eye_centers(best.landmarks) - eyes, axis=1)
        result.eye.append(100 * float(off.mean() / apart))
        if landmarks is not None and len(best.landmarks) == 68:
            ours, points = landmarks
            off = np.linalg.norm(best.landmarks[ours] - points, axis=1)
            result.landmark.append(100 * float(off.mean() / apart))
    result.false += len(free)


ABOUT = """\
**Question.** How many faces does `FaceAligner` find, where are its mistakes, and how
exact are the landmarks?

**Method.** `FaceAligner` with its default settings on single images whose faces, eyes
or landmarks were placed by hand, without embeddings. "london" and "canada" are front
views, "groups" several people, "pose" and "profile" turned heads, "degraded" six
portraits made worse, "negatives" images without a face.

**Command.** `python benchmarks/alignment.py --data ../shared/data`

**Conclusion.** All front views are found, and their landmarks are about 3 % of the
distance between the eyes off.

**What failed.** A fifth of the heads of "pose" are not found, and landmarks of profiles
are wrong (up to the whole distance between the eyes with dlib's 68): a swap of a
profile starts from a wrong place. One of two drawn faces is taken for a face.
"""


def report(data: Path) -> str:
    lines = [
        "# Accuracy of face detection and alignment",
        "",
        *ABOUT.splitlines(),
        "",
        "- found: how many of the faces were detected; a face counts if a detection "
        "overlaps its box by more than 0.3 (intersection over union).",
        "- false: detections that overlap no face.",
        "- overlap: mean intersection over union. dlib's square boxes start at the "
        "brows, the true boxes at the hairline, so about 0.7 is the best possible "
        "value.",
        "- eyes: mean distance between detected and true eye centers (means of the "
        "eye's landmarks; hand-placed pupils in the first five rows), in % of the "
        "distance between the eyes. Pupils move with the gaze, so 0 cannot be reached.",
        "- landmarks: the same for those of the 68 landmarks that have a hand-placed "
        "counterpart.",
        "- ms: CPU time per image, including detection.",
        "",
        *MESH,
        *tables(data),
    ]
    return "\n".join(lines) + "\n"


def tables(data: Path, **detector: Any) -> list[str]:
    """The lines of the tables, one for each kind of landmarks."""
    target_faces, lines = truths(data), []
    for points, title in KINDS.items():
        aligner = FaceAligner(landmarks=points, embeddings=False, **detector)
        aligner.detect(read_image(data / target_faces[0].file))  # loads the models
        results = measure(aligner, data, target_faces)
        lines += [
            "",
            f"## {title}",
            "",
            harness.markdown(HEAD, [r.row(name) for name, r in results.items()]),
        ]
    return lines


def mean_face(data: Path) -> str:
    """The mean of the landmarks found in front views, as in `_template.py`."""
    files = sorted((data / "landmarks" / "london").glob("*.jpg"))
    files += sorted((data / "landmarks" / "canada").glob("*.jpg"))
    for folder in ("sfhq", "sfhq_t2i"):
        files += sorted((data / "portraits" / folder).glob("*"))[:150]
    shapes = []
    for file in files:
        faces = FaceAligner(embeddings=False, repeats=1).detect(read_image(file))
        shapes += [face.landmarks.astype(float) for face in faces[:1]]
    mean = procrustes_mean(np.array(shapes))
    top, bottom = mean[17:27, 1].min(), mean[8, 1]
    mean -= [(mean[0, 0] + mean[16, 0]) / 2, top]
    return np.array2string(mean / (bottom - top) + [0.5, 0], precision=4)


def procrustes_mean(shapes: np.ndarray) -> np.ndarray:
    stable = list(STABLE_68)
    mean, keep = shapes[0], np.ones(len(shapes), bool)
    for _ in range(12):
        moved = np.array(
            [transform_points(s, umeyama(s[stable], mean[stable])) for s in shapes]
        )
        off = np.linalg.norm(moved - mean, axis=2)[:, stable].mean(1)
        mean = moved[keep].mean(0)
        keep = off <= np.quantile(off, 0.9)
        mirrored = mean[MIRROR_68] * [-1, 1]
        matrix = umeyama(mirrored[stable], mean[stable])
        mean = (mean + transform_points(mirrored, matrix)) / 2
    across = mean[42:48].mean(0) - mean[36:42].mean(0)
    c, s = across / np.linalg.norm(across)
    return mean @ np.array([[c, -s], [s, c]])


def main() -> None:
    parser = harness.options(__doc__, data=True, output=harness.DOCS / "alignment.md")
    parser.add_argument("--template", action="store_true")
    parser.add_argument("--detector", metavar="MODULE:CLASS", help="measure this one")
    arguments = parser.parse_args()
    if arguments.template:
        print(mean_face(arguments.data))
        return
    if arguments.detector:
        module, _, name = arguments.detector.partition(":")
        one = getattr(importlib.import_module(module), name)()
        print("\n".join(tables(arguments.data, detector=one)))
        return
    text = report(arguments.data)
    print(text)
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

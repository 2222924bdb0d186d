"""Finding faces: fast detectors first, slow ones only where those find nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import _dlib
from deepface_models.faces.face import Box

_SMALLEST = 24  # px; dlib's scanners need some room


@dataclass(frozen=True)
class Detection:
    """A face's place in an image.

    Attributes:
        box: Rectangle in pixels of the image.
        score: The detector's confidence.
        detector: Name of the detector.
        turns: Quarter turns counter-clockwise that set the face upright.
    """

    box: Box
    score: float
    detector: str
    turns: int = 0


class Detector(Protocol):
    """Anything that takes an RGB uint8 image and returns detections.

    Boxes follow the HOG convention (a square from about the brows to the chin), since
    the landmark predictors were trained on such boxes.
    """

    name: str

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3)."""


def resize(image: Array, factor: float) -> Array:
    """The image `factor` times as large, without aliasing."""
    if abs(factor - 1) < 1e-3:
        return image
    height, width = image.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    times = int(1 / factor)
    if times > 1 and min(height, width) >= 2 * times:
        # Averaging whole blocks is several times as fast as at a broken ratio.
        image = image[: height // times * times, : width // times * times]
        blocks = width // times, height // times
        image = cv2.resize(image, blocks, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


class HogDetector:
    """dlib's HOG detector: fast, for faces seen from the front.

    Args:
        reduce_to: The longer side of the image is reduced to this many pixels
            first. Faces smaller than about 80 px after that are not found.
        upsample: How often to double the (reduced) image.
        threshold: Lowest score that counts; dlib's own is 0.
    """

    @whole_numbers(reduce_to=1, upsample=0)
    def __init__(
        self, reduce_to: int | None = 480, upsample: int = 0, threshold: float = 0.0
    ):
        self.reduce_to = reduce_to
        self.upsample = upsample
        self.threshold = threshold
        self.name = "hog" if upsample == 0 else f"hog-up{upsample}"

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3), best first."""
        longer = max(image.shape[:2])
        factor = 1.0 if self.reduce_to is None else min(1.0, self.reduce_to / longer)
        factor *= 2**self.upsample
        if min(image.shape[:2]) * factor < _SMALLEST:
            return []
        return [
            replace(found, detector=self.name)
            for found in run_hog(image, factor, self.threshold)
        ]


def run_hog(image: Array, factor: float, threshold: float) -> list[Detection]:
    """One HOG pass over the image at `factor` of its size."""
    small = np.ascontiguousarray(resize(image, factor))
    boxes, scores, _ = _dlib.get("hog").run(small, 0, threshold)
    return [
        Detection(_dlib.box_of(box).scaled(1 / factor), float(score), "hog")
        for box, score in zip(boxes, scores, strict=True)
    ]


class MmodDetector:
    """dlib's CNN detector: finds turned and covered faces, takes seconds on a CPU.

    Args:
        max_size: The image is reduced until its longer side has this many pixels,
            and small ones are enlarged to half of it.
        threshold: Lowest score that counts.
    """

    name = "mmod"
    slow = True

    @whole_numbers(max_size=1)
    def __init__(self, max_size: int = 640, threshold: float = 0.4):
        self.max_size = max_size
        self.threshold = threshold

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3), best first."""
        longer = max(image.shape[:2])
        factor = min(self.max_size / longer, max(1.0, self.max_size / 2 / longer))
        if min(image.shape[:2]) * factor < _SMALLEST:
            return []
        small = np.ascontiguousarray(resize(image, factor))
        found = []
        for hit in _dlib.get("mmod")(small, 0):
            if hit.confidence >= self.threshold:
                box = _like_hog(_dlib.box_of(hit.rect)).scaled(1 / factor)
                found.append(Detection(box, float(hit.confidence), self.name))
        return found


def _like_hog(box: Box) -> Box:
    """A HOG-style box from an mmod box of the same face.

    The landmark predictors were trained on HOG boxes and lose several percent on
    others. Medians over the front views of the London and Canada sets.
    """
    x, y = box.center
    side = (box.width + box.height) / 2
    x, y, half = x + _MMOD_X * side, y + _MMOD_Y * side, _MMOD_SIDE * side / 2
    return Box(x - half, y - half, x + half, y + half)


_MMOD_X, _MMOD_Y, _MMOD_SIDE = 0.056, 0.106, 1.09


class RotatedDetector:
    """Finds faces in images that lie on a side or stand on their head.

    Args:
        detector: Asked for the image turned by one, two and three quarters.
        threshold: Lowest score that counts.
    """

    slow = True

    def __init__(self, detector: Detector, threshold: float = 0.3):
        self.detector = detector
        self.threshold = threshold
        self.name = f"{detector.name}-turned"

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3), of one turn only."""
        best: list[Detection] = []
        for turns in (1, 3, 2):
            turned = np.ascontiguousarray(np.rot90(image, turns))
            found = [
                Detection(rotated_box(d.box, -turns, turned), d.score, self.name, turns)
                for d in self.detector(turned)
                if d.score >= self.threshold
            ]
            if sum(d.score for d in found) > sum(d.score for d in best):
                best = found
        return best


def rotated_points(points: Array, turns: int, image: Array) -> Array:
    """Points of `image` in `np.rot90(image, turns)`, (N, 2)."""
    height, width = image.shape[:2]
    for _ in range(turns % 4):
        points = np.column_stack([points[:, 1], width - 1 - points[:, 0]])
        height, width = width, height
    return points


def rotated_box(box: Box, turns: int, image: Array) -> Box:
    """A box of `image` in `np.rot90(image, turns)`."""
    corners = np.array([[box.left, box.top], [box.right - 1, box.bottom - 1]])
    there = rotated_points(corners, turns, image)
    low, high = there.min(0), there.max(0) + 1
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


class CascadeDetector:
    """Asks detectors in turn until one finds a face.

    Args:
        steps: The detectors, fastest first. Those with a true attribute `slow` are
            left out by `fast` and come last in `thorough`.
    """

    name = "cascade"

    def __init__(self, steps: Sequence[Detector]):
        if not steps:
            raise ValueError(
                "Got no detectors. Expected at least one step. "
                "Use default_detector() for the usual ladder."
            )
        self.steps = tuple(steps)

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3)."""
        for step in self.steps:
            found = step(image)
            if found:
                return found
        return []

    def fast(self, image: Array) -> list[Detection]:
        """Like a call, without the slow steps."""
        for step in self.steps:
            found = [] if getattr(step, "slow", False) else step(image)
            if found:
                return found
        return []

    def thorough(self, image: Array) -> list[Detection]:
        """All faces that any fast step finds; the slow steps if there are none."""
        found: list[Detection] = []
        for step in self.steps:
            if not getattr(step, "slow", False):
                found += step(image)
            elif not found:
                found = step(image)
        return merge(found)


def default_detector() -> CascadeDetector:
    """HOG reduced, HOG on a larger image, HOG on the turned one, the mmod CNN."""
    return CascadeDetector(
        [
            HogDetector(480),
            HogDetector(640, upsample=1),
            RotatedDetector(HogDetector(480)),
            MmodDetector(640),
        ]
    )


def near(image: Array, last: Detection, threshold: float = -0.2) -> Detection | None:
    """Looks for the face that was detected a moment ago, in a small cutout.

    Args:
        image: RGB uint8 frame.
        last: Where the face was.
        threshold: Lowest HOG score that counts; below dlib's 0, since a face is
            expected here.

    Returns:
        The detection nearest to `last`, or None.
    """
    box = last.box
    reach = box.width * 0.95
    x, y = box.center
    left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    right = min(image.shape[1], math.ceil(x + reach))
    bottom = min(image.shape[0], math.ceil(y + reach))
    factor = 100 / max(box.width, 1.0)
    if min(right - left, bottom - top) * factor < _SMALLEST:
        return None
    cutout = np.rot90(image[top:bottom, left:right], last.turns)
    best: Detection | None = None
    for hit in run_hog(cutout, factor, threshold):
        there = rotated_box(hit.box, -last.turns, cutout).moved(left, top)
        if there.iou(box) > max(0.3, best.box.iou(box) if best else 0.0):
            best = Detection(there, hit.score, "near", last.turns)
    return best


def merge(found: Sequence[Detection], overlap: float = 0.4) -> list[Detection]:
    """Drops the weaker of two detections of the same face."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda d: -d.score):
        if all(one.box.iou(other.box) < overlap for other in kept):
            kept.append(one)
    return kept

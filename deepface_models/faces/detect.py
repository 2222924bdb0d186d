"""Face detection: fast detectors first, slow ones only if those find nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces import _dlib
from deepface_models.faces.face import Box

SMALLEST = 24  # px; dlib's scanners fail on smaller images
_MOST_ENLARGED = 4.0  # times; HOG finds nothing in faces below 24 px


@dataclass(frozen=True)
class Detection:
    """A face's position in an image.

    Attributes:
        box: Rectangle in pixels of the image.
        score: The detector's confidence.
        detector: Name of the detector.
        quarter_turns: Counter-clockwise rotations by 90 degrees that make the face
            upright.

    Example:
        >>> Detection(Box(10, 20, 30, 40), 0.9, "mine").box.width
        20
    """

    box: Box
    score: float
    detector: str
    quarter_turns: int = 0


class Detector(Protocol):
    """Anything that takes an RGB uint8 image and returns detections.

    Boxes follow the HOG convention (a square from about the brows to the chin), since
    the landmark predictors were trained on such boxes.

    Example:
        >>> class Middle:
        ...     name = "middle"
        ...     def __call__(self, image):
        ...         height, width = image.shape[:2]
        ...         box = Box(width / 4, height / 4, 3 * width / 4, 3 * height / 4)
        ...         return [Detection(box, 1.0, self.name)]
        >>> Middle()(np.zeros((80, 80, 3), np.uint8))[0].box.center
        (40.0, 40.0)
    """

    name: str

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3)."""


def resize(image: Array, factor: float) -> Array:
    """Returns the image scaled by `factor`, without aliasing."""
    if abs(factor - 1) < 1e-3:
        return image
    height, width = image.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    times = int(1 / factor)
    if times > 1 and min(height, width) >= 2 * times:
        # Averaging whole blocks is several times as fast as at a fractional ratio.
        image = image[: height // times * times, : width // times * times]
        blocks = width // times, height // times
        image = cv2.resize(image, blocks, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


class HogDetector:
    """dlib's HOG detector: fast, for frontal faces.

    Args:
        reduce_to: Pixels that the longer side of the image is first reduced to; None
            does not reduce. Faces smaller than about 80 px after that are not found.
        upsample: How many times to double the size of the (reduced) image.
        threshold: Lowest score that counts as a face; 0 is dlib's default.
        enlarge_to: Pixels that the longer side of a smaller image is enlarged to, at
            most four times; None does not enlarge.

    Example:
        >>> HogDetector()(np.zeros((90, 120, 3), np.uint8))
        []
    """

    @whole_numbers(reduce_to=1, upsample=0, enlarge_to=1)
    def __init__(
        self,
        reduce_to: int | None = 480,
        upsample: int = 0,
        threshold: float = 0.0,
        enlarge_to: int | None = None,
    ):
        self.reduce_to = reduce_to
        self.upsample = upsample
        self.threshold = threshold
        self.enlarge_to = enlarge_to
        self.name = "hog" if upsample == 0 else f"hog-up{upsample}"

    def _factor(self, longer: int) -> float:
        factor = 1.0 if self.reduce_to is None else min(1.0, self.reduce_to / longer)
        if self.enlarge_to is not None:
            factor = max(factor, min(self.enlarge_to / longer, _MOST_ENLARGED))
        return factor * 2.0**self.upsample

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3), best first."""
        return self._within(image, slice(None), slice(None))

    def within(
        self, image: Array, places: Sequence[tuple[slice, slice]]
    ) -> list[Detection]:
        """Finds the faces in parts of an image, at the scale of the whole image.

        Args:
            image: RGB uint8, (H, W, 3).
            places: Rows and columns of each part.
        """
        found = [self._within(image, *place) for place in places]
        return merge([one for part in found for one in part])

    def _within(self, image: Array, rows: slice, columns: slice) -> list[Detection]:
        factor, part = self._factor(max(image.shape[:2])), image[rows, columns]
        if min(part.shape[:2]) * factor < SMALLEST:
            return []
        corner = columns.start or 0, rows.start or 0
        return [
            replace(found, box=found.box.moved(*corner), detector=self.name)
            for found in run_hog(part, factor, self.threshold)
        ]


def run_hog(image: Array, factor: float, threshold: float) -> list[Detection]:
    """Runs the HOG detector on the image scaled by `factor`."""
    small = np.ascontiguousarray(resize(image, factor))
    boxes, scores, _ = _dlib.get("hog").run(small, 0, threshold)
    return [
        Detection(_dlib.box_of(box).scaled(1 / factor), float(score), "hog")
        for box, score in zip(boxes, scores, strict=True)
    ]


class MmodDetector:
    """dlib's CNN detector: finds faces in profile or partly covered; seconds on a CPU.

    Args:
        max_size: Pixels that the longer side of a larger image is reduced to; a small
            image is enlarged to half of it.
        threshold: Lowest score that counts as a face.
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
        if min(image.shape[:2]) * factor < SMALLEST:
            return []
        small = np.ascontiguousarray(resize(image, factor))
        found = []
        for hit in _dlib.get("mmod")(small, 0):
            if hit.confidence >= self.threshold:
                box = _like_hog(_dlib.box_of(hit.rect)).scaled(1 / factor)
                found.append(Detection(box, float(hit.confidence), self.name))
        return found


def _like_hog(box: Box) -> Box:
    """Converts an mmod box to the HOG box of the same face.

    The landmark predictors were trained on HOG boxes and are several percent less exact
    on others. Offsets and size are medians over the front views of the London and
    Canada sets.
    """
    x, y = box.center
    side = (box.width + box.height) / 2
    x, y, half = x + _MMOD_X * side, y + _MMOD_Y * side, _MMOD_SIDE * side / 2
    return Box(x - half, y - half, x + half, y + half)


_MMOD_X, _MMOD_Y, _MMOD_SIDE = 0.056, 0.106, 1.09


class RotatedDetector:
    """Finds faces in images that are rotated by 90, 180 or 270 degrees.

    Args:
        detector: Detector to run on the rotated images.
        threshold: Lowest score that counts as a face.

    Example:
        >>> turned = np.rot90(read_image("ana.png"))
        >>> RotatedDetector(HogDetector())(turned)[0].quarter_turns
        3
    """

    slow = True

    def __init__(self, detector: Detector, threshold: float = 0.3):
        self.detector = detector
        self.threshold = threshold
        self.name = f"{detector.name}-rotated"

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3), all of the same rotation."""
        best: list[Detection] = []
        for turns in (1, 3, 2):
            rotated = np.ascontiguousarray(np.rot90(image, turns))
            found = [
                Detection(
                    rotated_box(d.box, -turns, rotated), d.score, self.name, turns
                )
                for d in self.detector(rotated)
                if d.score >= self.threshold
            ]
            if sum(d.score for d in found) > sum(d.score for d in best):
                best = found
        return best


def rotated_points(points: Array, turns: int, image: Array) -> Array:
    """Returns where points (N, 2) of `image` lie in `np.rot90(image, turns)`."""
    height, width = image.shape[:2]
    for _ in range(turns % 4):
        points = np.column_stack([points[:, 1], width - 1 - points[:, 0]])
        height, width = width, height
    return points


def rotated_box(box: Box, turns: int, image: Array) -> Box:
    """Returns where a box of `image` lies in `np.rot90(image, turns)`."""
    corners = np.array([[box.left, box.top], [box.right - 1, box.bottom - 1]])
    there = rotated_points(corners, turns, image)
    low, high = there.min(0), there.max(0) + 1
    return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


class CascadeDetector:
    """Tries detectors one after another until one finds a face.

    Args:
        steps: The detectors, fastest first. Detectors whose attribute `slow` is true
            are skipped by `fast`, and run by `thorough` only if nothing was found.
        wide: Detector that also finds small faces beside large ones, for the few
            frames of a video that are searched for all of them; by default the steps
            that are not slow.

    Example:
        >>> detector = CascadeDetector([HogDetector(), MmodDetector()])
        >>> detector(np.zeros((90, 120, 3), np.uint8))
        []
    """

    name = "cascade"

    def __init__(self, steps: Sequence[Detector], wide: Detector | None = None):
        if not steps:
            raise ValueError(
                "No detector was given. Expected at least one. "
                "Use default_detector() for the usual cascade."
            )
        self.steps = tuple(steps)
        self._wide = wide

    def __call__(self, image: Array) -> list[Detection]:
        """Finds the faces of an RGB uint8 image (H, W, 3)."""
        for step in self.steps:
            found = step(image)
            if found:
                return found
        return []

    def fast(self, image: Array) -> list[Detection]:
        """Finds faces as a call does, without the slow detectors."""
        for step in self.steps:
            found = [] if getattr(step, "slow", False) else step(image)
            if found:
                return found
        return []

    def wide(self, image: Array) -> list[Detection]:
        """Finds small faces beside large ones too, without the slow detectors."""
        if self._wide is not None:
            return merge(self._wide(image))
        fast = [step for step in self.steps if not getattr(step, "slow", False)]
        return merge([found for step in fast for found in step(image)])

    @property
    def in_parts(self) -> HogDetector | None:
        """The detector of `wide` if it can search parts of an image, else None."""
        return self._wide if isinstance(self._wide, HogDetector) else None

    def thorough(self, image: Array) -> list[Detection]:
        """Finds all faces that any fast detector finds; runs slow ones if none do."""
        found: list[Detection] = []
        for step in self.steps:
            if not getattr(step, "slow", False):
                found += step(image)
            elif not found:
                found = step(image)
        return merge(found)


def default_detector() -> CascadeDetector:
    """Returns the default cascade of detectors.

    They are tried in this order: HOG on a reduced image, HOG on an enlarged image, HOG
    on the image rotated by quarter turns, and the mmod CNN. `wide` searches at full
    size, 1280 to 3840 px.

    Example:
        >>> len(default_detector()(read_image("ana.png")))
        1
    """
    return CascadeDetector(
        [
            HogDetector(480),
            HogDetector(640, upsample=1),
            RotatedDetector(HogDetector(480)),
            MmodDetector(640),
        ],
        wide=HogDetector(3840, enlarge_to=1280),
    )


def merge(found: Sequence[Detection], overlap: float = 0.4) -> list[Detection]:
    """Keeps the best detection of each face (non-maximum suppression).

    Args:
        found: Detections, in any order.
        overlap: Intersection over union from which two boxes are the same face.
    """
    kept: list[Detection] = []
    for one in sorted(found, key=lambda d: -d.score):
        if all(one.box.iou(other.box) < overlap for other in kept):
            kept.append(one)
    return kept

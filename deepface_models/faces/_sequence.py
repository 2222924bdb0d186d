"""Face detection in consecutive frames: full searches, local ones in between."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces._changes import Place, changed_places
from deepface_models.faces.detect import (
    SMALLEST,
    CascadeDetector,
    Detection,
    Detector,
    merge,
    rotated_box,
    run_hog,
)

Finder = Callable[[Array], list[Detection]]
LocalSearch = Callable[[Array, Detection], Detection | None]

KEY_EVERY = 16  # from one frame that is searched as a whole to the next
_STRIDE = 4  # frames from one search near a calm face to the next
_CALM = 0.7  # overlap of its boxes over that time
_APART = 2.5  # distance from others in widths, of a face that is not confused with them
_SIZE = 90.0  # px that a face is scaled to for a local search
_REACH, _FAR = 0.95, 2.5  # box widths around a face's place that are searched
_MEMORY = 3  # frames that a movement is measured over
_SAME = 0.3  # overlap from which two boxes may be one face
_DOUBLE = 0.5  # overlap from which two boxes certainly are


@dataclass(frozen=True)
class Finders:
    """The searches of whole frames.

    Attributes:
        quick: Finds the larger faces; for every n-th frame, and where a face is lost.
        wide: Finds small faces too; after cuts, for every second border of two chunks,
            and for both ends of a video.
        slow: Runs on the first and last frame if no other search finds a face.
        within: Finds what `wide` finds, in some places of a frame; None if that is not
            possible.
    """

    quick: Finder
    wide: Finder
    slow: Finder | None = None
    within: Callable[[Array, list[Place]], list[Detection]] | None = None

    @classmethod
    def of(cls, detector: Detector, only_largest: bool) -> Finders:
        """Returns the searches of an aligner's detector."""
        if not isinstance(detector, CascadeDetector):
            return cls(detector, detector)
        wide = detector.fast if only_largest else detector.wide
        parts = None if only_largest else detector.in_parts
        within = None if parts is None else parts.within
        return cls(detector.fast, wide, detector, within)


class Border:
    """What was found in a frame that two chunks share, so that it is searched once.

    Args:
        wide: Whether all of it is searched for small faces too. If not, each chunk
            searches what differs from the chunk's other end.
    """

    def __init__(self, wide: bool = True) -> None:
        self.wide = wide
        self._lock = threading.Lock()
        self._found: dict[str, list[Detection]] = {}

    def find(self, name: str, finder: Finder, image: Array) -> list[Detection]:
        """Returns what the search of this name finds."""
        with self._lock:
            if name not in self._found:
                self._found[name] = finder(image)
            return self._found[name]


@dataclass
class Tracklet:
    """The detections of one face in the frames of one chunk, without any gap.

    A `Track` joins the faces of several chunks, after landmarks were found.

    Attributes:
        found: The detection in each frame, by frame number.
        lost: Whether the face was not found near its last place.
        ahead: Detections in frames that are not reached yet.
    """

    found: dict[int, Detection] = field(default_factory=dict)
    lost: bool = False
    ahead: dict[int, Detection] = field(default_factory=dict)

    def expected(self, frame: int, step: int = 1, steps: int = 1) -> Detection:
        """Returns where the face will be in the frame after `frame`.

        Args:
            frame: A frame in which it was found.
            step: 1 to look ahead, -1 to look back.
            steps: How many frames after `frame`.
        """
        last, count = self.found[frame], 0
        while count < _MEMORY and frame - step * (count + 1) in self.found:
            count += 1
        if count == 0:
            return last
        (x, y), first = last.box.center, self.found[frame - step * count]
        begin_x, begin_y = first.box.center
        part = steps / count
        moved = last.box.moved((x - begin_x) * part, (y - begin_y) * part)
        return Detection(moved, last.score, last.detector, last.quarter_turns)


def near(image: Array, last: Detection, threshold: float = -0.2) -> Detection | None:
    """Looks for a face in a small crop around its expected place.

    Args:
        image: RGB uint8 frame.
        last: The face in the frame before, or where it is expected now.
        threshold: Lowest HOG score that counts as a face; below dlib's 0, since a face
            is expected here.

    Returns:
        The detection that overlaps most with `last`, or None.
    """
    best: Detection | None = None
    for hit in _around(image, last, _REACH, threshold):
        if hit.box.iou(last.box) > max(_SAME, best.box.iou(last.box) if best else 0.0):
            best = hit
    return best


def _around(
    image: Array, last: Detection, reach: float, threshold: float
) -> list[Detection]:
    """Returns the faces around a place, as large as the face there."""
    box, (x, y) = last.box, last.box.center
    far = box.width * reach
    left, top = max(0, math.floor(x - far)), max(0, math.floor(y - far))
    right = min(image.shape[1], math.ceil(x + far))
    bottom = min(image.shape[0], math.ceil(y + far))
    factor = _SIZE / max(box.width, 1.0)
    if min(right - left, bottom - top) * factor < SMALLEST:
        return []
    turns = last.quarter_turns
    crop = np.rot90(image[top:bottom, left:right], turns)
    return [
        Detection(
            rotated_box(hit.box, -turns, crop).moved(left, top),
            hit.score,
            "near",
            turns,
        )
        for hit in run_hog(crop, factor, threshold)
    ]


def follow(
    images: Sequence[Array],
    finders: Finders,
    cuts: Collection[int] = (),
    borders: Mapping[int, Border] | None = None,
    search_near: LocalSearch = near,
) -> list[Tracklet]:
    """Finds the faces of consecutive frames, faster than frame by frame.

    Every `KEY_EVERY`-th frame is searched as a whole; the first and last one and those
    after cuts also for small faces. In between, a face is looked for near the place
    where it is expected; if it is not there, in a larger surrounding and in the whole
    frame. A face that hardly moves, and has no other one beside it, is looked for in
    every `_STRIDE`-th frame only. A face that is first seen in a frame is followed back
    to the one in which it appeared.

    Args:
        images: RGB uint8 frames of one size.
        finders: Search whole frames.
        cuts: Numbers of the frames that begin a new scene; no face is followed there.
        borders: What is known of frames that are also searched elsewhere.
        search_near: Looks for a face near its expected place.

    Returns:
        One tracklet for each face, in order of first appearance.
    """
    made = _Following(images, finders, cuts, borders or {}, search_near)
    made.run(KEY_EVERY)
    if not made.tracklets and finders.slow is not None:
        made.run_slowly(finders.slow)
    return made.tracklets


class _Following:
    """One call of `follow`, which documents the arguments."""

    def __init__(
        self,
        images: Sequence[Array],
        finders: Finders,
        cuts: Collection[int],
        borders: Mapping[int, Border],
        search_near: LocalSearch,
    ) -> None:
        self.images: Sequence[Array] | Mapping[int, Array] = images
        self.finders, self.cuts = finders, cuts
        self.borders, self.search_near = borders, search_near
        self.tracklets: list[Tracklet] = []
        self.last = len(images) - 1

    def run(self, key_every: int) -> None:
        for index in range(len(self.images)):
            wide = index in (0, self.last) or index in self.cuts
            self.step(index, wide, index % key_every == 0)

    def step(self, index: int, wide: bool, key: bool) -> None:
        """Finds the faces of one frame.

        Args:
            index: Its number.
            wide: Whether to search the whole frame for small faces too.
            key: Whether to search the whole frame even if no face is lost.
        """
        lost = self._continue(index)
        if wide:
            self._add(index, self._borders(index))
            return
        for tracklet in lost:
            self._add(index, self._surroundings(index, tracklet))
        if key or not all(self._has(t, index) for t in lost):
            self._add(index, merge(self.finders.quick(self.images[index])))

    def _borders(self, index: int) -> list[Detection]:
        border, within = self.borders.get(index), self.finders.within
        # Beyond a cut, the other end may show another scene, or the same one again.
        alone = self.cuts or self.last == 0
        if within is None or alone or border is None or border.wide:
            return self._search(index, "wide", self.finders.wide)
        found = self._search(index, "quick", self.finders.quick)
        known = [t.found[index].box for t in self.tracklets if self._has(t, index)]
        known += [one.box for one in found]
        image, other = self.images[index], self.images[self.last - index]
        places = changed_places(image, other, known)
        if places is None:
            return self._search(index, "wide", self.finders.wide)
        return merge([*found, *within(image, places)])

    def run_slowly(self, finder: Finder) -> None:
        for index in range(len(self.images)):
            self._continue(index)
            if index in (0, self.last):
                self._add(index, self._search(index, "slow", finder))

    def _search(self, index: int, name: str, finder: Finder) -> list[Detection]:
        image, border = self.images[index], self.borders.get(index)
        return merge(
            finder(image) if border is None else border.find(name, finder, image)
        )

    def _continue(self, index: int) -> list[Tracklet]:
        """Looks for each face near its expected place; returns those just lost."""
        alive = [t for t in self.tracklets if not t.lost]
        if index in self.cuts:
            for tracklet in alive:
                tracklet.lost = True
            return []
        found = []
        for tracklet in alive:
            place = tracklet.expected(index - 1)
            hit = tracklet.ahead.pop(index, None) or self._far(index, tracklet, alive)
            hit = hit or self.search_near(self.images[index], place)
            overlap = 0.0 if hit is None else hit.box.iou(place.box)
            found.append((overlap, tracklet, hit))
        # Where two lead to one face, it belongs to the one that expects it there.
        for _, tracklet, hit in sorted(found, key=lambda one: -one[0]):
            tracklet.lost = hit is None or self._taken(index, hit, _DOUBLE)
            if hit is not None and not tracklet.lost:
                tracklet.found[index] = hit
        return [tracklet for tracklet in alive if tracklet.lost]

    def _far(
        self, index: int, tracklet: Tracklet, alive: Sequence[Tracklet]
    ) -> Detection | None:
        """Returns a calm face's place in a frame, between the last and a later one."""
        end = min(index + _STRIDE - 1, self.last)
        last = tracklet.found[index - 1]
        if index % _STRIDE != 1 or not self._is_alone(last, index - 1, alive):
            return None
        if any(index < cut <= end for cut in self.cuts):
            return None
        steps = end - index + 1
        place = tracklet.expected(index - 1, steps=steps)
        later = self.search_near(self.images[end], place)
        if later is None or min(map(later.box.iou, (last.box, place.box))) < _CALM:
            return None
        for step in range(1, steps + 1):
            box = last.box.between(later.box, step / steps)
            tracklet.ahead[index - 1 + step] = replace(later, box=box)
        return tracklet.ahead.pop(index)

    @staticmethod
    def _is_alone(one: Detection, index: int, alive: Sequence[Tracklet]) -> bool:
        boxes = [t.found[index].box for t in alive if index in t.found]
        (x, y), far = one.box.center, _APART * one.box.width
        centers = [box.center for box in boxes if box is not one.box]
        return all(math.hypot(x - a, y - b) > far for a, b in centers)

    def _surroundings(self, index: int, tracklet: Tracklet) -> list[Detection]:
        place = tracklet.expected(index - 1)
        return merge(_around(self.images[index], place, _FAR, 0.0))

    @staticmethod
    def _has(tracklet: Tracklet, index: int) -> bool:
        return index in tracklet.found

    def _taken(self, index: int, hit: Detection, overlap: float) -> bool:
        boxes = [t.found[index].box for t in self.tracklets if index in t.found]
        return any(box.iou(hit.box) > overlap for box in boxes)

    def _add(self, index: int, detections: list[Detection]) -> None:
        """Continues tracklets just lost with what was found; others are new."""
        for detection in detections:
            if self._taken(index, detection, _SAME):
                continue
            lost = [t for t in self.tracklets if t.lost and self._just_lost(t, index)]
            same = max(
                lost, key=lambda t: self._overlap(t, index, detection), default=None
            )
            if same and self._overlap(same, index, detection) > _SAME:
                same.found[index] = detection
                same.lost = False
            else:
                self._track_back(Tracklet({index: detection}), index)

    def _just_lost(self, tracklet: Tracklet, index: int) -> bool:
        before = index - 1 in tracklet.found and index not in tracklet.found
        return before and index not in self.cuts

    @staticmethod
    def _overlap(tracklet: Tracklet, index: int, detection: Detection) -> float:
        return tracklet.expected(index - 1).box.iou(detection.box)

    def _track_back(self, new: Tracklet, index: int) -> None:
        """Adds a tracklet, with the frames before in which it is found too."""
        while index > 0 and index not in self.cuts:
            place = new.expected(index, -1)
            hit = self.search_near(self.images[index - 1], place)
            if hit is None or self._taken(index - 1, hit, _DOUBLE):
                break
            index -= 1
            new.found[index] = hit
        self.tracklets.append(new)

"""Face detection in consecutive frames: full searches, local ones in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces.detect import (
    SMALLEST,
    Detection,
    merge,
    rotated_box,
    run_hog,
)

Finder = Callable[[Array], list[Detection]]
LocalSearch = Callable[[Array, Detection], Detection | None]

KEY_EVERY = 8  # from one frame that is searched fully to the next


@dataclass
class Tracklet:
    """The detections of one face in the frames of one chunk, without any gap.

    A `Track` joins the faces of several chunks, after landmarks were found.

    Attributes:
        found: The detection in each frame, by frame number.
        lost: Whether the face was not found near its last place.
    """

    found: dict[int, Detection] = field(default_factory=dict)
    lost: bool = False


def near(image: Array, last: Detection, threshold: float = -0.2) -> Detection | None:
    """Looks for a face in a small crop around its place in the previous frame.

    Args:
        image: RGB uint8 frame.
        last: The face in the previous frame.
        threshold: Lowest HOG score that counts as a face; below dlib's 0, since a face
            is expected here.

    Returns:
        The detection that overlaps most with `last`, or None.
    """
    box = last.box
    reach = box.width * 0.95
    x, y = box.center
    left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
    right = min(image.shape[1], math.ceil(x + reach))
    bottom = min(image.shape[0], math.ceil(y + reach))
    factor = 100 / max(box.width, 1.0)
    if min(right - left, bottom - top) * factor < SMALLEST:
        return None
    crop = np.rot90(image[top:bottom, left:right], last.quarter_turns)
    best: Detection | None = None
    for hit in run_hog(crop, factor, threshold):
        there = rotated_box(hit.box, -last.quarter_turns, crop).moved(left, top)
        if there.iou(box) > max(0.3, best.box.iou(box) if best else 0.0):
            best = Detection(there, hit.score, "near", last.quarter_turns)
    return best


def follow(
    images: Sequence[Array],
    detector: Finder,
    key_every: int = KEY_EVERY,
    search_lost: bool = True,
    search_near: LocalSearch = near,
) -> list[Tracklet]:
    """Finds the faces of consecutive frames, faster than frame by frame.

    Every `key_every`-th frame and the last one are searched fully. In between, a face
    is looked for near its last place; if it is not there, the whole frame is searched.
    A face that is first seen in a fully searched frame is tracked back to the frame in
    which it appeared.

    Args:
        images: RGB uint8 frames of one size.
        detector: Searches a whole frame.
        key_every: Frames from one full search to the next.
        search_lost: Whether to search the whole frame where a face is lost.
        search_near: Looks for a face near its last place.

    Returns:
        One tracklet for each face, in order of first appearance.
    """
    tracklets: list[Tracklet] = []
    for index, image in enumerate(images):
        _continue(tracklets, index, image, search_near)
        lost = any(t.lost and _just_lost(t, index) for t in tracklets)
        is_key = index % key_every == 0 or index == len(images) - 1
        if is_key or (search_lost and lost):
            for new in _search(tracklets, index, image, detector):
                _track_back(new, tracklets, index, images, key_every, search_near)
                tracklets.append(new)
    return tracklets


def _just_lost(tracklet: Tracklet, index: int) -> bool:
    return index - 1 in tracklet.found and index not in tracklet.found


def _continue(
    tracklets: list[Tracklet], index: int, image: Array, search_near: LocalSearch
) -> None:
    for tracklet in tracklets:
        if tracklet.lost:
            continue
        detection = search_near(image, tracklet.found[index - 1])
        if detection is None or _already_found(tracklets, index, detection):
            tracklet.lost = True
        else:
            tracklet.found[index] = detection


def _already_found(tracklets: list[Tracklet], index: int, detection: Detection) -> bool:
    return any(
        index in other.found and other.found[index].box.iou(detection.box) > 0.5
        for other in tracklets
    )


def _search(
    tracklets: list[Tracklet], index: int, image: Array, detector: Finder
) -> list[Tracklet]:
    """Searches the whole frame; continues tracklets just lost, returns new ones."""
    new = []
    for detection in merge(detector(image)):
        if any(
            index in t.found and t.found[index].box.iou(detection.box) > 0.3
            for t in tracklets
        ):
            continue
        lost = [t for t in tracklets if t.lost and _just_lost(t, index)]
        same = max(
            lost,
            key=lambda t: t.found[index - 1].box.iou(detection.box),
            default=None,
        )
        if same and same.found[index - 1].box.iou(detection.box) > 0.3:
            same.found[index] = detection
            same.lost = False
        else:
            new.append(Tracklet({index: detection}))
    return new


def _track_back(
    tracklet: Tracklet,
    others: list[Tracklet],
    index: int,
    images: Sequence[Array],
    key_every: int,
    search_near: LocalSearch,
) -> None:
    last = tracklet.found[index]
    for earlier in range(index - 1, max(-1, index - key_every), -1):
        detection = search_near(images[earlier], last)
        if detection is None or _already_found(others, earlier, detection):
            return
        tracklet.found[earlier] = detection
        last = detection

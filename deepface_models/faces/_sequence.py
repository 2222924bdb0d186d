"""Finding faces in consecutive frames: fully now and then, near the last place else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from .detect import Detection, merge, near

Array = NDArray[Any]

Finder = Callable[[Array], list[Detection]]
Look = Callable[[Array, Detection], Detection | None]

KEY_EVERY = 8  # frames between searches of the whole frame


@dataclass
class Trail:
    """One face through consecutive frames: frame number -> detection."""

    found: dict[int, Detection] = field(default_factory=dict)
    lost: bool = False


def follow(
    images: Sequence[Array],
    detector: Finder,
    key_every: int = KEY_EVERY,
    again: bool = True,
    look: Look = near,
) -> list[Trail]:
    """Finds the faces of consecutive frames at a fraction of the cost of each frame.

    Every `key_every`-th frame and the last one are searched wholly. In between, a
    face is looked for near its last place; when it is lost there, the whole frame is
    searched. A face first seen in a searched frame is followed back to where it came
    into sight.

    Args:
        images: RGB uint8 frames of one size.
        detector: For whole frames.
        key_every: Frames from one whole search to the next.
        again: Whether to search the whole frame where a face is lost.
        look: Looks for a face near its last place.

    Returns:
        One trail a face, in order of first sight.
    """
    trails: list[Trail] = []
    for index, image in enumerate(images):
        _step(trails, index, image, look)
        lost = any(t.lost and _just(t, index) for t in trails)
        is_key = index % key_every == 0 or index == len(images) - 1
        if is_key or (again and lost):
            for new in _search(trails, index, image, detector):
                _go_back(new, trails, index, images, key_every, look)
                trails.append(new)
    return trails


def _just(trail: Trail, index: int) -> bool:
    return index - 1 in trail.found and index not in trail.found


def _step(trails: list[Trail], index: int, image: Array, look: Look) -> None:
    for trail in trails:
        if trail.lost:
            continue
        detection = look(image, trail.found[index - 1])
        if detection is None or _taken(trails, index, detection):
            trail.lost = True
        else:
            trail.found[index] = detection


def _taken(trails: list[Trail], index: int, detection: Detection) -> bool:
    return any(
        index in other.found and other.found[index].box.iou(detection.box) > 0.5
        for other in trails
    )


def _search(
    trails: list[Trail], index: int, image: Array, detector: Finder
) -> list[Trail]:
    """Searches the whole frame; continues trails just lost, returns new ones."""
    new = []
    for detection in merge(detector(image)):
        if any(
            index in t.found and t.found[index].box.iou(detection.box) > 0.3
            for t in trails
        ):
            continue
        lost = [t for t in trails if t.lost and _just(t, index)]
        same = max(
            lost,
            key=lambda t: t.found[index - 1].box.iou(detection.box),
            default=None,
        )
        if same and same.found[index - 1].box.iou(detection.box) > 0.3:
            same.found[index] = detection
            same.lost = False
        else:
            new.append(Trail({index: detection}))
    return new


def _go_back(
    trail: Trail,
    others: list[Trail],
    index: int,
    images: Sequence[Array],
    key_every: int,
    look: Look,
) -> None:
    last = trail.found[index]
    for earlier in range(index - 1, max(-1, index - key_every), -1):
        detection = look(images[earlier], last)
        if detection is None or _taken(others, earlier, detection):
            return
        trail.found[earlier] = detection
        last = detection

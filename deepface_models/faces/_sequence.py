"""Finding faces in consecutive frames: fully now and then, near the last place else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deepface_models.core.arrays import Array
from deepface_models.faces.detect import Detection, merge, near

Finder = Callable[[Array], list[Detection]]
Look = Callable[[Array, Detection], Detection | None]

KEY_EVERY = 8  # frames between searches of the whole frame


@dataclass
class Tracklet:
    """One face through consecutive frames: frame number -> detection."""

    found: dict[int, Detection] = field(default_factory=dict)
    lost: bool = False


def follow(
    images: Sequence[Array],
    detector: Finder,
    key_every: int = KEY_EVERY,
    again: bool = True,
    look: Look = near,
) -> list[Tracklet]:
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
    tracklets: list[Tracklet] = []
    for index, image in enumerate(images):
        _step(tracklets, index, image, look)
        lost = any(t.lost and _just(t, index) for t in tracklets)
        is_key = index % key_every == 0 or index == len(images) - 1
        if is_key or (again and lost):
            for new in _search(tracklets, index, image, detector):
                _go_back(new, tracklets, index, images, key_every, look)
                tracklets.append(new)
    return tracklets


def _just(tracklet: Tracklet, index: int) -> bool:
    return index - 1 in tracklet.found and index not in tracklet.found


def _step(tracklets: list[Tracklet], index: int, image: Array, look: Look) -> None:
    for tracklet in tracklets:
        if tracklet.lost:
            continue
        detection = look(image, tracklet.found[index - 1])
        if detection is None or _taken(tracklets, index, detection):
            tracklet.lost = True
        else:
            tracklet.found[index] = detection


def _taken(tracklets: list[Tracklet], index: int, detection: Detection) -> bool:
    return any(
        index in other.found and other.found[index].box.iou(detection.box) > 0.5
        for other in tracklets
    )


def _search(
    tracklets: list[Tracklet], index: int, image: Array, detector: Finder
) -> list[Tracklet]:
    """Searches the whole frame; continues trails just lost, returns new ones."""
    new = []
    for detection in merge(detector(image)):
        if any(
            index in t.found and t.found[index].box.iou(detection.box) > 0.3
            for t in tracklets
        ):
            continue
        lost = [t for t in tracklets if t.lost and _just(t, index)]
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


def _go_back(
    tracklet: Tracklet,
    others: list[Tracklet],
    index: int,
    images: Sequence[Array],
    key_every: int,
    look: Look,
) -> None:
    last = tracklet.found[index]
    for earlier in range(index - 1, max(-1, index - key_every), -1):
        detection = look(images[earlier], last)
        if detection is None or _taken(others, earlier, detection):
            return
        tracklet.found[earlier] = detection
        last = detection

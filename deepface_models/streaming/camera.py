"""The camera of a browser as the source of a live swap."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError
from deepface_models.streaming.slot import Captured, Slot

BROWSER = "browser"  # the source that stands for it
_MOST = 1920 * 1080  # pixels of an image


class BrowserCamera:
    """Takes the images that a page sends, and hands on the newest one."""

    def __init__(self) -> None:
        self._slot = Slot()

    def put(self, data: bytes) -> None:
        """Takes an image from the page.

        Args:
            data: The image as JPEG, of at most 1920 x 1080 pixels.

        Raises:
            MediaError: It is something else.
        """
        image = _decoded(data)
        self._slot.put(Captured(0, 0.0, image, time.perf_counter()))

    def read(
        self, stopped: threading.Event, quick: bool
    ) -> Iterator[tuple[None, Array]]:
        """Yields the newest image whenever there is one, until it is told to stop."""
        while (frame := self._slot.take(stopped)) is not None:
            yield None, frame.image


def _decoded(data: bytes) -> Array:
    """Returns the image as (H, W, 3) RGB uint8."""
    size = _size(data)
    if size is not None and 0 < size[0] * size[1] <= _MOST:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if image is not None:
            return np.ascontiguousarray(image[..., ::-1])
    shown = "no JPEG" if size is None else f"an image of {size[0]} x {size[1]} pixels"
    raise MediaError(
        f"{len(data)} bytes of the browser's camera were given, which are {shown}. "
        "Expected a JPEG of at most 1920 x 1080 pixels. Reload the page."
    )


def _size(data: bytes) -> tuple[int, int] | None:
    """Returns width and height of a JPEG by its header, before it is decoded."""
    place = 2
    while data[:2] == b"\xff\xd8" and data[place : place + 1] == b"\xff":
        kind, length = data[place + 1 : place + 2], data[place + 2 : place + 4]
        if len(length) < 2:
            break
        if b"\xc0" <= kind <= b"\xcf" and kind not in (b"\xc4", b"\xc8", b"\xcc"):
            sides = data[place + 5 : place + 9]
            return int.from_bytes(sides[2:]), int.from_bytes(sides[:2])
        place += 2 + int.from_bytes(length)
    return None

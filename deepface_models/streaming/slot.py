"""A frame of a source, and how the newest one gets from one thread to another."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from deepface_models.core.arrays import Array


@dataclass(frozen=True, eq=False)
class Captured:
    """A frame of a source.

    Attributes:
        index: Its number, from 0; dropped frames count.
        time: Seconds since the first frame.
        image: (H, W, 3) RGB uint8.
        arrived: When it came, in seconds of `time.perf_counter`.
    """

    index: int
    time: float
    image: Array
    arrived: float


class Slot:
    """Hands the newest frame from one thread to another."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Captured | None = None
        self._ended, self._error = False, None

    @property
    def full(self) -> bool:
        """Whether a frame waits."""
        return self._frame is not None

    def put(self, frame: Captured) -> int:
        """Replaces the frame that waits; returns how many were lost, 0 or 1."""
        with self._changed:
            lost = int(self._frame is not None)
            self._frame = frame
            self._changed.notify_all()
            return lost

    def end(self, error: Any = None) -> None:
        """Tells those who wait that no frame comes any more, or why."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def take(self, stopped: threading.Event) -> Captured | None:
        """Waits for a frame; None at the end."""
        with self._changed:
            while self._frame is None and not self._ended and not stopped.is_set():
                self._changed.wait(0.2)
            frame, self._frame = self._frame, None
        if frame is None and self._error is not None:
            raise self._error
        return frame

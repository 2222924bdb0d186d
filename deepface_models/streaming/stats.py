"""`LiveStats`: how many frames a live swap shows, and how late."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

_MOST = 10_000  # frames whose latency is kept


@dataclass(frozen=True)
class LiveStats:
    """The speed of a live swap so far.

    Attributes:
        frames: Images made.
        swapped: How many of them have a swapped face.
        dropped: Frames of the source that were replaced by newer ones before their
            turn came.
        seconds: From the first image to the last one.
        fps: Images per second in this time; 0 before there are two.
        latency: Median of the seconds from a frame's arrival in this process to its
            image, of the last 10,000; 0 without any.
        latency_p95: Their 95th percentile.
    """

    frames: int = 0
    swapped: int = 0
    dropped: int = 0
    seconds: float = 0.0
    fps: float = 0.0
    latency: float = 0.0
    latency_p95: float = 0.0

    def summary(self) -> str:
        """Returns the numbers as a sentence."""
        return (
            f"{self.frames} frames, {self.swapped} swapped, {self.dropped} dropped: "
            f"{self.fps:.1f} frames/s, {latency_text(self.latency, self.latency_p95)}"
        )


def latency_text(median: float, p95: float) -> str:
    """Returns two latencies in seconds as text."""
    return f"latency {1000 * median:.0f} ms (95th percentile {1000 * p95:.0f} ms)"


class Clock:
    """Counts frames and collects their latencies."""

    def __init__(self) -> None:
        self._frames, self._swapped = 0, 0
        self._latencies: deque[float] = deque(maxlen=_MOST)
        self._first, self._last = 0.0, 0.0

    def add(self, begin: float, swapped: bool = False) -> float:
        """Counts what is ready now; returns its latency in seconds.

        Args:
            begin: When its frame arrived, in seconds of `time.perf_counter`.
            swapped: Whether it has a swapped face.
        """
        self._last = time.perf_counter()
        self._first = self._first or self._last
        self._frames += 1
        self._swapped += swapped
        self._latencies.append(self._last - begin)
        return self._last - begin

    def stats(self, dropped: int = 0) -> LiveStats:
        """Returns the numbers so far."""
        if not self._frames:
            return LiveStats(dropped=dropped)
        seconds = self._last - self._first
        median, high = np.percentile(list(self._latencies), [50, 95]).tolist()
        fps = (self._frames - 1) / seconds if seconds > 0 else 0.0
        return LiveStats(
            *(self._frames, self._swapped, dropped, seconds, fps, median, high)
        )

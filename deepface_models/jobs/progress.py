"""The progress file of a running job, and the time that is left by it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepface_models.core.checked import read
from deepface_models.core.files import atomic_path

_PAUSE = 0.5  # seconds between two writes


class ProgressFile:
    """Keeps a file up to date with what the tasks of a job tell.

    Args:
        path: The file.
        attempt: The attempt that writes it.
    """

    def __init__(self, path: Path, attempt: int) -> None:
        self.path, self.attempt = path, attempt
        self._task, self._first, self._begun, self._next = "", 0.0, 0.0, 0.0

    def report(self, task: str, done: float, total: float | None) -> None:
        """Writes how much of a task is done, at most every half second."""
        now = time.time()
        if task != self._task or done < self._first:
            self._task, self._first, self._begun, self._next = task, done, now, 0.0
        if now < self._next and done != total:
            return
        self._next = now + _PAUSE
        values = {"attempt": self.attempt, "task": task, "done": float(done)}
        values["total"] = None if total is None else float(total)
        values |= {"first": float(self._first), "begun": self._begun, "now": now}
        with atomic_path(self.path, wait=None, flush=False) as temporary:
            temporary.write_text(json.dumps(values), encoding="utf-8")


def read_progress(path: Path) -> dict[str, Any]:
    """Returns the values of a progress file, none if it is absent or unreadable."""
    try:
        return dict(read(path, "job_progress"))
    except (OSError, ValueError):  # it only informs
        return {}


def fraction(progress: Mapping[str, Any]) -> float | None:
    """Returns how much of the current task is done, from 0 to 1, if it is known."""
    total = progress.get("total")
    return min(1.0, progress["done"] / total) if total else None


def seconds_left(progress: Mapping[str, Any]) -> float | None:
    """Returns the seconds until the current task ends at its pace, if it is known."""
    total = progress.get("total")
    gained = progress["done"] - progress["first"] if total else 0.0
    if not total or gained <= 0:
        return None
    pace = (progress["now"] - progress["begun"]) / gained
    until = progress["now"] + pace * max(0.0, total - progress["done"])
    return max(0.0, until - time.time())


def duration(seconds: float) -> str:
    """Returns a duration in words, such as "3 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def in_words(progress: Mapping[str, Any]) -> str:
    """Returns the progress as one line, such as "train: 40 %, 2 min left"."""
    if not progress:
        return ""
    part, left = fraction(progress), seconds_left(progress)
    text = str(progress["task"])
    if part is None:
        return f"{text}: {progress['done']:.0f}"
    text += f": {100 * part:.0f} %"
    return text if left is None else f"{text}, {duration(left)} left"

"""What long tasks tell the process that runs them as a job, and what they obey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Watch:
    """What is told of the tasks of this process.

    Attributes:
        report: Called with a task's name, how much is done, and of how much, or None.
        stopping: Whether a training shall end early, with all it has learned.
    """

    report: Callable[[str, float, float | None], None]
    stopping: Callable[[], bool]


_watches: list[Watch] = []


@contextmanager
def watched_by(watch: Watch) -> Iterator[None]:
    """Tells `watch` of all tasks of this process within a `with` block."""
    _watches.append(watch)
    try:
        yield
    finally:
        _watches.remove(watch)


def is_watched() -> bool:
    """Whether anything is told."""
    return bool(_watches)


def tell(task: str, done: float, total: float | None) -> None:
    """Reports how much of a task is done, and of how much."""
    for watch in _watches:
        watch.report(task, done, total)


def stop_wanted() -> bool:
    """Whether a training shall end early."""
    return any(watch.stopping() for watch in _watches)

"""Progress of long tasks: a bar with the remaining time, a function, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from deepface_models.core.display import one_line
from deepface_models.core.watching import tell

_WIDEST = 40  # characters of a task's name

Report = Callable[[int, int | None], None]


class Progress:
    """Reports the progress of consecutive tasks; a context manager.

    A process that runs as a job is told too; see `watching`.

    Args:
        progress: True for a bar, a function of (frames done, frames or None) of the
            current task, or False for none.
    """

    def __init__(self, progress: bool | Report) -> None:
        self._report = progress if callable(progress) else None
        self._shown = progress is True
        self._told = bool(progress)
        self._name = ""
        self._bar: Any = None
        self._task: Any = None
        self._done = 0
        self._total: int | None = None

    def task(self, name: str, total: int | None) -> None:
        """Starts the next task, of `total` frames; the line of the last one stays."""
        self._name, self._done, self._total = one_line(name, _WIDEST), 0, total
        if self._told:
            tell(self._name, 0, total)
        if self._bar is not None:
            self._task = self._bar.add_task(self._name, total=total)

    def advance(self, frames: int = 1) -> None:
        """Adds to the done frames of the current task."""
        self._done += frames
        if self._total is not None:  # estimated: containers may state too few frames
            self._total = max(self._total, self._done)
        if self._told:
            tell(self._name, self._done, self._total)
        if self._report is not None:
            self._report(self._done, self._total)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, total=self._total)

    def done(self) -> None:
        """Completes the current task's bar, even if the total was wrong."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=max(self._done, 1))

    def __enter__(self) -> Self:
        if self._shown:
            from rich import progress

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}", markup=False),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeElapsedColumn(),
                progress.TextColumn("left"),
                progress.TimeRemainingColumn(),
            )
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

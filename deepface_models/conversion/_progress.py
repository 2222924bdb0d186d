"""A progress bar with the remaining time, or silence."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self


class Bar:
    """Counts frames of one task after another; a context manager.

    Args:
        shown: False shows nothing and does not import rich.
    """

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._bar: Any = None
        self._task: Any = None

    def task(self, name: str, total: int | None) -> None:
        """Starts the next task, of `total` frames; the last one's line stays."""
        if self._bar is not None:
            self._task = self._bar.add_task(name, total=total)

    def advance(self, frames: int = 1) -> None:
        """Counts frames of the current task."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, frames)

    def done(self) -> None:
        """Fills the current task's bar, whatever the container promised."""
        if self._bar is not None and self._task is not None:
            task = self._bar.tasks[self._bar.task_ids.index(self._task)]
            self._bar.update(self._task, total=max(task.completed, 1))

    def __enter__(self) -> Self:
        if self._shown:
            from rich import progress

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeElapsedColumn(),
                progress.TextColumn("left"),
                progress.TimeRemainingColumn(),
            )
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

"""One switch for progress: a bar, a function, or silence."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

Report = Callable[[int, int | None], None]


class Progress:
    """A context manager that counts frames.

    Args:
        progress: True for a bar with remaining time, a function that gets
            (done, total or None), or False.
        total: Says how many frames there will be; asked only when needed.
    """

    def __init__(self, progress: bool | Report, total: Callable[[], int | None]):
        self._report = progress if callable(progress) else None
        self._bar: Any = None
        self._done = 0
        self._total = total() if progress else None
        if progress is True:
            from rich import progress as rich

            self._bar = rich.Progress(
                rich.TextColumn("extract"),
                rich.BarColumn(),
                rich.MofNCompleteColumn(),
                rich.TimeRemainingColumn(),
            )
            self._task = self._bar.add_task("extract", total=self._total)

    def advance(self, frames: int) -> None:
        """Counts `frames` more."""
        self._done += frames
        if self._report is not None:
            self._report(self._done, self._total)
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)

    def __enter__(self) -> Progress:
        if self._bar is not None:
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

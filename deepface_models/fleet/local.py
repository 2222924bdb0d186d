"""The local engine: workers in this process, or in processes of this machine."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from deepface_models.core.helpers import helper_command, helper_environment
from deepface_models.fleet.rows import FAILED, Item, Row, Rows, Stop, new_row, stop_of
from deepface_models.fleet.worker import Worker

MOST_ATTEMPTS = 3  # how often a clip may end its worker


def here(kind: str, spec: Mapping[str, Any], items: Sequence[Item]) -> Rows:
    """Yields the rows of clips that one worker in this process works on."""
    worker = Worker(kind, spec, None)
    try:
        yield from map(worker.work, items)
    finally:
        worker.close()


def in_processes(
    kind: str, spec: Mapping[str, Any], items: Sequence[Item], workers: int, cpus: int
) -> Rows:
    """Yields the rows of clips that several processes work on, as they end.

    A clip whose process ended is given to another one, at most three times.

    Args:
        kind: The kind of work.
        spec: Its settings, as JSON values.
        items: The clips.
        workers: How many processes.
        cpus: How many cores each one keeps to.
    """
    crew = _Crew(json.dumps([kind, spec, cpus]), items)
    threads = [
        threading.Thread(target=crew.tend, daemon=True)
        for _ in range(min(workers, len(items)))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in items:
            row = crew.rows.get()
            yield row
            if isinstance(row, Stop):
                return
    finally:
        crew.end()
        for thread in threads:
            thread.join()


def lost(item: Item, times: int) -> Row:
    """Returns the row of a clip that has ended its worker too often."""
    return new_row(
        item,
        FAILED,
        f"{item.source} ended its worker {times} times. Expected the worker to "
        "outlive it. Try it alone; close other programs if memory ran out.",
    )


class _Crew:
    """Processes that work on clips of one queue; each is tended by a thread."""

    def __init__(self, setup: str, items: Sequence[Item]) -> None:
        self.rows: queue.Queue[Row | Stop] = queue.Queue()
        self._setup = setup
        self._waiting = list(reversed(items))
        self._lost: Counter[Item] = Counter()
        self._running: set[subprocess.Popen[str]] = set()
        self._left, self._ended = len(items), False
        self._change = threading.Condition(threading.RLock())

    def tend(self) -> None:
        """Lets a process work on clips until none is left; starts another if it ends.

        Errors of this thread itself end the run.
        """
        try:
            while self._open():
                self._tend(self._start())
        except Exception as error:
            self.rows.put(stop_of(error))

    def end(self) -> None:
        """Ends all processes."""
        with self._change:
            self._ended = True
            for process in self._running:
                process.kill()
            self._change.notify_all()

    def _open(self) -> bool:
        with self._change:
            return self._left > 0 and not self._ended

    def _start(self) -> subprocess.Popen[str]:
        command = helper_command("deepface_models.fleet.process", "main")
        with self._change:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=helper_environment(),
                encoding="utf-8",
                errors="surrogateescape",
            )
            self._running.add(process)
            if self._ended:
                process.kill()
        return process

    def _tend(self, process: subprocess.Popen[str]) -> None:
        try:
            begun = self._ask(process, self._setup)
            if begun is not True:
                self._stop(begun or ("OSError", "A worker ended when it started."))
                return
            while (item := self._next()) is not None:
                answer = self._ask(process, json.dumps(item))
                self._settle(item, answer)
                if answer is None:
                    return
        finally:
            with self._change:
                self._running.discard(process)
            with contextlib.suppress(OSError):
                process.communicate()

    def _ask(self, process: subprocess.Popen[str], line: str) -> Any:
        """Returns the answer to a line, or None if the process has ended."""
        if process.stdin is None or process.stdout is None:
            return None
        with contextlib.suppress(OSError):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            return json.loads(answer) if answer.endswith("\n") else None
        return None

    def _next(self) -> Item | None:
        """Returns the next clip; waits while others may come back."""
        with self._change:
            while not self._waiting and self._left and not self._ended:
                self._change.wait()
            return self._waiting.pop() if self._waiting and not self._ended else None

    def _settle(self, item: Item, answer: Any) -> None:
        """Hands on the answer about a clip, or puts it back if its process ended."""
        with self._change:
            if self._ended:
                return
            if answer is None:
                self._lost[item] += 1
                answer = lost(item, MOST_ATTEMPTS)
                if self._lost[item] < MOST_ATTEMPTS:
                    self._waiting.append(item)
                    self._change.notify_all()
                    return
            if not isinstance(answer, dict):
                self._stop(answer)
                return
            self._left -= 1
            self._change.notify_all()
            self.rows.put(answer)

    def _stop(self, why: Sequence[str]) -> None:
        if self._open():
            self.rows.put(Stop(*why))
        self.end()


def cores() -> int:
    """Returns how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""The process of one job: runs its command and notes how it ended."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import threading
import time
import traceback
from datetime import datetime
from pathlib import Path
from typing import Self

from deepface_models.core.checked import first_line
from deepface_models.core.errors import InUseError
from deepface_models.core.watching import Watch, watched_by
from deepface_models.jobs.job import Job, file_name
from deepface_models.jobs.progress import ProgressFile
from deepface_models.jobs.queue import Queue

_LOOK = 0.3  # seconds between looks for a request
_GRACE = 20.0  # seconds to end after a request, before the process is ended
_INTERRUPTED = 130


def main(workspace: str, number: str, attempt: str) -> None:
    """Runs an attempt of a job, unless another process runs it or took it over.

    Args:
        workspace: The queue's folder.
        number: The job's number.
        attempt: The attempt to run.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    queue = Queue(os.path.realpath(workspace))
    with contextlib.suppress(InUseError), queue.owning(int(number)):
        job = queue.started(int(number), int(attempt))
        if job is not None:
            print(f"attempt {job.attempt} begins, {datetime.now():%Y-%m-%d %X}")
            state, said = _outcome(queue, job)
            print(f"attempt {job.attempt} ends: {state}", flush=True)
            queue.end(job, state, said)


def _outcome(queue: Queue, job: Job) -> tuple[str, str]:
    """Runs the command; returns the job's next state and a sentence about it."""
    log = queue.log(job.number)
    before = log.stat().st_size if log.exists() else 0
    path = queue.folder / "progress" / file_name(job.number)
    writer = ProgressFile(path, job.attempt)
    with _Requests(queue, job) as requests:
        with watched_by(Watch(writer.report, requests.stopping)):
            status, said = _run(queue, job)
        obeyed = requests.obeyed or status == _INTERRUPTED
        if obeyed and requests.request == "cancel":
            return "cancelled", "Cancelled."
        if obeyed and requests.request == "pause":
            return "paused", ""
    if status == _INTERRUPTED:
        return "queued", ""
    if status == 0:
        return "done", ""
    return "failed" if status > 1 or said else "done", said or _last_words(log, before)


def _run(queue: Queue, job: Job) -> tuple[int, str]:
    """Runs the command; returns its exit status, or 1 and the reason it has none."""
    try:
        os.chdir(queue.workspace / job.folder)
        command = importlib.import_module("deepface_models.cli").main
        return int(command(job.words)), ""
    except SystemExit as end:  # of the command line's parser
        return (end.code if isinstance(end.code, int) else 2), ""
    except KeyboardInterrupt:
        return _INTERRUPTED, ""
    except BaseException as error:
        traceback.print_exc()
        return 1, f"{type(error).__name__}: {first_line(error)}."


def _last_words(log: Path, before: int) -> str:
    """Returns the last line that the command printed, such as its error."""
    with contextlib.suppress(OSError), open(log, "rb") as file:
        file.seek(max(before, log.stat().st_size - 8000))
        lines = file.read().decode("utf-8", "replace").split("\n")
        spoken = [line.strip() for line in lines if line.strip()]
        wrong = [line.partition("error: ")[2] for line in spoken if "error: " in line]
        return (wrong or spoken or [""])[-1][:4000]
    return ""


class _Requests:
    """Looks for requests in a thread, and passes them on to the command."""

    def __init__(self, queue: Queue, job: Job) -> None:
        self.queue, self.job, self.request, self.obeyed = queue, job, "", False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def stopping(self) -> bool:
        """Whether a training shall end early."""
        wanted = self.request in ("stop", "pause")
        self.obeyed = self.obeyed or wanted
        return wanted

    def _watch(self) -> None:
        while not self._done.wait(_LOOK):
            self.request = self.queue.requested(self.job.number)
            if self.request == "stop" or not self.request:
                continue
            if self.request == "cancel" or self.job.kind != "train":
                self._interrupt()
                return

    def _interrupt(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline:
            if self._done.wait(_LOOK):
                return
        state = "cancelled" if self.request == "cancel" else "paused"
        self.queue.end(self.job, state, "Cancelled." if state == "cancelled" else "")
        os._exit(_INTERRUPTED)

"""The worker: runs the jobs of a queue one after another, each in its own process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from deepface_models.core.errors import InUseError
from deepface_models.core.helpers import helper_command, helper_environment
from deepface_models.core.locks import hold
from deepface_models.jobs.job import Job
from deepface_models.jobs.queue import Queue

_LOOK = 0.3  # seconds between looks at a job that an earlier worker started
_WAIT = 2.0  # seconds for another worker to end
_PATIENCE = 15.0  # seconds for an interrupted job to end
_started: list[subprocess.Popen[bytes]] = []


def work(workspace: str | Path, told: Callable[[str], None] = lambda text: None) -> int:
    """Runs the queued jobs one after another until none is left.

    Jobs of a worker that was killed go on: those whose process still runs are waited
    for, the others are started again.

    Args:
        workspace: The queue's folder.
        told: Called with a line at the start and the end of each job.

    Returns:
        How many of the jobs failed.

    Raises:
        InUseError: Another worker runs the jobs of this workspace.

    Example:
        >>> work("studio")  # doctest: +SKIP
        0
    """
    queue, failed = Queue(workspace), 0
    while True:
        with hold(queue.folder / "worker", _WAIT):
            failed += _work(queue, told)
        # A job may have come after the last look, when others saw this worker alive.
        if not queue.waiting():
            return failed


def start_worker(workspace: str | Path) -> None:
    """Starts a worker in the background, unless one runs or there is nothing to do.

    Args:
        workspace: The queue's folder.

    Example:
        >>> from deepface_models.jobs import Queue
        >>> start_worker("empty_studio")  # has nothing to do
        >>> Queue("empty_studio").jobs()
        []
    """
    queue = Queue(workspace)
    _started[:] = [one for one in _started if one.poll() is None]
    if not queue.waiting() or _has_worker(queue):
        return
    command = helper_command(__name__, "background", os.path.realpath(workspace))
    with open(queue.folder / "logs" / "worker.txt", "ab") as log:
        _started.append(
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=helper_environment(),
            )
        )


def background(workspace: str) -> None:
    """Is the worker that `start_worker` starts.

    Args:
        workspace: The queue's folder.
    """
    with contextlib.suppress(InUseError):
        work(workspace)


def _has_worker(queue: Queue) -> bool:
    try:
        with hold(queue.folder / "worker"):
            return False
    except InUseError:
        return True


def _work(queue: Queue, told: Callable[[str], None]) -> int:
    failed = 0
    while True:
        running = queue.recover()
        if running is not None:
            time.sleep(_LOOK)
            continue
        job = queue.claim()
        if job is None:
            return failed
        told(f"Job {job.number}: {job.command}")
        _run(queue, job)
        done = queue.job(job.number)
        failed += done.state == "failed"
        told(f"Job {job.number} is {done.state}. {done.message}".rstrip())


def _run(queue: Queue, job: Job) -> None:
    """Runs a job in a process of its own, and settles it if that ends without word."""
    words = os.path.realpath(queue.workspace), str(job.number), str(job.attempt)
    command = helper_command("deepface_models.jobs.process", "main", *words)
    with open(queue.log(job.number), "ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**helper_environment(), "PYTHONUNBUFFERED": "1"},
        )
    try:
        status = process.wait()
    except KeyboardInterrupt:  # the job's process got it as well, and saves its work
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
        raise
    queue.crashed(job, _how(status))


def _how(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"

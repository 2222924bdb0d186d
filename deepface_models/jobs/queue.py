"""The queue: folders of job files, and the moves from one to the other."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deepface_models.core.errors import InUseError
from deepface_models.core.files import atomic_path
from deepface_models.core.locks import hold
from deepface_models.core.whole import whole_number
from deepface_models.jobs.job import (
    FOLDERS,
    Job,
    check_words,
    file_name,
    read_job,
    write_job,
)
from deepface_models.jobs.progress import read_progress

_PATIENCE = 30.0  # seconds for others to end a move, which takes milliseconds
MOST_CRASHES = 3
REQUESTS = ("cancel", "pause", "stop")


class Queue:
    """The jobs of a workspace: JSON files in folders named after their state.

    A job is in exactly one of the folders `queued`, `running`, `done` and `failed` of
    `WORKSPACE/jobs`; a rename moves it. The process of a running job holds a lock that
    ends with the process, so that nobody takes a job that is still running.

    Args:
        workspace: Folder of the results and of `jobs`; created if needed.

    Attributes:
        workspace: The folder.
        folder: Its folder `jobs`.

    Example:
        queue = Queue("studio")
        queue.add(["extract", "ana.mp4", "--output", "faces/ana"])
        work("studio")
    """

    def __init__(self, workspace: str | Path) -> None:
        self.workspace = Path(workspace)
        self.folder = self.workspace / "jobs"
        for name in (*FOLDERS, "locks", "logs", "progress", "requests"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def add(self, words: Sequence[str], folder: str | Path | None = None) -> Job:
        """Adds a job at the end of the queue.

        Args:
            words: The words after `deepface-models`, one of `KINDS` first.
            folder: The folder in which the command runs; by default the workspace.

        Returns:
            The job, with its number.

        Raises:
            ValueError: The command cannot be a job.
        """
        found = check_words(words)
        where = os.path.realpath(self.workspace if folder is None else folder)
        with self._moving():
            number = 1 + max((n for n, _ in self._files()), default=0)
            job = Job(number, found, where, time.time())
            write_job(self._path(number, "queued"), job)
        return job

    def jobs(self) -> list[Job]:
        """Returns all jobs by number, with the progress of those that run."""
        with self._moving():
            found = [read_job(path) for _, path in sorted(self._files())]
        return [self._with_progress(job) for job in found]

    def job(self, number: int) -> Job:
        """Returns the job with a number.

        Raises:
            ValueError: There is none.
        """
        with self._moving():
            return self._with_progress(read_job(self._find(number)))

    def cancel(self, number: int) -> Job:
        """Ends a job that waits or runs; what it has written stays.

        A running one ends within seconds.

        Args:
            number: The job's number.

        Raises:
            ValueError: There is no such job, or it has ended.
        """
        return self._ask(number, "cancel")

    def pause(self, number: int) -> Job:
        """Lets a job that waits or runs wait until it is resumed.

        A training saves a checkpoint first, and goes on from there.

        Args:
            number: The job's number.

        Raises:
            ValueError: There is no such job, or it has ended.
        """
        return self._ask(number, "pause")

    def stop(self, number: int) -> Job:
        """Lets a running training end now, with the model as it is.

        Args:
            number: The job's number.

        Raises:
            ValueError: There is no such job, or it is no training that runs.
        """
        return self._ask(number, "stop")

    def resume(self, number: int) -> Job:
        """Lets a paused job go on when it is its turn.

        Args:
            number: The job's number.

        Raises:
            ValueError: There is no such job, or it is not paused.
        """
        with self._moving():
            job = self._expected(number, "paused")
            return self._write(replace(job, held=False, state="queued"), "queued")

    def retry(self, number: int) -> Job:
        """Puts a failed or cancelled job into the queue again; it goes on.

        Args:
            number: The job's number.

        Raises:
            ValueError: There is no such job, or it has not failed.
        """
        with self._moving():
            job = self._expected(number, "failed", "cancelled")
            job = self._write(replace(job, held=False, crashes=0), "failed")
            return self._move(job, "failed", "queued")

    def log(self, number: int) -> Path:
        """Returns the file with what a job has printed.

        Args:
            number: The job's number.
        """
        return self.folder / "logs" / f"{number:06d}.txt"

    def waiting(self) -> bool:
        """Whether a worker would find something to do."""
        return any(job.state in ("queued", "running") for job in self.jobs())

    # For workers and the processes of jobs.

    def claim(self) -> Job | None:
        """Moves the next job to `running` and returns it, or None if none waits."""
        with self._moving():
            for _, path in sorted(self._files("queued")):
                job = read_job(path)
                if not job.held:
                    self._request_file(job.number).unlink(missing_ok=True)
                    self._move(job, "queued", "running")
                    claimed = replace(job, attempt=job.attempt + 1, state="running")
                    return self._write(claimed, "running")
        return None

    def recover(self) -> Job | None:
        """Settles running jobs whose process is gone; returns one that still runs."""
        with self._moving():
            for _, path in sorted(self._files("running")):
                job = read_job(path)
                try:
                    with self.owning(job.number):
                        self._settle(job)
                except InUseError:
                    return job
        return None

    def crashed(self, job: Job, how: str) -> None:
        """Settles a job whose process has just ended, and counts it if without result.

        Args:
            job: The job as it was claimed.
            how: How the process ended, as the end of a sentence.
        """
        with self._moving():
            path = self._path(job.number, "running")
            if not path.exists() or read_job(path).attempt != job.attempt:
                return
            job = replace(read_job(path), crashes=job.crashes + 1)
            if job.has_ended or job.crashes < MOST_CRASHES:
                self._settle(self._write(job, "running"))
                return
            message = (
                f"The process of the job {how}, {job.crashes} times in a row. Expected "
                "it to end by itself. Close other programs if memory ran out, and "
                "retry it."
            )
            self._end(job, "failed", message)

    @contextmanager
    def owning(self, number: int) -> Iterator[None]:
        """Holds a job within a `with` block: only its process, while it runs.

        Args:
            number: The job's number.

        Raises:
            InUseError: Its process runs.
        """
        with hold(self.folder / "locks" / f"{number:06d}"):
            yield

    def started(self, number: int, attempt: int) -> Job | None:
        """Returns the job if this attempt is still wanted; its process asks first.

        Args:
            number: The job's number.
            attempt: The attempt that the process was started for.
        """
        with self._moving():
            path = self._path(number, "running")
            job = read_job(path) if path.exists() else None
            return job if job and job.attempt == attempt else None

    def requested(self, number: int) -> str:
        """Returns what a running job was asked: one of `REQUESTS`, or "".

        Args:
            number: The job's number.
        """
        try:
            return self._request_file(number).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def end(self, job: Job, state: str, message: str = "") -> None:
        """Notes how a running job ended and moves it.

        Args:
            job: The job, which this process owns.
            state: "done", "failed", "cancelled", or "paused" or "queued" to go on.
            message: A sentence about it.
        """
        with self._moving():
            if state in ("paused", "queued"):
                self._again(replace(job, held=state == "paused"))
            else:
                self._end(job, state, message)

    def _settle(self, job: Job) -> None:
        """Moves a running job whose process is gone to where it belongs."""
        if job.has_ended:
            self._move(job, "running", _home(job.ended["state"]))
        elif self.requested(job.number) == "cancel":
            self._end(job, "cancelled", "Cancelled.")
        else:
            held = job.held or self.requested(job.number) == "pause"
            self._again(replace(job, held=held))

    def _again(self, job: Job) -> None:
        self._write(job, "running")
        self._move(job, "running", "queued")

    def _end(self, job: Job, state: str, message: str, where: str = "running") -> None:
        ended = {"attempt": job.attempt, "state": state, "message": message}
        self._write(replace(job, ended={**ended, "time": time.time()}), where)
        self._move(job, where, _home(state))

    def _ask(self, number: int, request: str) -> Job:
        with self._moving():
            if request == "stop":
                job = self._expected(number, "running")
                if job.kind != "train":
                    raise ValueError(
                        f"Job {number} is of the kind {job.kind!r}. Expected a "
                        "training, which can end early. Cancel it instead."
                    )
            else:
                job = self._expected(number, "queued", "running", "paused")
            if job.state == "running":
                with atomic_path(self._request_file(number), wait=None) as temporary:
                    temporary.write_text(request, encoding="utf-8")
            elif request == "cancel":
                self._end(job, "cancelled", "Cancelled.", "queued")
            else:
                self._write(replace(job, held=True), "queued")
            return read_job(self._find(number))

    def _expected(self, number: int, *states: str) -> Job:
        job = read_job(self._find(number))
        if job.state not in states:
            raise ValueError(
                f"Job {number} is {job.state}. Expected one that is "
                f"{' or '.join(states)}. See deepface-models jobs list."
            )
        return job

    @contextmanager
    def _moving(self) -> Iterator[None]:
        with hold(self.folder / "queue", _PATIENCE):
            yield

    def _files(self, *folders: str) -> list[tuple[int, Path]]:
        return [
            (int(name[:-5]), self.folder / folder / name)
            for folder in folders or FOLDERS
            for name in os.listdir(self.folder / folder)
            if re.fullmatch(r"\d{6,}\.json", name)
        ]

    def _find(self, number: int) -> Path:
        whole_number("number", number, 1)
        known = dict(self._files())
        if number not in known:
            raise ValueError(
                f"number={number} was given. Expected the number of a job in "
                f"{self.folder}. See deepface-models jobs list."
            )
        return known[number]

    def _path(self, number: int, folder: str) -> Path:
        return self.folder / folder / file_name(number)

    def _request_file(self, number: int) -> Path:
        return self.folder / "requests" / f"{number:06d}"

    def _write(self, job: Job, folder: str) -> Job:
        write_job(self._path(job.number, folder), job)
        return job

    def _move(self, job: Job, source: str, target: str) -> Job:
        moved = self._path(job.number, target)
        os.replace(self._path(job.number, source), moved)
        return read_job(moved)

    def _with_progress(self, job: Job) -> Job:
        path = self.folder / "progress" / file_name(job.number)
        known = read_progress(path) if job.state in ("running", "paused") else {}
        return replace(job, progress=known)


def _home(state: str) -> str:
    return "done" if state == "done" else "failed"

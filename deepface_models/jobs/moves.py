"""What workers and the processes of jobs do with the queue: claim, settle, end."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deepface_models.core.errors import InUseError
from deepface_models.core.locks import hold
from deepface_models.core.whole import whole_number
from deepface_models.jobs.job import FOLDERS, Job, file_name, known_job, write_job
from deepface_models.jobs.progress import read_progress

_PATIENCE = 30.0  # seconds for others to end a move, which takes milliseconds
MOST_CRASHES = 3


class Moves:
    """The part of `Queue` that moves jobs from one folder to the other.

    Args:
        workspace: Folder of the results and of `jobs`; created if needed.
    """

    def __init__(self, workspace: str | Path) -> None:
        self.workspace = Path(workspace)
        self.folder = self.workspace / "jobs"
        for name in (*FOLDERS, "locks", "logs", "progress", "requests"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def claim(self) -> Job | None:
        """Moves the next job to `running` and returns it, or None if none waits."""
        with self._moving():
            for _, path in sorted(self._files("queued")):
                job = known_job(path)
                if job.state == "queued":
                    self._request_file(job.number).unlink(missing_ok=True)
                    self._move(job, "queued", "running")
                    claimed = replace(job, attempt=job.attempt + 1, state="running")
                    return self._write(claimed, "running")
        return None

    def recover(self) -> Job | None:
        """Settles running jobs whose process is gone; returns one that still runs."""
        with self._moving():
            for _, path in sorted(self._files("running")):
                job = known_job(path)
                try:
                    with self.owning(job.number):
                        if job.state == "running":
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
            known = known_job(path) if path.exists() else None
            if known is None or (known.state, known.attempt) != (
                "running",
                job.attempt,
            ):
                return
            job = replace(known, crashes=job.crashes + 1)
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
            job = known_job(path) if path.exists() else None
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
        return known_job(moved)

    def _with_progress(self, job: Job) -> Job:
        path = self.folder / "progress" / file_name(job.number)
        known = read_progress(path) if job.state in ("running", "paused") else {}
        return replace(job, progress=known)


def _home(state: str) -> str:
    return "done" if state == "done" else "failed"

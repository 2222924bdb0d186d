"""The queue: folders of job files, and what can be asked of it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deepface_models.core.errors import MediaError
from deepface_models.core.files import atomic_path
from deepface_models.core.whole import whole_numbers
from deepface_models.jobs.job import Job, check_words, known_job, write_job
from deepface_models.jobs.moves import Moves


class Queue(Moves):
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
        >>> queue = Queue("studio")
        >>> job = queue.add(["extract", "ana.mp4", "--output", "faces/ana"])
        >>> [one.state for one in queue.jobs()]
        ['queued']
    """

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
        where = "" if folder is None else os.path.realpath(folder)
        with self._moving():
            number = 1 + max((n for n, _ in self._files()), default=0)
            job = Job(number, found, where, time.time())
            write_job(self._path(number, "queued"), job)
        return job

    def jobs(self) -> list[Job]:
        """Returns all jobs by number, with the progress of those that run.

        One whose file is damaged has the state "damaged", and the reason as `message`.
        """
        with self._moving():
            found = [known_job(path) for _, path in sorted(self._files())]
        return [self._with_progress(job) for job in found]

    @whole_numbers(number=1)
    def job(self, number: int) -> Job:
        """Returns the job with a number.

        Raises:
            ValueError: There is none.
        """
        with self._moving():
            return self._with_progress(known_job(self._find(number)))

    @whole_numbers(number=1)
    def cancel(self, number: int) -> Job:
        """Ends a job that waits or runs; what it has written stays.

        A running one ends within seconds.

        Args:
            number: The job's number.

        Raises:
            ValueError: There is no such job, or it has ended.
        """
        return self._ask(number, "cancel")

    @whole_numbers(number=1)
    def pause(self, number: int) -> Job:
        """Lets a job that waits or runs wait until it is resumed.

        A training saves a checkpoint first, and goes on from there.

        Args:
            number: The job's number.

        Raises:
            ValueError: There is no such job, or it has ended.
        """
        return self._ask(number, "pause")

    @whole_numbers(number=1)
    def stop(self, number: int) -> Job:
        """Lets a running training end now, with the model as it is.

        Args:
            number: The job's number.

        Raises:
            ValueError: There is no such job, or it is no training that runs.
        """
        return self._ask(number, "stop")

    @whole_numbers(number=1)
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

    @whole_numbers(number=1)
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

    @whole_numbers(number=1)
    def log(self, number: int) -> Path:
        """Returns the file with what a job has printed.

        Args:
            number: The job's number.
        """
        return self.folder / "logs" / f"{number:06d}.txt"

    def waiting(self) -> bool:
        """Whether a worker would find something to do."""
        return any(job.state in ("queued", "running") for job in self.jobs())

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
            return known_job(self._find(number))

    def _expected(self, number: int, *states: str) -> Job:
        job = known_job(self._find(number))
        if job.state == "damaged":
            raise MediaError(job.message)
        if job.state not in states:
            raise ValueError(
                f"Job {number} is {job.state}. Expected one that is "
                f"{' or '.join(states)}. See deepface-models jobs list."
            )
        return job

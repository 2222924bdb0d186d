"""A job: a command of `deepface-models`, kept as a JSON file."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from deepface_models.core.checked import first_line, read
from deepface_models.core.choices import choose
from deepface_models.core.display import one_line
from deepface_models.core.errors import MediaError
from deepface_models.core.files import atomic_path

# The commands that take long, and that go on where they were when run again.
KINDS = ("extract", "tracks", "train", "convert", "evaluate", "demo")
FOLDERS = ("queued", "running", "done", "failed")
STATES = (*FOLDERS, "paused", "cancelled", "damaged")
_FORMAT = 1


@dataclass(frozen=True)
class Job:
    """A command that waits, runs, or has run.

    Attributes:
        number: Its number, from 1.
        words: The words after `deepface-models`, such as ("extract", "ana.mp4", ...);
            none if its file is damaged.
        folder: The folder in which the command runs, where relative paths begin; empty
            for the workspace, which may be moved.
        added: When it was added, as seconds since 1970.
        state: One of `STATES`: where it is now.
        attempt: How often it was started.
        crashes: How often its process ended without a result since it was last added
            or retried.
        held: Whether it waits until it is resumed.
        ended: How the last attempt ended: its number, state, message and time.
        progress: What the running attempt has told; see `progress.read_progress`.
    """

    number: int
    words: tuple[str, ...]
    folder: str
    added: float
    state: str = "queued"
    attempt: int = 0
    crashes: int = 0
    held: bool = False
    ended: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The command's name, one of `KINDS`, or "unknown" if its file is damaged."""
        return self.words[0] if self.words else "unknown"

    @property
    def command(self) -> str:
        """The command line that does the same in a shell; empty if it is not known."""
        if not self.words:
            return ""
        return shlex.join(["deepface-models", *self.words])

    @property
    def message(self) -> str:
        """What the last attempt said at its end, or an empty text."""
        return str(self.ended.get("message", ""))

    @property
    def has_ended(self) -> bool:
        """Whether the newest attempt has ended."""
        return self.ended.get("attempt") == self.attempt

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen unless it is retried or mended."""
        return self.state in ("done", "failed", "cancelled", "damaged")


def check_words(words: Sequence[str]) -> tuple[str, ...]:
    """Returns the words of a command that can be a job.

    Raises:
        ValueError: They are none, or name another command.
    """
    found = tuple(map(str, words))
    if isinstance(words, str) or not found:
        raise ValueError(
            f"{words!r} was given. Expected the words of a command. Pass a list, such "
            'as ["extract", "ana.mp4", "--output", "faces/ana"].'
        )
    choose("command", found[0], KINDS)
    return found


def file_name(number: int) -> str:
    """Returns the name of a job's file."""
    return f"{number:06d}.json"


def write_job(path: Path, job: Job) -> None:
    """Writes a job's file; the caller holds the queue."""
    values = asdict(job)
    del values["state"], values["progress"]
    with atomic_path(path, wait=None) as temporary:
        text = json.dumps({"format": _FORMAT, **values}, indent=1) + "\n"
        temporary.write_text(text, encoding="utf-8")


def read_job(path: Path) -> Job:
    """Reads a job's file; its folder tells its state.

    Raises:
        MediaError: It is damaged, from a later version, or another job's.
    """
    try:
        values = dict(read(path, "job"))
        if values.pop("format") != _FORMAT:
            raise ValueError(f"it has another format than {_FORMAT}")
        if file_name(values["number"]) != path.name:
            raise ValueError(f"it is that of job {values['number']}")
        job = Job(**{**values, "words": tuple(values["words"])})
    except (OSError, ValueError, TypeError) as error:
        raise MediaError(
            f"The job {one_line(path)} is damaged ({first_line(error)}). Expected a "
            "file as this package writes it. Remove it, and add the job again."
        ) from error
    return replace(job, state=_state(job, path.parent.name))


def known_job(path: Path) -> Job:
    """Reads a job's file; a damaged one makes a job of the state "damaged".

    So that one damaged file does not hide the other jobs.
    """
    try:
        return read_job(path)
    except MediaError as error:
        ended = {"attempt": 0, "state": "damaged", "message": str(error), "time": 0.0}
        return Job(int(path.stem), (), "", 0.0, state="damaged", ended=ended)


def _state(job: Job, folder: str) -> str:
    if folder == "queued" and job.held:
        return "paused"
    if folder == "failed" and job.has_ended and job.ended["state"] == "cancelled":
        return "cancelled"
    return folder

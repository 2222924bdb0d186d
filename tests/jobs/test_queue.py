"""Jobs move between folders, one at a time, and are never in two of them."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from deepface_models.cli import main
from deepface_models.core.errors import InUseError, MediaError
from deepface_models.core.watching import Watch, stop_wanted, tell, watched_by
from deepface_models.jobs import Job, Queue, work
from deepface_models.jobs.moves import MOST_CRASHES
from deepface_models.jobs.progress import (
    ProgressFile,
    fraction,
    in_words,
    read_progress,
    seconds_left,
)

WORDS = ["extract", "ana.mp4", "--output", "faces/ana"]
TRAIN = ["train", "a=faces/a", "b=faces/b", "--output", "run"]


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "studio")


def states(queue: Queue) -> list[str]:
    return [job.state for job in queue.jobs()]


def test_jobs_are_claimed_in_order(queue: Queue) -> None:
    assert [queue.add(WORDS).number for _ in range(3)] == [1, 2, 3]
    first = queue.claim()
    assert first is not None and (first.number, first.attempt) == (1, 1)
    assert states(queue) == ["running", "queued", "queued"]
    queue.end(first, "done")
    assert states(queue) == ["done", "queued", "queued"]
    assert queue.job(1).command == "deepface-models extract ana.mp4 --output faces/ana"
    assert queue.job(1).folder == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("extract ana.mp4", "Expected the words of a command"),
        ([], "Expected the words of a command"),
        (["verify", "a.png"], "command='verify' was given. Expected one of 'extract'"),
        (["extrct"], "Did you mean 'extract'"),
    ],
)
def test_only_long_commands_are_jobs(queue: Queue, words: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        queue.add(words)
    assert queue.jobs() == []


def test_a_job_of_a_killed_worker_goes_back_and_on(queue: Queue) -> None:
    queue.add(WORDS)
    job = queue.claim()
    assert job is not None
    assert queue.recover() is None
    assert states(queue) == ["queued"]
    again = queue.claim()
    assert again is not None and again.attempt == 2
    # The process of the first attempt starts late, and is not wanted any more.
    assert queue.started(1, 1) is None
    assert queue.started(1, 2) == again


def test_a_running_job_is_left_alone(queue: Queue, elsewhere: Any) -> None:
    queue.add(WORDS)
    job = queue.claim()
    elsewhere(queue.owning(1))
    found = queue.recover()
    assert found is not None and found.number == 1
    with pytest.raises(InUseError):
        with queue.owning(1):
            pass
    assert states(queue) == ["running"] and job is not None


def test_a_kill_between_the_note_and_the_move_loses_nothing(queue: Queue) -> None:
    """The note of the end is written first; the next worker moves the file."""
    queue.add(WORDS)
    job = queue.claim()
    assert job is not None
    path = queue.folder / "running" / "000001.json"
    values = json.loads(path.read_text("utf-8"))
    end = {"attempt": 1, "state": "done", "message": "", "time": 1.0}
    path.write_text(json.dumps({**values, "ended": end}), "utf-8")
    queue.recover()
    assert states(queue) == ["done"]


def test_a_retried_job_forgets_its_former_end(queue: Queue) -> None:
    queue.add(WORDS)
    job = queue.claim()
    assert job is not None
    queue.end(job, "failed", "Nothing is at ana.mp4.")
    assert queue.job(1).message == "Nothing is at ana.mp4."
    queue.retry(1)
    assert states(queue) == ["queued"]
    queue.claim()
    queue.recover()  # killed again: the old end is not that of this attempt
    assert states(queue) == ["queued"]


def test_a_job_that_always_crashes_fails(queue: Queue) -> None:
    queue.add(WORDS)
    for _ in range(MOST_CRASHES):
        assert states(queue) == ["queued"]
        job = queue.claim()
        assert job is not None
        queue.crashed(job, "was ended by SIGKILL")
    assert states(queue) == ["failed"]
    assert "was ended by SIGKILL, 3 times in a row" in queue.job(1).message
    queue.retry(1)
    assert queue.job(1).crashes == 0


def test_cancel_pause_and_resume_before_the_start(queue: Queue) -> None:
    for _ in range(3):
        queue.add(WORDS)
    assert queue.cancel(1).state == "cancelled"
    assert queue.pause(2).state == "paused"
    job = queue.claim()
    assert job is not None and job.number == 3
    assert queue.claim() is None
    assert queue.resume(2).state == "queued"
    assert queue.cancel(2).state == "cancelled"
    assert queue.retry(1).state == "queued"


@pytest.mark.parametrize(
    ("request_", "state"), [("cancel", "cancelled"), ("pause", "paused")]
)
def test_requests_hold_although_the_process_was_killed(
    queue: Queue, request_: str, state: str
) -> None:
    queue.add(TRAIN)
    queue.claim()
    assert getattr(queue, request_)(1).state == "running"
    assert queue.requested(1) == request_
    queue.recover()
    assert states(queue) == [state]


def test_requests_that_make_no_sense_are_refused(queue: Queue) -> None:
    queue.add(WORDS)
    with pytest.raises(ValueError, match=r"Job 1 is queued\. Expected one that is"):
        queue.stop(1)
    with pytest.raises(ValueError, match="Expected one that is failed or cancelled"):
        queue.retry(1)
    queue.claim()
    with pytest.raises(ValueError, match="Expected a training"):
        queue.stop(1)
    with pytest.raises(ValueError, match=r"number=7 was given\. Expected the number"):
        queue.cancel(7)
    with pytest.raises(ValueError, match="Expected a whole number"):
        queue.cancel("1")  # type: ignore[arg-type]


def test_an_old_request_does_not_meet_the_next_attempt(queue: Queue) -> None:
    queue.add(TRAIN)
    queue.claim()
    queue.pause(1)
    queue.recover()
    queue.resume(1)
    queue.claim()
    assert queue.requested(1) == ""


DAMAGED = ('{"format": 1}', "", "\0" * 9, "[]", None)


@pytest.mark.parametrize("folder", ["queued", "running", "done"])
@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_job_hides_no_other(
    queue: Queue, folder: str, content: str | None, capsys: Any
) -> None:
    for _ in range(2):
        queue.add(WORDS)
    path = queue.folder / folder / "000001.json"
    (queue.folder / "queued" / "000001.json").rename(path)
    if content is None:
        shutil.copy(queue.folder / "queued" / "000002.json", path)
    else:
        path.write_text(content, "utf-8")
    assert states(queue) == ["damaged", "queued"]
    job = queue.job(1)
    assert (job.kind, job.finished) == ("unknown", True)
    assert re.search(r"000001.json is damaged \(.+\).*Remove it", job.message)
    for change in (queue.cancel, queue.pause, queue.resume, queue.retry):
        with pytest.raises(MediaError, match=r"000001.json is damaged"):
            change(1)
    assert main(["jobs", "list", "--workspace", str(queue.workspace)]) == 0
    assert "1  damaged" in capsys.readouterr().out
    assert main(["jobs", "list", "--json", "--workspace", str(queue.workspace)]) == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "damaged"

    assert queue.recover() is None
    claimed = queue.claim()
    assert claimed is not None and claimed.number == 2
    queue.end(claimed, "done")
    assert not queue.waiting() and queue.add(WORDS).number == 3
    path.unlink()
    assert states(queue) == ["done", "queued"]


def test_a_job_damaged_while_it_runs_is_waited_for(
    queue: Queue, elsewhere: Any
) -> None:
    queue.add(WORDS)
    job = queue.claim()
    assert job is not None
    (queue.folder / "running" / "000001.json").write_text("{", "utf-8")
    elsewhere(queue.owning(1))
    found = queue.recover()
    assert found is not None and found.state == "damaged"
    queue.crashed(job, "was ended by SIGKILL")
    assert queue.started(1, 1) is None
    queue.end(job, "done")
    assert states(queue) == ["done"]


def test_progress_and_time_left(tmp_path: Path, monkeypatch: Any) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    path = tmp_path / "1.json"
    writer = ProgressFile(path, 1)
    writer.report("train", 30, 100)  # resumed: what was done before has no pace
    assert in_words(read_progress(path)) == "train: 30 %"
    clock[0] += 10
    writer.report("train", 50, 100)
    known = read_progress(path)
    assert fraction(known) == 0.5
    assert seconds_left(known) == pytest.approx(25)
    assert in_words(known) == "train: 50 %, 25 s left"
    clock[0] += 0.1
    writer.report("train", 51, 100)  # too early to be written
    assert read_progress(path) == known
    writer.report("swap", 3, None)
    assert in_words(read_progress(path)) == "swap: 3"
    path.write_text("{", "utf-8")
    assert read_progress(path) == {}


def test_tasks_tell_those_who_watch() -> None:
    told: list[Any] = []
    with watched_by(Watch(lambda *words: told.append(words), lambda: True)):
        tell("train", 1, 2)
        assert stop_wanted()
    tell("train", 2, 2)
    assert told == [("train", 1, 2)]
    assert not stop_wanted()


def test_one_worker_at_a_time(queue: Queue, elsewhere: Any, monkeypatch: Any) -> None:
    from deepface_models.core.locks import hold

    monkeypatch.setattr("deepface_models.jobs.worker._WAIT", 0.1)
    queue.add(WORDS)
    elsewhere(hold(queue.folder / "worker"))
    with pytest.raises(InUseError, match="Expected one writer at a time"):
        work(queue.workspace)
    assert states(queue) == ["queued"]


def run(*words: str) -> int:
    return main(["jobs", *words])


def test_the_command_line(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("list") == 2
    assert "which holds no jobs" in capsys.readouterr().err
    assert run("add", *TRAIN) == 0
    assert capsys.readouterr().out.startswith("Job 1 is queued. Run it: deepface-mod")
    assert run("pause", "1") == 0
    assert run("list") == 0
    assert "1  paused     deepface-models train a=faces/a" in capsys.readouterr().out
    assert run("resume", "1") == run("cancel", "1") == run("retry", "1") == 0
    assert run("list", "--json") == 0
    listed = json.loads(capsys.readouterr().out.partition("[")[2].join("[ "))
    assert listed[0]["state"] == "queued" and listed[0]["folder"] == str(tmp_path)
    with pytest.raises(SystemExit):  # the command's own parser
        run("add", "extract", "--nonsense")
    assert run("add", "verify", "a.png") == 2
    assert run() == 2


def test_a_job_is_a_job() -> None:
    job = Job(1, ("demo", "--output", "my demo"), "/", 0.0)
    assert job.command == "deepface-models demo --output 'my demo'"
    assert not job.finished and not job.message and job.kind == "demo"

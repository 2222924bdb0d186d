"""Workers and jobs are killed at many moments; no job is lost or runs twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import deepface_models
from deepface_models.core.errors import InUseError
from deepface_models.core.helpers import helper_command
from deepface_models.jobs import Queue, start_worker, work

FACES = Path(__file__).resolve().parents[1] / "data" / "faces"
ROOT = Path(deepface_models.__file__).parent.parent
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")


def quick(queue: Queue, name: str) -> None:
    """Adds an extraction of less than a second."""
    image = str(FACES / "london_005_neutral.jpg")
    queue.add(["extract", image, "--output", name, "--size", "64", "--no-embeddings"])


def start(queue: Queue) -> subprocess.Popen[bytes]:
    words = helper_command("deepface_models.jobs.worker", "background")
    return subprocess.Popen([*words, str(queue.workspace)], start_new_session=True)


def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def process_of(queue: Queue, number: int) -> int | None:
    """The process that holds a job, or None."""
    try:
        text = (queue.folder / "locks" / f".{number:06d}.lock").read_text("utf-8")
    except OSError:
        return None
    found = re.search(r'"process": (\d+)', text)
    return int(found[1]) if found else None


def ends(queue: Queue, number: int) -> list[str]:
    text = queue.log(number).read_text("utf-8")
    return re.findall(r"^attempt \d+ ends: (\w+)$", text, re.MULTILINE)


@pytest.mark.slow
def test_kills_at_many_moments(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    for number in range(3):
        quick(queue, f"faces/{number}")
    for round_, moment in enumerate((0.05, 0.2, 0.4, 0.7, 1.1)):
        worker = start(queue)
        time.sleep(moment)
        if round_ % 3 == 1:  # the worker alone: its job goes on
            worker.kill()
        else:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    assert work(queue.workspace) == 0
    assert [job.state for job in queue.jobs()] == ["done"] * 3
    assert [ends(queue, job.number) for job in queue.jobs()] == [["done"]] * 3
    for number in range(3):
        assert (tmp_path / "faces" / str(number) / "faceset.json").exists()


@pytest.mark.slow
def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    queue, told = Queue(tmp_path), []
    quick(queue, "faces")
    worker = start(queue)
    process = until(lambda: process_of(queue, 1))
    os.kill(process, signal.SIGKILL)
    worker.wait()
    job = queue.job(1)
    assert (job.state, job.attempt, job.crashes) == ("done", 2, 1)
    quick(queue, "faces")
    assert work(queue.workspace, told.append) == 0
    assert told[0].startswith("Job 2: deepface-models extract ")
    assert told[1] == "Job 2 is done."


@pytest.mark.slow
def test_a_job_that_goes_on_without_its_worker_is_waited_for(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    quick(queue, "one")
    quick(queue, "two")
    worker = start(queue)
    until(lambda: process_of(queue, 1))
    worker.kill()
    worker.wait()
    assert work(queue.workspace) == 0
    assert [job.attempt for job in queue.jobs()] == [1, 1]


@pytest.mark.slow
def test_a_running_job_is_cancelled_and_retried(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    clips = ROOT / "deepface_models" / "demo" / "clips" / "s1"
    queue.add(["extract", str(clips), "--output", "faces"])  # half a minute
    worker = start(queue)
    until(lambda: queue.job(1).progress)
    assert queue.job(1).progress["attempt"] == 1
    queue.cancel(1)
    worker.wait()
    assert queue.job(1).state == "cancelled"
    queue.retry(1)
    worker = start(queue)
    until(lambda: queue.job(1).progress and queue.job(1).progress["attempt"] == 2)
    queue.pause(1)
    worker.wait()
    assert queue.job(1).state == "paused"


def test_the_reason_of_a_failure_is_a_sentence(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    queue.add(["extract", "nowhere.mp4", "--output", "faces"])
    queue.add(["extract", "--nonsense"])
    assert work(queue.workspace) == 2
    assert queue.job(1).message.startswith("Nothing is at nowhere.mp4. Expected an")
    assert "required: source, --output" in queue.job(2).message


@pytest.mark.slow
def test_a_worker_in_the_background_is_started_once(tmp_path: Path) -> None:
    queue = Queue(tmp_path)
    start_worker(tmp_path)  # nothing to do
    quick(queue, "faces")
    start_worker(tmp_path)
    until(lambda: process_of(queue, 1))
    start_worker(tmp_path)
    with pytest.raises(InUseError):
        with queue.owning(1):
            pass
    until(lambda: queue.job(1).state == "done")
    assert queue.job(1).attempt == 1


_LIGHT = """
import sys
from deepface_models.cli import main
for words in (["add", "extract", "a.mp4", "--output", "b"], ["list"], ["cancel", "1"],
              ["retry", "1"], ["run"], ["list"]):
    main(["jobs", *words])
heavy = {"tensorflow", "keras", "jax", "torch", "cv2", "numpy"}
sys.exit(str(heavy & set(sys.modules)))
"""


def test_the_commands_import_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LIGHT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stderr.strip() == "set()"

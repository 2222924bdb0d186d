"""Kills workers and jobs of a queue at random moments, until all jobs are done. Linux.

Prints how many kills there were, and whether a job was lost, ran twice, or has another
result than without a kill. The kills hit the worker alone, whose job then goes on, the
worker with its job, or the job alone, whose worker starts it again.

    python benchmarks/job_kills.py --kills 100
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from deepface_models.core.helpers import helper_command
from deepface_models.demo.job import CLIPS, CONSENT
from deepface_models.jobs import Job, Queue, work
from deepface_models.jobs.moves import MOST_CRASHES

_LONGEST = 9.0  # seconds until a kill; starting Keras takes about half of it


def commands(number: int) -> Iterator[list[str]]:
    """The whole work, in a folder of its own, on tiny settings."""
    place = str(number)
    for name, clip in (("s1", "bbaf2n"), ("mb", "sbia1a")):
        source = str(CLIPS / name / f"{clip}.mpg")
        words = ["extract", source, "--output", f"{place}/faces/{name}", "--size", "64"]
        yield [*words, "--every-n", "2"]
    faces = [f"{name}={place}/faces/{name}" for name in ("s1", "mb")]
    small = "--size 64 --epochs 12 --steps 5 --batch-size 2 --checkpoint-every 2"
    yield ["train", *faces, "--output", f"{place}/run", *small.split()]
    source = str(CLIPS / "s1" / "bbaf2n.mpg")
    words = ["convert", source, f"{place}/swap.mp4", "--model", f"{place}/run"]
    yield [*words, "--identity", "mb", "--consent", CONSENT, "--frames", "0:25"]


def kill_once(queue: Queue, random: Random, deadline: float) -> str | None:
    """Starts a worker and kills something; returns what, or None if nothing was left"""
    words = helper_command("deepface_models.jobs.worker", "background")
    worker = subprocess.Popen([*words, str(queue.workspace)], start_new_session=True)
    time.sleep(random.uniform(0.05, deadline))
    if worker.poll() is not None and not queue.waiting():
        return None
    what = random.choice(("worker", "both", "job"))
    if what == "worker":
        worker.kill()
    elif what == "both":
        os.killpg(worker.pid, signal.SIGKILL)
    else:
        running = [job for job in queue.jobs() if job.state == "running"]
        holder = running and process_of(queue, running[0])
        if not running or not holder or running[0].crashes >= MOST_CRASHES - 1:
            what = "both"
            os.killpg(worker.pid, signal.SIGKILL)
        else:
            os.kill(holder, signal.SIGKILL)
            time.sleep(random.uniform(0.0, 1.0))
            os.killpg(worker.pid, signal.SIGKILL)
            what = "job, then both"
    worker.wait()
    return what


def process_of(queue: Queue, job: Job) -> int | None:
    """The process that holds a job."""
    try:
        path = queue.folder / "locks" / f".{job.number:06d}.lock"
        found = re.search(r'"process": (\d+)', path.read_text("utf-8"))
    except OSError:
        return None
    return int(found[1]) if found else None


def faults(queue: Queue, added: int) -> Iterator[str]:
    """What went wrong with a queue that a worker has emptied."""
    jobs = queue.jobs()
    if len(jobs) != added:
        yield f"{added} jobs were added, {len(jobs)} are there"
    for job in jobs:
        text = queue.log(job.number).read_text("utf-8")
        ends = re.findall(r"^attempt \d+ ends: (\w+)$", text, re.MULTILINE)
        if job.state != "done" or ends != ["done"]:
            yield f"job {job.number} ({job.kind}) is {job.state}, its ends: {ends}"
        if job.kind == "train":
            folder = queue.workspace / str(1 + (job.number - 1) // 4) / "run"
            with open(folder / "history.csv", encoding="utf-8") as file:
                epochs = [row["epoch"] for row in csv.DictReader(file)]
            if epochs != [str(n) for n in range(12)]:
                yield f"job {job.number} has the epochs {epochs}"


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=_LONGEST)
    args = parser.parse_args()
    random, begun, kills, rounds = Random(args.seed), time.monotonic(), 0, 0
    counted: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPFACE_MODELS_HOME"] = folder
        queue = Queue(Path(folder) / "queue")
        while kills < args.kills:
            if not queue.waiting():
                rounds += 1
                for words in commands(rounds):
                    queue.add(words)
            what = kill_once(queue, random, args.longest)
            if what:
                kills += 1
                counted[what] = counted.get(what, 0) + 1
        work(queue.workspace)
        found = list(faults(queue, 4 * rounds))
        attempts = sum(job.attempt for job in queue.jobs())
    minutes = (time.monotonic() - begun) / 60
    print(f"{kills} kills {counted} in {minutes:.1f} min, {4 * rounds} jobs, ", end="")
    print(f"{attempts} attempts; faults: {found or 'none'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

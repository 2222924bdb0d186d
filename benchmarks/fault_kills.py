"""For `faults.py`: jobs killed at random moments, run again and compared. Linux."""

from __future__ import annotations

import csv
import hashlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from fault_reads import HERE, Outcome

JOBS = ("extract", "train", "convert", "fetch")
_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
_PATIENCE = 300.0  # seconds in which a job that is not killed has to end

State = dict[str, str]


def campaign(job: str, seed: int, seconds: float, work: Path) -> Iterator[Outcome]:
    """Yields trial after trial until the time is over, one at least."""
    until = time.monotonic() + seconds
    with _served(work) as environment:
        whole = work / "jobs" / f"{job}.whole"
        _clear(whole)
        took = _run(job, whole, work, environment, None)
        if isinstance(took, str):
            yield Outcome(job, -1, "undocumented", "not killed", took)
            return
        expected = RESULTS[job](whole)
        case = 0
        while case == 0 or time.monotonic() < until:
            random = Random(f"{seed}/{job}/{case}")
            yield _trial(job, case, random, took, expected, work, environment)
            case += 1


def _trial(
    job: str,
    case: int,
    random: Random,
    took: float,
    expected: State,
    work: Path,
    environment: dict[str, str],
) -> Outcome:
    output = work / "jobs" / f"{job}.killed"
    _clear(output)
    finished: State = {}
    moments = [random.uniform(0, took) for _ in range(random.choice((1, 1, 2, 3)))]
    fault = "killed after " + ", ".join(f"{moment:.2f} s" for moment in moments)
    start = time.perf_counter()
    for moment in [*moments, None]:
        ended = _run(job, output, work, environment, moment)
        if isinstance(ended, str):
            kind = "hang" if ended == "hang" else "undocumented"
            return Outcome(job, case, kind, fault, ended)
        lost = _lost(finished, FINISHED[job](output))
        if lost:
            return Outcome(job, case, "loss", fault, f"lost: {lost}")
        finished = FINISHED[job](output)
    wrong, left = _differing(expected, RESULTS[job](output)), _left(output)
    outcome = "loss" if wrong else "left" if left else "ok"
    seconds = time.perf_counter() - start
    return Outcome(job, case, outcome, fault, "; ".join(wrong + left), seconds=seconds)


def _run(
    job: str,
    output: Path,
    work: Path,
    environment: dict[str, str],
    moment: float | None,
) -> float | str:
    """Runs a job; returns its seconds from "ready" on, or what went wrong."""
    process = subprocess.Popen(
        [
            sys.executable,
            str(HERE / "fault_job.py"),
            job,
            str(work / "materials"),
            str(output),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        env={**environment, "DEEPFACE_MODELS_HOME": str(_home(job, output, work))},
    )
    assert process.stdout is not None  # noqa: S101
    process.stdout.readline()
    start = time.perf_counter()
    try:
        _, error = process.communicate(timeout=_PATIENCE if moment is None else moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "hang" if moment is None else moment
    if process.returncode:
        return error[-2500:] or f"ended with {process.returncode}"
    return time.perf_counter() - start


def _home(job: str, output: Path, work: Path) -> Path:
    return output if job == "fetch" else work / "state"


def _clear(output: Path) -> None:
    shutil.rmtree(output, ignore_errors=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    for path in output.parent.glob(f".{output.name}*"):
        path.unlink() if path.is_file() else shutil.rmtree(path)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files(folder: Path, pattern: str = "*") -> State:
    found = (p for p in sorted(folder.rglob(pattern)) if p.is_file())
    return {
        str(p.relative_to(folder)): _hash(p)
        for p in found
        if not any(part.startswith(".") for part in p.relative_to(folder).parts)
    }


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    text = path.read_text("utf-8")
    return list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))


def _faces(folder: Path) -> State:
    rows = _rows(folder / "table.csv")
    files = [row.get("file") or "" for row in rows]
    return {f: _hash(folder / f) for f in files if f and (folder / f).is_file()}


def _table(folder: Path) -> State:
    rows = _rows(folder / "table.csv")
    return {**_faces(folder), "rows": repr(rows)}


def _saved(folder: Path) -> State:
    """The faces that the saved progress counts; later ones are found again."""
    path = folder / "faceset.json"
    progress = json.loads(path.read_text("utf-8"))["sources"] if path.exists() else {}
    done = {
        row["file"]
        for row in _rows(folder / "table.csv")
        if (of := progress.get(row["source"]))
        and (of["status"] == "done" or int(row["frame"]) < of["next_frame"])
    }
    return {name: digest for name, digest in _faces(folder).items() if name in done}


def _epochs(folder: Path) -> State:
    found = (folder / "checkpoints").glob("epoch-*/checkpoint.json")
    newest = max((p.parent.name for p in found), default="")
    rows = [row["epoch"] for row in _rows(folder / "history.csv")]
    twice = "" if len(rows) == len(set(rows)) else f"history has epochs {rows}"
    return {"newest": newest, "twice": twice}


def _training(folder: Path) -> State:
    import h5py

    found: State = {"epochs": repr([r["epoch"] for r in _rows(folder / "history.csv")])}
    for path in sorted((folder / "model").glob("*.h5")):
        with h5py.File(path) as file:
            found[path.name] = hashlib.sha256(b"".join(_values(file))).hexdigest()
    return found


def _values(group: Any) -> Iterator[bytes]:
    for name in sorted(group):
        item = group[name]
        if hasattr(item, "shape"):
            yield item[()].tobytes()
        else:
            yield from _values(item)


def _swaps(folder: Path) -> State:
    import numpy as np

    from deepface_models.media import media_kind, read_image, read_video
    from deepface_models.provenance import verify

    found = {}
    for name in _files(folder):
        path = folder / name
        if path.suffix in (".json", ".jsonl"):
            continue
        images = [read_image(path)] if media_kind(path) == "image" else None
        images = images or [frame.image for frame in read_video(path)]
        digest = hashlib.sha256(np.stack(images).tobytes()).hexdigest()
        found[name] = f"{digest} {verify(path).state}"
    return found


FINISHED: dict[str, Callable[[Path], State]] = {
    "extract": _saved,
    "train": _epochs,
    "convert": lambda folder: _files(folder, "*.[pm]*"),
    "fetch": _files,
}
RESULTS: dict[str, Callable[[Path], State]] = {
    **{"extract": _table, "train": _training, "convert": _swaps, "fetch": _files},
}


def _lost(before: State, after: State) -> str:
    """Says what was finished and is no more, or is another now."""
    if "newest" in after:  # epochs may go on, never back
        back = before.get("newest", "") > after["newest"]
        return f"{before['newest']} was there" if back else after["twice"]
    return ", ".join(k for k, v in before.items() if after.get(k) != v)[:300]


def _differing(expected: State, found: State) -> list[str]:
    keys = sorted({*expected, *found})
    return [f"{k} differs" for k in keys if expected.get(k) != found.get(k)][:5]


def _left(output: Path) -> list[str]:
    """Returns temporary files that nobody swept."""
    inside = output.rglob(".*") if output.is_dir() else ()
    beside = output.parent.glob(f".{output.name}*")
    return [
        f"left {p.name}" for p in [*inside, *beside] if not p.name.endswith(".lock")
    ]


@contextmanager
def _served(work: Path) -> Iterator[dict[str, str]]:
    """Serves a preset slowly, makes the folder to convert; yields variables."""
    jobs, source = work / "jobs", work / "materials" / "source"
    jobs.mkdir(exist_ok=True)
    if not source.exists():
        source.mkdir()
        for name in ("frame.png", "frame.jpg", "alpha.png"):
            shutil.copy(work / "materials" / "image" / name, source)
        shutil.copy(work / "materials" / "video" / "clip.mp4", source)

    class Slow(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            preset = work / "materials" / "preset" / "dense"
            super().__init__(*args, directory=str(preset))

        def copyfile(self, source: Any, outputfile: Any) -> None:
            while block := source.read(2048):
                outputfile.write(block)
                time.sleep(0.02)

        def log_message(self, *args: Any) -> None:
            pass

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:  # whom it served was killed
                self.close_connection = True

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("fetch.whole", "fetch.killed"):
        (jobs / name).with_suffix(".address").write_text(address, "utf-8")
    try:
        yield {
            **os.environ,
            "PYTHONPATH": str(HERE.parent),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            # Threads that share a sum round it differently from run to run.
            **dict.fromkeys(_THREADS, "1"),
        }
    finally:
        server.shutdown()
        server.server_close()

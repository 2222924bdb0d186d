"""For `faults.py`: damaged files, read in separate processes. Linux."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import fault_mutations as mutations

HERE = Path(__file__).resolve().parent
KINDS = ("image", "video", "faceset", "preset", "parts", "keras", "checkpoint")
SINGLE = ("image", "video", "keras")  # one file a case, of several
PATIENCE = 30.0  # seconds
MOST = 2048.0  # MiB above what the process held before
_IMPORTS = 300.0  # seconds, on a busy machine
_STOP = 6 * 1024.0  # MiB at which a process is ended, for the machine's sake


@dataclass
class Outcome:
    """What came of one case."""

    kind: str
    case: int
    outcome: str
    fault: str
    error: str = ""
    grown: float = 0.0
    seconds: float = 0.0


@dataclass
class Arena:
    """A folder around each case, with files that nobody may touch."""

    root: Path
    kept: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Empties it and puts the files there."""
        self.root.mkdir(exist_ok=True)
        release(self.root)
        for path in self.root.iterdir():
            if path.name == "cwd":  # a process is in it
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name in ("victim", "cwd", "tmp", "home", "out"):
            (self.root / name).mkdir(exist_ok=True)
        for name in ("victim/kept.png", "victim/kept.txt", "cwd/kept.csv", "kept.json"):
            (self.root / name).write_text("nobody may touch this", "utf-8")

    def look(self, changeable: tuple[str, ...]) -> dict[str, tuple[int, int, int]]:
        """Returns what lies where nothing may change: inode, size and time."""
        found = {}
        for path in self.root.rglob("*"):
            name = str(path.relative_to(self.root))
            if name.split("/")[0] not in ("tmp", "out", *changeable):
                stat = path.lstat()
                size, time_ = stat.st_size, stat.st_mtime_ns
                folder = path.is_dir() and not path.is_symlink()
                found[name] = (stat.st_ino, *((0, 0) if folder else (size, time_)))
        return found


def release(folder: Path) -> None:
    """Makes what was made unreadable deletable."""
    for path in folder.rglob("*"):
        if not path.is_symlink() and not path.is_fifo():
            path.chmod(0o755)


class Child:
    """A warm process that reads damaged files, started anew when it has died."""

    def __init__(self, arena: Path) -> None:
        self.arena = arena
        self._process: subprocess.Popen[bytes] | None = None
        self._warm: set[str] = set()  # kinds that it has read something whole of

    def ask(self, task: dict[str, str], patience: float = PATIENCE) -> dict[str, Any]:
        """Returns the answer of a process, or how it ended without one."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101
        process.stdin.write(json.dumps(task).encode() + b"\n")
        process.stdin.flush()
        start, grown = time.perf_counter(), 0.0
        before = _resident(process.pid)
        while time.perf_counter() - start < patience:
            if select.select([process.stdout], [], [], 0.1)[0]:
                answer = process.stdout.readline()
                if answer:
                    return dict(json.loads(answer))
                self._process, self._warm = None, set()
                status = process.wait()
                how = f"by {signal.Signals(-status).name}" if status < 0 else ""
                return {"outcome": "undocumented", "error": f"the process died {how}"}
            grown = max(grown, _resident(process.pid) - before)
            if grown > _STOP:
                self.close()
                return {"outcome": "memory", "error": "ended", "grown": grown}
        self.close()
        return {"outcome": "hang", "error": "", "grown": grown, "seconds": patience}

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process, self._warm = None, set()

    def warm(self, kind: str, material: Path) -> None:
        """Has it import and read something whole, which costs no case its time."""
        task = {"kind": kind, "input": str(material), "output": str(self.arena / "out")}
        answer = self.ask(task, _IMPORTS)
        if answer.get("outcome") != "ok":
            raise SystemExit(f"a whole {kind} cannot be read: {answer.get('error')}")
        self._warm.add(kind)

    def is_warm(self, kind: str) -> bool:
        """Whether the process has imported what reads this kind."""
        return kind in self._warm

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            for name in ("cwd", "tmp", "home"):
                (self.arena / name).mkdir(parents=True, exist_ok=True)
            home = self.arena / "home"
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "fault_child.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self.arena / "cwd",
                env={
                    **os.environ,
                    "PYTHONPATH": str(HERE.parent),
                    "HOME": str(home),
                    "DEEPFACE_MODELS_HOME": str(self.arena.parent / "state"),
                    "TMPDIR": str(self.arena / "tmp"),
                    "TF_CPP_MIN_LOG_LEVEL": "3",
                },
            )
        return self._process


def _resident(process: int) -> float:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text("utf-8").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def draw(seed: int, kind: str, case: int, material: Path, arena: Arena) -> str:
    """Puts a damaged copy of a material into the arena; returns what was done."""
    random = Random(f"{seed}/{kind}/{case}")
    arena.prepare()
    folder = arena.root / "input"
    choices = sorted(p for p in material.iterdir() if not p.name.startswith("."))
    chosen = random.choice(choices)
    mutations.copy(chosen, folder)
    fault = mutations.mutate(random, folder, arena.root / "victim" / "kept.png")
    if kind in ("preset", "parts") and random.random() < 0.7:
        fault += f"; {mutations.reseal(random, folder)}"
    return f"{chosen.name}: {fault}"


def read(seed: int, kind: str, case: int, work: Path, child: Child) -> Outcome:
    """Runs one case."""
    arena = Arena(child.arena)
    material = work / "materials" / ("faces" if kind == "faceset" else kind)
    if not child.is_warm(kind):
        _warm(kind, material, arena, child)
    fault = draw(seed, kind, case, material, arena)
    if kind == "faceset":
        shutil.copy(work / "materials" / "image" / "frame.png", arena.root / "more.png")
    changeable = ("input",) if kind in ("faceset", "checkpoint") else ()
    before = arena.look(changeable)
    task = {"kind": kind, "input": str(arena.root / "input")}
    answer = child.ask({**task, "output": str(arena.root / "out")})
    outcome = answer["outcome"]
    if outcome != "hang" and arena.look(changeable) != before:
        outcome = "touched"
        changed = set(before.items()) ^ set(arena.look(changeable).items())
        answer["error"] = f"touched {sorted({name for name, _ in changed})[:5]}"
    elif answer.get("grown", 0.0) > MOST and outcome != "hang":
        outcome = "memory"
    rest = {k: answer[k] for k in ("error", "grown", "seconds") if k in answer}
    return Outcome(kind, case, outcome, fault, **rest)


def _warm(kind: str, material: Path, arena: Arena, child: Child) -> None:
    arena.prepare()
    first = sorted(material.iterdir())[0]
    mutations.copy(first, arena.root / "input")
    frame = material.parent / "image" / "frame.png"
    shutil.copy(frame, arena.root / "more.png")
    child.warm(kind, arena.root / "input")

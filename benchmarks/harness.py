"""What the benchmarks share: options, timing in turns, memory, processes, tables.

Prints nothing. It imports no Keras by itself, and keeps TensorFlow's messages away.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PACKAGE = ROOT / "deepface_models"
DATA = ROOT.parent / "shared" / "data"


# Options


def options(doc: str, *, data: bool = False, output: str | Path = "") -> Any:
    """A parser that shows a script's first line, with --data and --output if asked."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    if data:
        parser.add_argument("--data", type=Path, default=DATA, help="shared/data")
    if output:
        parser.add_argument("--output", type=Path, default=Path(output))
    return parser


def digits_options(doc: str, epochs: int) -> Any:
    """A parser of what trains on digits or clothes."""
    parser = options(doc)
    parser.add_argument("--data", choices=("fashion", "mnist", "digits"), required=True)
    parser.add_argument("--folder", help="of the IDX files; downloaded if left out")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--limit", type=int, help="images to train on; 1/4 to test")
    parser.add_argument("--seed", type=int, default=0)
    return parser


# Measuring


def in_turns(
    calls: Mapping[str, Callable[[], Any]],
    rounds: int,
    untimed: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Seconds of each call in each round, after some rounds that are not timed."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + untimed):
        for name, call in calls.items():
            start = clock()
            call()
            if number >= untimed:
                seconds[name].append(clock() - start)
    return seconds


def processor() -> float:
    """Seconds of processor time of this process and its finished helpers."""
    return sum(os.times()[:4])


def peak_memory() -> int:
    """Bytes of the most memory that this process has had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def resident(key: str) -> int:
    """Bytes of resident memory: now (VmRSS) or at its peak (VmHWM). Linux."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next(one for one in lines if one.startswith(key)).split()[1])


def forget_peak() -> int:
    """Sets the peak of `resident` back; returns the memory held now. Linux."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return resident("VmRSS")


def apart(script: str, *words: Any) -> tuple[int, str]:
    """Runs a script in a process of its own; its status and last line printed."""
    command = [sys.executable, script, *map(str, words)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False
    )
    return done.returncode, (done.stdout.splitlines() or [""])[-1]


# Faces of people, and their swaps


def faces_of(
    folder: Path,
    clips: Path | None = None,
    people: Sequence[str] | None = None,
    most: int | None = None,
    **aligner: Any,
) -> dict[str, Any]:
    """Each person's faces at 128 px, kept in `folder`; by default of the demo."""
    import deepface_models as dfm
    from deepface_models.demo import CLIPS, PEOPLE

    finder, found = dfm.FaceAligner(image_size=128, **aligner), {}
    for name in people or PEOPLE:
        files = sorted(p for p in ((clips or CLIPS) / name).iterdir() if p.is_file())
        found[name] = finder.extract(files[:most], folder / name)
    return found


def both_ways(
    people: Sequence[str],
    model_for: Callable[[str], Any],
    split: Mapping[str, tuple[Any, Any]],
    **more: Any,
) -> Iterator[tuple[str, str, Any]]:
    """Evaluates swaps of held-out faces; `model_for` gets the source person's name.

    Yields the direction, the source person and the `Evaluation`.
    """
    import deepface_models as dfm

    for source, target in (tuple(people), tuple(people)[::-1]):
        given = {"target_faces": split[target][0], "source_faces": split[source][0]}
        model, held_out = model_for(source), split[source][1]
        found = dfm.evaluate(
            model, held_out, identity=target, progress=False, **given, **more
        )
        yield f"{source} as {target}", source, found


# Results


def setting() -> str:
    """The backend and the machine."""
    import keras

    return (
        f"{keras.backend.backend()}, keras {keras.__version__}, {os.cpu_count()} CPU "
        f"cores, {platform.machine()}"
    )


def kept(path: Path) -> dict[str, Any]:
    """Results that an earlier run has written."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def keep(path: Path | None, found: Any) -> None:
    """Writes results as JSON, if there is a place for them."""
    from deepface_models.core.files import write_json

    if path is not None:
        write_json(path, found)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; all columns but the first are aligned to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *rows])


def between(path: Path, name: str) -> str:
    """The text between a page's markers."""
    text = path.read_text(encoding="utf-8")
    return text.split(f"<!-- {name}: begin -->\n")[1].split(f"<!-- {name}: end -->")[0]


def replace_between(path: Path, name: str, new: str) -> None:
    """Replaces the text between a page's markers."""
    old = between(path, name)
    marks = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    text = path.read_text(encoding="utf-8").replace(
        old.join(marks), f"{new}\n".join(marks)
    )
    path.write_text(text, encoding="utf-8")

"""Prints how fast fleets of clips are: one worker against two, of one core each.

    python benchmarks/fleet.py [--clips 12] [--kinds convert extract] [--write]

The demo's clips of speaker s1 are copied until there are enough of them. Each engine
works on them with one worker and with two, each bound to a core of its own, from the
call to its end: loading Python, the model and dlib counts. Ray's cluster is started
before, on this machine; without Ray only the local engine is measured. The second
table is computed from the seconds of a clip, the start, and the bytes of a row.
`--write` puts both tables into docs/fleet.md. Other work on the machine disturbs it.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness

import deepface_models as dfm
from deepface_models.demo import CLIPS

CONSENT = "The speakers are volunteers of the GRID corpus"
MODEL = "swap_demo"
HEAD = ("work", "engine", "workers", "seconds", "s a clip", "start, s", "times one")
COST = ("clips", "core hours", "1 worker", "16 workers", "256 workers", "table, MB")
FLEETS = (10, 1_000, 100_000)
MISSING = 1_000  # clips that are not there, to time what the engine itself takes
LEAST = 1.7
PAGE = harness.DOCS / "fleet.md"


def copies(folder: Path, count: int) -> list[Path]:
    """Clips of three seconds, each a file of its own."""
    folder.mkdir()
    made = []
    for number, clip in zip(
        range(count), itertools.cycle(sorted((CLIPS / "s1").glob("*.mpg")))
    ):
        made.append(folder / f"{number:03}_{clip.name}")
        shutil.copyfile(clip, made[-1])
    return made


def work(kind: str, sources: Any, output: Path, **crew: Any) -> Any:
    """Runs a fleet; returns its report and the seconds that it took."""
    begun = time.perf_counter()
    if kind == "extract":
        report = dfm.fleet.extract(sources, output, progress=False, **crew)
    else:
        person = dfm.load(MODEL, load_weights=False).identities[0]
        begun = time.perf_counter()
        who = {"identity": person, "consent": CONSENT, "progress": False}
        report = dfm.fleet.convert(sources, output, MODEL, **who, **crew)
    return report, time.perf_counter() - begun


def measured(kind: str, sources: list[Path], folder: Path) -> Iterator[dict[str, Any]]:
    """Yields what each engine took with one worker and with two."""
    for engine in engines():
        alone = None
        for workers in (1, 2):
            output = folder / f"{kind}-{engine}-{workers}"
            crew = {"engine": engine, "workers": workers, "cpus": 1}
            report, seconds = work(kind, sources, output, **crew)
            if len(report.outputs) != len(sources):
                raise SystemExit(report.summary())
            busy: dict[str, float] = defaultdict(float)
            for row in report.rows:
                busy[row["worker"]] += row["seconds"]
            alone = alone or seconds
            yield {
                "kind": kind,
                "engine": engine,
                "workers": workers,
                "seconds": seconds,
                "clip": sum(busy.values()) / len(sources),
                "start": seconds - max(busy.values()),
                "ratio": alone / seconds,
                "row": Path(report.table).stat().st_size / len(sources),
            }


def engines() -> list[str]:
    """The engines that can be measured here."""
    return ["local", *(["ray"] if importlib.util.find_spec("ray") else [])]


def overhead(engine: str, folder: Path) -> float:
    """Seconds that an engine takes for a clip, besides the work, in milliseconds."""
    output = folder / f"missing-{engine}"
    crew = {"engine": engine, "workers": 1, "cpus": 1}
    one = work("extract", [folder / "none.mp4"], output, **crew)[1]
    missing = [folder / f"none-{number}.mp4" for number in range(MISSING)]
    return (work("extract", missing, output, **crew)[1] - one) / MISSING * 1000


def cost(found: dict[str, Any]) -> list[list[str]]:
    """What fleets of several sizes take, by the seconds of a clip and of the start."""
    rows = []
    for count in FLEETS:
        hours = count * found["clip"] / 3600
        spans = [
            duration(found["start"] + -(-count // workers) * found["clip"])
            for workers in (1, 16, 256)
        ]
        size = count * found["row"] / 1e6
        rows.append([f"{count:,}", f"{hours:,.2f}", *spans, f"{size:.3g}"])
    return rows


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"


def line(one: dict[str, Any]) -> list[str]:
    numbers = [f"{one[name]:.1f}" for name in ("seconds", "clip", "start")]
    ratio = f"{one['ratio']:.2f}"
    return [one["kind"], one["engine"], str(one["workers"]), *numbers, ratio]


def main() -> int:
    parser = harness.options(__doc__)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument(
        "--kinds", nargs="+", default=["convert"], choices=("convert", "extract")
    )
    parser.add_argument("--write", action="store_true", help="into docs/fleet.md")
    args = parser.parse_args()
    if "ray" in engines():
        import ray

        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sources = copies(folder / "clips", args.clips)
        found = [one for k in args.kinds for one in measured(k, sources, folder)]
        spent = ", ".join(f"{e} {overhead(e, folder):.1f}" for e in engines())
    about = (
        f"{os.cpu_count()} cores, load {os.getloadavg()[2]:.1f}, {args.clips} clips of "
        f"75 frames; ms of the engine for a clip: {spent}"
    )
    speed = f"{about}\n\n{harness.markdown(HEAD, map(line, found))}"
    # One worker of the last engine, for the first kind of work.
    alone = [o for o in found if o["workers"] == 1 and o["kind"] == args.kinds[0]][-1]
    growth = harness.markdown(COST, cost(alone))
    print(f"{speed}\n\n{growth}")
    if args.write:
        harness.replace_between(PAGE, "speed", speed)
        harness.replace_between(PAGE, "cost", growth)
    slow = [one for one in found if one["workers"] == 2 and one["ratio"] < LEAST]
    for one in slow:
        print(f"{one['kind']}, {one['engine']}: {one['ratio']:.2f} is below {LEAST}")
    return bool(slow)


if __name__ == "__main__":
    raise SystemExit(main())

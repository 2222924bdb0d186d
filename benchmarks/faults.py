"""A fuzz test of damaged files and killed jobs; prints a table of outcomes. Linux.

    python benchmarks/faults.py --seconds 600
    python benchmarks/faults.py --seed 7 --only keras --case 31   # one case again

Files of each kind are damaged at random from a seed (flipped bytes, truncation, changed
fields in JSON and CSV, changed paths, huge declared sizes, deep JSON, text that is not
UTF-8) and given to the functions that read them, in a process that is restarted when it
has died. `extract`, `train`, `convert` and `fetch` are killed with SIGKILL at random
moments and run again.

| column | means |
|---|---|
| ok | read, or the same result as without a kill |
| documented | an error class of the package, or a plain one that its code raises |
| undocumented | any other exception, or the process died |
| hang | no answer within 30 s |
| memory | peak resident memory (VmHWM, set back before each case) more than 2 GiB |
|   | above what the warm process held before the case |
| touched | a file outside of the output was made, changed or deleted |
| loss | a finished result was lost, or differs from that of an uninterrupted run; |
|   | faces are finished once the saved progress counts them, 2 s later at most |
| left | temporary files of a killed run remained after the last run |

Exit status 1 if any column but the first two is not 0; each such case is written to
`faults.jsonl` with its seed, its fault and the end of the traceback.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import fault_kills as kills
import fault_reads as reads
from fault_reads import HERE, Outcome

GOOD = ("ok", "documented")
COLUMNS = (*GOOD, "undocumented", "hang", "memory", "touched", "loss", "left")
_READING = 0.5  # of the time, if jobs are killed too


def parse() -> argparse.Namespace:
    """Returns the command line's options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--seconds", type=float, default=600, help="for all kinds together")
    option("--seed", type=int, default=0)
    option("--only", nargs="+", choices=(*reads.KINDS, *kills.JOBS), help="these kinds")
    option("--case", type=int, help="only this case of the one kind in --only")
    option("--work", type=Path, help="keep what was made here (default: temporary)")
    option("--report", type=Path, default=Path("faults.jsonl"))
    return parser.parse_args()


def materials(work: Path) -> None:
    """Makes the whole files once."""
    target = work / "materials"
    if target.exists():
        return
    print("Making the whole files ...", flush=True)
    new = work / "materials.new"
    env = {"PYTHONPATH": str(HERE.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    env |= {"DEEPFACE_MODELS_HOME": str(work / "state")}
    subprocess.run(
        [sys.executable, str(HERE / "fault_materials.py"), str(new)],
        check=True,
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
    )
    new.rename(target)


def campaign(options: argparse.Namespace, work: Path) -> Iterator[Outcome]:
    """Yields what came of case after case until the time is over."""
    target_faces = options.only or (*reads.KINDS, *kills.JOBS)
    read = [kind for kind in target_faces if kind in reads.KINDS]
    jobs = [job for job in target_faces if job in kills.JOBS]
    share = (_READING if jobs else 1.0) if read else 0.0
    child = reads.Child(work / "arena")
    for kind in read:
        until = time.monotonic() + share * options.seconds / len(read)
        cases = itertools.count() if options.case is None else [options.case]
        for case in cases:
            if time.monotonic() > until:
                break
            yield reads.read(options.seed, kind, case, work, child)
    child.close()
    for job in jobs:
        seconds = (1 - share) * options.seconds / len(jobs)
        yield from kills.campaign(job, options.seed, seconds, work)


def table(outcomes: Counter[tuple[str, str]]) -> str:
    """Returns the outcomes by kind as text."""
    kinds = list(dict.fromkeys(kind for kind, _ in outcomes))
    lines = [f"{'kind':<11}" + "".join(f"{name:>14}" for name in COLUMNS)]
    for kind in kinds:
        counts = (f"{outcomes[kind, name]:>14}" for name in COLUMNS)
        lines.append(f"{kind:<11}" + "".join(counts))
    total = (sum(outcomes[k, name] for k in kinds) for name in COLUMNS)
    return "\n".join([*lines, f"{'all':<11}" + "".join(f"{n:>14}" for n in total)])


@contextmanager
def workplace(options: argparse.Namespace) -> Iterator[Path]:
    """Yields the folder to work in."""
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
        yield options.work.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


def main() -> int:
    """Runs the campaign."""
    options = parse()
    outcomes: Counter[tuple[str, str]] = Counter()
    report = options.report.resolve()
    report.unlink(missing_ok=True)
    with workplace(options) as work:
        materials(work)
        for found in campaign(options, work):
            outcomes[found.kind, found.outcome] += 1
            if found.outcome in GOOD and options.case is None:
                continue
            line = {"seed": options.seed, **asdict(found)}
            with open(report, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            print(
                f"{found.kind} {found.case}: {found.outcome}: {found.fault}\n"
                f"{found.error}",
                flush=True,
            )
    print(f"\nseed {options.seed}, {options.seconds:.0f} s\n\n{table(outcomes)}")
    return int(any(name not in GOOD for _, name in outcomes))


if __name__ == "__main__":
    sys.exit(main())

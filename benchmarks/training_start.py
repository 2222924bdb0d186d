"""Seconds from the start of Python to the first step, and how busy the cores are.

    python benchmarks/training_start.py

prints a table. Each row is a process of its own, which does what `train` does: it opens
two sets of faces from clips of the package, builds and compiles a model, and calls
`fit` with `SwapPairs`. "Start" is the processor time until the first step ended, and
the seconds; with other work on the machine, seconds are more. "Cores" is the processor
time of later steps in their seconds; "waits" is the share of a step in which the
network waits for a batch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BEGUN = time.time()
CLIPS = Path("s1") / "bbaf2n.mpg", Path("mb") / "sbia1a.mpg"
MODELS = (("swift", 64), ("swift", 128), ("original", 64))


def one(architecture: str, size: int, folder: Path, steps: int) -> dict[str, float]:
    """Trains in this process and returns what was measured."""
    import harness
    import keras

    from deepface_models.data import SwapPairs
    from deepface_models.faces import FaceSet
    from deepface_models.training import build

    imported = time.time() - BEGUN

    class Clock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.ends: list[tuple[float, float]] = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.ends.append((time.time(), harness.processor()))

    class Timed(SwapPairs):
        waited = 0.0

        def __getitem__(self, index: int) -> Any:
            begun = time.thread_time()
            made = super().__getitem__(index)
            Timed.waited += time.thread_time() - begun
            return made

    clock = Clock()
    sets = {name: FaceSet.open(folder / name) for name in ("ana", "ben")}
    keras.utils.set_random_seed(0)
    model = build(architecture, tuple(sets), size)
    model.compile()
    pairs = Timed(sets, 8, image_size=size, steps=steps)
    model.fit(pairs, epochs=1, verbose=0, callbacks=[clock])
    (first, used), later = clock.ends[0], clock.ends[5:]
    seconds = later[-1][0] - later[0][0]
    busy = later[-1][1] - later[0][1]
    count = len(later) - 1
    return {
        "import": imported,
        "first": first - BEGUN,
        "first_cpu": used,
        "step": seconds / count,
        "cores": busy / seconds,
        "batch": Timed.waited / len(clock.ends),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        architecture, size, folder = options.one
        found = one(architecture, int(size), Path(folder), options.steps)
        print(json.dumps(found))
        return
    import harness

    from deepface_models.faces import FaceAligner

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, clip in zip(("ana", "ben"), CLIPS, strict=True):
            source = harness.PACKAGE / "demo" / "clips" / clip
            FaceAligner(128).extract(source, Path(folder) / name, progress=False)
        for architecture, size in MODELS:
            words = [sys.executable, __file__, "--steps", str(options.steps)]
            words += ["--one", architecture, str(size), folder]
            done = subprocess.run(
                words, capture_output=True, encoding="utf-8", check=True
            )
            found = json.loads(done.stdout.splitlines()[-1])
            print(architecture, size, found, file=sys.stderr, flush=True)
            cells = [f"{found['import']:.1f}", f"{found['first']:.1f}"]
            cells += [f"{found['first_cpu']:.1f}", f"{1000 * found['step']:.0f}"]
            cells += [f"{1000 * found['batch']:.0f}", f"{found['cores']:.2f}"]
            rows.append([f"{architecture} {size}", *cells])
    head = ("model", "import s", "first step s", "first step CPU s", "step ms")
    load = os.getloadavg()[0]
    print(harness.markdown((*head, "batch CPU ms", "cores"), rows))
    print(f"\nLoad of the machine: {load:.1f}")


if __name__ == "__main__":
    main()

"""Estimates of `estimate_memory`, compared with the memory of a training. Linux.

    python benchmarks/memory.py
    KERAS_BACKEND=torch python benchmarks/memory.py

One process for each model and batch: the largest growth of its resident memory during
two steps, without the batch itself. float32, with the default `compile()` settings.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from deepface_models.callbacks import estimate_memory
from deepface_models.models import swap

CASES = (("Swift", 128, 32), ("Swift", 128, 64), ("Original", 64, 32))


def resident(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith(key))
    return int(line.split()[1]) * 1024


def measure(name: str, size: int, batch: int) -> str:
    people = ("a", "b")
    model = getattr(swap, name)(people, image_size=size)
    model.compile()
    rng = np.random.default_rng(0)
    x, y = (
        {n: rng.random((batch, size, size, depth), dtype="float32") for n in people}
        for depth in (3, 5)
    )
    estimate = estimate_memory(model, batch, (x, y))
    # The highest so far is forgotten.
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before = resident("VmRSS")
    for _ in range(2):
        model.train_on_batch(x, y)
    needed = (estimate.needed - estimate.batches) / 1e9
    growth = (resident("VmHWM") - before) / 1e9
    title = f"{name} {size} px, {batch}"
    backend = keras.backend.backend()
    return (
        f"| {title} | {backend} | {needed:.2f} | {growth:.2f} | {needed / growth:.2f} |"
    )


def main() -> None:
    if len(sys.argv) > 1:
        name, size, batch = sys.argv[1:]
        print(measure(name, int(size), int(batch)))
        return
    print("| faces of each person | backend | estimate, GB | growth, GB | ratio |")
    print("|---|---|---:|---:|---:|", flush=True)
    for case in CASES:
        subprocess.run([sys.executable, __file__, *map(str, case)], check=True)


if __name__ == "__main__":
    main()

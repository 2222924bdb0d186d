"""Estimates of `estimate_memory`, compared with the memory of a training. Linux.

    python benchmarks/memory.py
    KERAS_BACKEND=torch python benchmarks/memory.py

prints a table.

One process for each model and batch: the largest growth of its resident memory during
two steps, without the batch itself. float32, with the default `compile()` settings.
"""

from __future__ import annotations

import json
import sys

import harness
import keras
import numpy as np

from deepface_models.callbacks import estimate_memory
from deepface_models.models import swap

CASES = (("Swift", 128, 32), ("Swift", 128, 64), ("Original", 64, 32))


def measure(name: str, size: int, batch: int) -> list[str]:
    people = ("a", "b")
    model = getattr(swap, name)(people, image_size=size)
    model.compile()
    rng = np.random.default_rng(0)
    x, y = (
        {n: rng.random((batch, size, size, depth), dtype="float32") for n in people}
        for depth in (3, 5)
    )
    estimate = estimate_memory(model, batch, (x, y))
    before = harness.forget_peak()
    for _ in range(2):
        model.train_on_batch(x, y)
    needed = (estimate.needed - estimate.batches) / 1e9
    growth = (harness.resident("VmHWM") - before) / 1e9
    title = f"{name} {size} px, {batch}"
    values = [f"{value:.2f}" for value in (needed, growth, needed / growth)]
    return [title, keras.backend.backend(), *values]


def main() -> None:
    if len(sys.argv) > 1:
        name, size, batch = sys.argv[1:]
        print(json.dumps(measure(name, int(size), int(batch))))
        return
    head = ("faces of each person", "backend", "estimate, GB", "growth, GB", "ratio")
    rows = [json.loads(harness.apart(__file__, *case)[1]) for case in CASES]
    print(harness.markdown(head, rows))


if __name__ == "__main__":
    main()

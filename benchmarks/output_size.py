"""Prints the speed of Swift with larger images, compared with the input's size.

    python benchmarks/output_size.py

Models with images of 128, 256 and 384 px, which all take faces of 128 px, train one
step and decode one batch in turns. CPU time is measured, of all threads together, so
that other load of the machine matters little; ratios are medians over the rounds, of
two times measured one after the other.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import harness
import numpy as np

from deepface_models.models.swap import Swift

NAMES = ("ana", "ben")
SIZES = (128, 256, 384)
MOST = 2.5  # times the seconds of images of 128 px that decoding may take


def tasks(size: int, batch: int) -> dict[str, Callable[[], Any]]:
    """Returns a training step and the decoding of a batch, both compiled."""
    model = Swift(NAMES, output_size=size, adapted_latent_size=128)
    model.compile()
    rng = np.random.default_rng(0)
    x = {n: rng.random((batch, 128, 128, 3), "float32") for n in NAMES}
    y = {n: rng.random((batch, size, size, 5), "float32") for n in NAMES}
    images = np.concatenate([x[name] for name in NAMES])
    return {
        "step": lambda: model.train_on_batch(x, y),
        "predict": lambda: model.predict(images, identity="ben", source_identity="ana"),
    }


def measure(batch: int, rounds: int) -> dict[str, list[float]]:
    """Returns CPU seconds of each task in each round."""
    calls = {
        f"{name} {size}": task
        for size in SIZES
        for name, task in tasks(size, batch).items()
    }
    return harness.in_turns(calls, rounds)


def main() -> None:
    """Prints the table."""
    parser = harness.options(__doc__)
    parser.add_argument("--batch", type=int, default=8, help="faces of each person")
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    times = measure(args.batch, args.rounds)
    print(f"{harness.setting()}; {args.rounds} rounds of {2 * args.batch} faces\n")
    rows = []
    for size in SIZES:
        cells = [f"{size} px"]
        for name in ("step", "predict"):
            own, base = times[f"{name} {size}"], times[f"{name} {SIZES[0]}"]
            ratio = statistics.median(a / b for a, b in zip(own, base, strict=True))
            cells += [f"{1000 * statistics.median(own):.0f}", f"{ratio:.2f}"]
        rows.append(cells)
    head = ("images", "training step, CPU ms", "ratio", "predict", "ratio")
    print(harness.markdown(head, rows))
    if float(rows[1][-1]) > MOST:
        print(f"\nDecoding 256 px takes more than {MOST} times as long as 128 px.")


if __name__ == "__main__":
    main()

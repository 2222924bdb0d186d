"""Prints how far training on several devices differs from one, and what it costs.

    python benchmarks/distribution.py [--steps 10] [--write]

Swift (64 px, batches of 16 faces of each of two people) takes steps of SGD on virtual
CPU devices, and on JAX in two processes connected by `keras.distribution.initialize`.
"Apart" is the largest difference of a weight's first step, relative to the largest.
Virtual devices share the machine's cores, so that CPU seconds a step tell what dividing
a batch costs, not what further accelerators bring. `--write` puts both tables into
docs/distribute.md.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import numpy as np

PAGE = harness.DOCS / "distribute.md"
# Backend, devices, processes.
CASES = (
    ("tensorflow", 1, 1),
    ("tensorflow", 2, 1),
    ("jax", 1, 1),
    ("jax", 2, 1),
    ("jax", 2, 2),
)
HEAD = ("backend", "devices", "processes", "apart", "CPU seconds a step", "steps/s")
MODELS = {
    "Swift, 128 px": {"architecture": "swift", "image_size": 128},
    "Swift, 128 to 256 px": {"architecture": "swift", "output_size": 256},
    "Original, 64 px": {"architecture": "original"},
    "SAEHD, 128 px": {"architecture": "saehd"},
}
FASTEST = {"NVLink, 300 GB/s": 300e9, "100 Gbit/s network": 12.5e9}
BATCH, SIZE, PEOPLE = 16, 64, ("ana", "ben")


def child(devices: int, processes: int, steps: int, folder: str) -> None:
    """One process: trains, and prints its speed."""
    if os.environ["KERAS_BACKEND"] == "tensorflow":
        import tensorflow as tf

        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * devices,
        )
    import keras

    from deepface_models.models.swap import Swift
    from deepface_models.training.devices import find_devices

    class Repeated(keras.utils.PyDataset):
        """The same batch a number of times."""

        def __init__(self, faces: dict[str, Any], count: int) -> None:
            super().__init__()
            self.faces, self.count = faces, count

        def __len__(self) -> int:
            return self.count

        def __getitem__(self, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
            return self.faces, self.faces

    together = find_devices("all")
    with together.scope():
        keras.utils.set_random_seed(0)
        model = Swift(PEOPLE, image_size=SIZE)
        model.compile(keras.optimizers.SGD(1e-3))
    rng = np.random.default_rng(0)
    faces = {n: rng.random((BATCH, SIZE, SIZE, 3), dtype="float32") for n in PEOPLE}
    model.adapt(faces, faces)
    part = BATCH // processes
    rows = slice(together.process * part, (together.process + 1) * part)
    mine = {name: images[rows] for name, images in faces.items()}
    before = [v.numpy() for v in model.trainable_variables]
    with together.running():
        # Of Keras alone, without latent means; only fit divides TensorFlow's batches.
        fit = functools.partial(keras.Model.fit, model, shuffle=False, verbose=0)
        fit(Repeated(mine, 1))
        after = [v.numpy() for v in model.trainable_variables]
        fit(Repeated(mine, 1))
        cpu, wall = time.process_time(), time.perf_counter()
        fit(Repeated(mine, steps))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if together.leads:
        moved = [b - a for a, b in zip(before, after, strict=True)]
        np.savez(folder, **{str(i): one for i, one in enumerate(moved)})
    print(json.dumps({"cpu": cpu / steps, "rate": steps / wall}))


def measure(backend: str, devices: int, processes: int, steps: int, to: Path) -> Any:
    """Returns CPU seconds a step, of all processes, and steps a second."""
    own = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if backend == "jax":
        here = devices // processes
        own["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={here}"
    if processes > 1:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            own["KERAS_DISTRIBUTION_JOB_ADDRESSES"] = "{}:{}".format(*one.getsockname())
        own["KERAS_DISTRIBUTION_NUM_PROCESSES"] = str(processes)
    words = [sys.executable, __file__, "--child", devices, processes, steps, to]
    running = [
        subprocess.Popen(
            list(map(str, words)),
            env={**os.environ, **own, "KERAS_DISTRIBUTION_PROCESS_ID": str(number)},
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        for number in range(processes)
    ]
    said = [json.loads(one.communicate()[0].splitlines()[-1]) for one in running]
    return sum(one["cpu"] for one in said), min(one["rate"] for one in said)


def apart(one: Path, other: Path) -> float:
    """The largest difference of a step, relative to the largest step."""
    with np.load(one) as a, np.load(other) as b:
        largest = max(np.abs(a[name]).max() for name in a.files)
        return float(max(np.abs(a[n] - b[n]).max() for n in a.files) / largest)


def rows(steps: int) -> Iterator[list[str]]:
    """The rows of the table of measurements."""
    with tempfile.TemporaryDirectory() as scratch:
        for backend, devices, processes in CASES:
            file = Path(scratch) / f"{backend}-{devices}-{processes}.npz"
            cpu, rate = measure(backend, devices, processes, steps, file)
            difference = apart(Path(scratch) / f"{backend}-1-1.npz", file)
            shown = f"{difference:.1e}" if devices > 1 else ""
            yield [
                *(backend, str(devices), str(processes)),
                *(shown, f"{cpu:.2f}", f"{rate:.2f}"),
            ]


def on_paper() -> Iterator[list[str]]:
    """For each model its bytes of gradients, and the time to add them up."""
    from deepface_models.training import build

    for name, settings in MODELS.items():
        model = build(identities=PEOPLE, **settings)
        size = sum(int(np.prod(v.shape)) * 4 for v in model.trainable_variables)
        times = [
            f"{1e3 * 2 * (n - 1) / n * size / speed:.2f} ms"
            for speed in FASTEST.values()
            for n in (8, 64)
        ]
        yield [name, f"{size / 1e6:.1f} MB", *times]


def main() -> None:
    """Prints the tables."""
    if sys.argv[1:2] == ["--child"]:
        child(*map(int, sys.argv[2:5]), sys.argv[5])
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    widths = [f"{speed}, {n} devices" for speed in FASTEST for n in (8, 64)]
    paper = harness.markdown(["model", "gradients", *widths], on_paper())
    measured = harness.markdown(HEAD, rows(given.steps))
    print(paper, measured, harness.setting(), sep="\n")
    if given.write:
        harness.replace_between(PAGE, "paper", paper)
        harness.replace_between(PAGE, "speed", f"{harness.setting()}\n\n{measured}")


if __name__ == "__main__":
    main()

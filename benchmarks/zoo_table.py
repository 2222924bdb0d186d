"""The cost of every face-swap architecture at its published defaults, as a table.

    python benchmarks/zoo_table.py                      # the counts, in seconds
    python benchmarks/zoo_table.py --timed --steps 1    # and time and memory, an hour
    python benchmarks/zoo_table.py --timed --only Swift

writes the table to docs/zoo.md. Counts come from the networks without allocating
weights. Each timing runs in its own process, whose peak memory is that of the
architecture. Timings are kept in --output, so that an interrupted run can be resumed,
and earlier timings stay in the table.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import harness
import keras
import numpy as np
from keras.src.backend.common import global_state

from deepface_models.models import architectures, create

NAMES = ("ana", "ben")
DOCS = harness.DOCS / "zoo.md"
HEAD = (
    *("architecture", "input px", "output px", "parameters", "G MACs per face"),
    *("training, images/s", "inference, images/s"),
    *("inference, GB", "training, GB"),
)
COUNTED = 5  # columns before those that are timed
TOO_LARGE = 77  # how a process ends that needs more than --memory


def rows() -> dict[str, tuple[str, dict[str, Any]]]:
    """Architecture and arguments of each row, by its title."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, one in architectures("swap").items():
        title = one.model.__name__
        found[title] = (name, {})
        forms = one.forms.items()
        found |= {f"{title}, {form}": (name, dict(f.arguments)) for form, f in forms}
    return found


def build(title: str, names: Sequence[str] = NAMES, **more: Any) -> Any:
    name, arguments = rows()[title]
    return create(name, identities=names, **arguments, **more)


# Counting

Shape = tuple[int, ...]


def multiplications(op: str, shapes: list[Shape], out: Shape, words: Any) -> int:
    """MACs of one operation on one image; element-wise work is not counted."""
    if op in ("conv", "depthwise_conv"):
        return math.prod(out[1:-1]) * math.prod(shapes[1])
    if op == "separable_conv":
        return math.prod(out[1:-1]) * (math.prod(shapes[1]) + math.prod(shapes[2]))
    if op == "conv_transpose":
        return math.prod(shapes[0][1:-1]) * math.prod(shapes[1])
    if op in ("matmul", "dot"):
        return math.prod(out) * shapes[0][-1]
    if op == "dot_product_attention":  # (B, T, heads, depth) and (B, S, heads, depth)
        return 2 * math.prod(shapes[0]) * shapes[1][1]
    if op == "einsum" and "." not in words:
        letters = words.replace(" ", "").split("->")[0].split(",")
        sizes = [zip(a, b, strict=True) for a, b in zip(letters, shapes, strict=True)]
        return math.prod(dict(pair for one in sizes for pair in one).values())
    raise NotImplementedError(f"The MACs of {op} on {shapes} ({words}) are not known.")


@contextlib.contextmanager
def counting(found: list[int]) -> Iterator[None]:
    """Notes the MACs of what Keras' layers compute inside."""
    names = ("conv", "depthwise_conv", "separable_conv", "conv_transpose", "matmul")
    names += ("dot", "tensordot", "einsum", "dot_product_attention")
    places = [sys.modules["keras.src.ops"], keras.ops]  # of Keras' layers, of ours
    former = {name: getattr(keras.ops, name) for name in names}

    def noting(name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            out = former[name](*args, **kwargs)
            given = [*args, *kwargs.values()]
            shapes = [tuple(value.shape) for value in given if hasattr(value, "shape")]
            words = args[0] if name == "einsum" else None
            found.append(multiplications(name, shapes, tuple(out.shape), words))
            return out

        return call

    try:
        for place in places:
            for name in names:
                setattr(place, name, noting(name))
        yield
    finally:
        for place in places:
            for name in names:
                setattr(place, name, former[name])


def macs_of(model: keras.Model) -> int:
    """MACs of one forward pass of one image through a model of one input."""
    found: list[int] = []
    image = keras.Input(batch_shape=(1, *model.inputs[0].shape[1:]))
    with counting(found):
        # In a Lambda layer the model runs on tensors and not on shapes alone.
        keras.layers.Lambda(lambda x: model(x))(image)
    return sum(found)


def counts(title: str) -> dict[str, Any]:
    """Sizes, parameters, and MACs of rendering one face as each of two people."""
    with keras.StatelessScope(initialize_variables=False):
        model = build(title)
        each = [keras.Model(model.input[n], model.output[n]) for n in NAMES]
        found = {
            "in": model.image_size,
            "out": model.output_size,
            "parameters": sum(
                math.prod(w.shape) for w in model.weights if "float" in str(w.dtype)
            ),
            "macs": sorted({macs_of(one) for one in each}),
        }
    # Else the end of any later scope would give all these variables values.
    global_state.set_global_attribute("uninitialized_variables", [])
    return found


def counted_cells(title: str, found: dict[str, Any]) -> list[str]:
    macs = [f"{value / 1e9:#.3g}".rstrip(".") for value in found["macs"]]
    macs = " / ".join(dict.fromkeys(macs))
    return [
        *(title, str(found["in"]), str(found["out"])),
        *(f"{found['parameters']:,}", macs),
    ]


# Timing


class Same(keras.utils.PyDataset):
    """The same faces again and again."""

    def __init__(self, model: Any, batch: int) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        small, large = model.image_size, model.output_size
        self.x = {n: rng.random((batch, small, small, 3), "float32") for n in NAMES}
        self.y = {n: rng.random((batch, large, large, 5), "float32") for n in NAMES}

    def __len__(self) -> int:
        return 10_000

    def __getitem__(self, index: int) -> Any:
        return self.x, self.y


class Clock(keras.callbacks.Callback):
    """Times each step; stops after so many seconds, or so many steps."""

    def __init__(self, seconds: float, steps: int) -> None:
        super().__init__()
        self.seconds, self.steps, self.ends = seconds, steps, []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ends.append(time.perf_counter())
        enough = self.ends[-1] - self.ends[0] > self.seconds
        if len(self.ends) > self.steps and enough:
            self.model.stop_training = True


def leave_beyond(limit: float) -> None:
    """Ends this process before it takes the machine's last memory, in GB."""

    def watch() -> None:
        while harness.peak_memory() < limit * 1e9:
            time.sleep(0.05)
        os._exit(TOO_LARGE)

    threading.Thread(target=watch, daemon=True).start()


def timed(title: str, batch: int, seconds: float, steps: int) -> dict[str, float]:
    """Images/s of training and of inference, and the memory of both."""
    model = build(title)
    data = Same(model, batch)
    faces, identity = np.concatenate([data.x[NAMES[0]]] * 2), NAMES[-1]
    spent = []
    while len(spent) <= steps or sum(spent[1:]) < seconds:  # the first one compiles
        start = time.perf_counter()
        model.predict(faces, identity=identity, batch_size=batch)
        spent.append(time.perf_counter() - start)
    inference = harness.peak_memory() / 1e9
    model.compile()
    clock = Clock(seconds, steps)
    model.fit(data, epochs=1, verbose=0, callbacks=[clock])
    step = statistics.median(np.diff(clock.ends))
    return {
        "trains": len(NAMES) * batch / step,
        "draws": len(faces) / statistics.median(spent[1:]),
        "memory_draws": inference,
        "memory_trains": harness.peak_memory() / 1e9,
    }


def timed_apart(title: str, options: argparse.Namespace) -> dict[str, Any]:
    """Times in a process of its own, with fewer faces a step where memory ends."""
    words = ["--measure", title]
    for name in ("seconds", "steps", "memory"):
        words += [f"--{name}", getattr(options, name)]
    batch = options.batch
    while True:
        status, printed = harness.apart(__file__, *words, "--batch", batch)
        if status == 0:
            return {"batch": batch, **json.loads(printed)}
        if status != TOO_LARGE or batch == 1:
            return {"failed": status}
        batch = max(1, batch // 4)


def timed_cells(found: dict[str, Any], options: argparse.Namespace) -> list[str]:
    if "failed" in found:
        return ["failed" if found["failed"] != TOO_LARGE else "too large", "", "", ""]
    faces = f" ({found['batch']})" if found["batch"] != options.batch else ""
    speeds = [f"{found[key]:.3g}{faces}" for key in ("trains", "draws")]
    return [*speeds, *(f"{found[f'memory_{k}']:.1f}" for k in ("draws", "trains"))]


# The page


def committed() -> dict[str, list[str]]:
    """The cells of the page's table, by title."""
    lines = harness.between(DOCS, "zoo table").splitlines()
    found = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    return {cells[0]: cells for cells in found if len(cells) == len(HEAD)}


def write(kept: dict[str, Any], options: argparse.Namespace) -> None:
    """Writes the table: what is counted afresh, what is timed as it is known."""
    before, lines = committed(), []
    for title in rows():
        if title not in options.only and title in before:
            lines.append(before[title])
            continue
        cells = counted_cells(title, counts(title))
        if title in kept:
            cells += timed_cells(kept[title], options)
        else:
            cells += before.get(title, [""] * len(HEAD))[COUNTED:]
        lines.append(cells)
        print(" | ".join(lines[-1]), flush=True)
    harness.replace_between(DOCS, "zoo table", harness.markdown(HEAD, lines))


def main() -> None:
    parser = harness.options(__doc__, output="runs/zoo.json")
    option = parser.add_argument
    option("--only", nargs="+", metavar="ROW", help="titles; all rows by default")
    option("--timed", action="store_true", help="measure what --output lacks")
    option("--batch", type=int, default=8, help="faces of each of two people")
    option("--seconds", type=float, default=10.0, help="to measure, at the least")
    option("--steps", type=int, default=3, help="to measure, at the least")
    option("--memory", type=float, default=20.0, help="GB, the most to take")
    option("--measure", metavar="ROW", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        leave_beyond(options.memory)
        found = timed(options.measure, options.batch, options.seconds, options.steps)
        print(json.dumps(found))
        return
    options.only = options.only or list(rows())
    if unknown := set(options.only) - set(rows()):
        parser.error(f"no such rows: {', '.join(unknown)}; there are {list(rows())}")
    kept = harness.kept(options.output)
    for title in options.only if options.timed else ():
        if title in kept:
            continue
        kept[title] = timed_apart(title, options)
        print(title, kept[title], flush=True)
        harness.keep(options.output, kept)
    write(kept, options)
    print(f"{harness.setting()}, {options.batch} faces of each person a step")


if __name__ == "__main__":
    main()

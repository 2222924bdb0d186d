"""Prints how exported networks differ from Keras: values, speed and size.

    python benchmarks/export.py [--folder DIR] [--write]

swap_demo (128 px) is exported in every format and type, and run by its engine on the
aligned faces of a clip of the demo. CPU time is measured, of all threads together, in
turns with Keras, so that other load of the machine matters little; ratios are medians
over the rounds. `--folder` keeps the files, and does not export again those that are
there; `--write` puts the table into docs/export.md.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness
import numpy as np

import deepface_models as dfm

# File, engine, type of the weights.
FILES = (
    ("demo.onnx", "ONNX Runtime", "float32"),
    ("half.onnx", "ONNX Runtime", "float16"),
    ("int8.onnx", "ONNX Runtime", "int8"),
    ("demo.tflite", "LiteRT", "float32"),
    ("half.tflite", "LiteRT", "float16"),
    ("int8.tflite", "LiteRT", "int8"),
    ("demo.xml", "OpenVINO", "float32"),
    ("half.xml", "OpenVINO", "float16"),
    ("int8.xml", "OpenVINO", "int8"),
    ("demo", "TensorFlow (SavedModel)", "float32"),
)
HEAD = (
    *("engine", "weights", "largest difference", "mean difference"),
    *("16 faces", "1 face", "MB"),
)
PAGE = harness.DOCS / "export.md"


def networks(model: Any, folder: Path, samples: Any) -> Iterator[tuple[Any, ...]]:
    """Yields the engine, the type and the loaded network of each file."""
    for name, engine, dtype in FILES:
        path = folder / name
        if not path.exists():
            more = {"samples": samples} if dtype == "int8" else {}
            dfm.export(model, path, dtype=dtype, **more)
        yield engine, dtype, path, dfm.load(path)


def size(path: Path) -> float:
    """Megabytes of a file, with OpenVINO's second one, or of a folder."""
    files = [path, path.with_suffix(".bin")] if path.suffix == ".xml" else [path]
    if path.is_dir():
        files = [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files) / 1e6


def calls(predict: Callable[..., Any], faces: Any, count: int) -> Callable[[], Any]:
    """What is timed: the swap of `count` faces."""
    few = np.resize(faces, (count, *faces.shape[1:]))
    return lambda: predict(few, identity="nobody", batch_size=count)


def ratio(times: dict[str, list[float]], name: str) -> float:
    """Median over the rounds of an engine's CPU time, divided by Keras'."""
    pairs = zip(times[name], times["keras"], strict=True)
    return statistics.median(one / keras for one, keras in pairs)


def rows(model: Any, folder: Path, faces: Any, rounds: int) -> list[list[str]]:
    """The table's rows."""
    # Every other face calibrates, so that int8 is compared on faces of its own.
    samples, faces = faces[::2], faces[1::2]
    found = list(networks(model, folder, samples))
    expected = model.predict(faces, identity="nobody")
    times = {}
    for count in (16, 1):
        timed = {"keras": calls(model.predict, faces, count)}
        timed |= {p.name: calls(n.predict, faces, count) for *_, p, n in found}
        times[count] = harness.in_turns(timed, rounds)
    keras = {n: 1000 * statistics.median(one["keras"]) / n for n, one in times.items()}
    each = [f"{keras[n]:.1f} ms a face" for n in (16, 1)]
    table = [["Keras", "float32", "", "", *each, ""]]
    for engine, dtype, path, network in found:
        far = 255 * np.abs(network.predict(faces, identity="nobody") - expected)
        speed = [f"{ratio(times[n], path.name):.2f} x" for n in (16, 1)]
        gray = [f"{value:.2g}" for value in (far.max(), far.mean())]
        table.append([engine, dtype, *gray, *speed, f"{size(path):.1f}"])
    return table


def main() -> None:
    """Prints the table."""
    parser = harness.options(__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    model = dfm.load("swap_demo")
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = harness.faces_of(folder / "faces", people=["s1"], most=1)["s1"]
        table = harness.markdown(HEAD, rows(model, folder, found.images, args.rounds))
    about = f"{harness.setting()}; {args.rounds} rounds, {len(found) // 2} faces"
    print(f"{about}\n\n{table}")
    if args.write:
        harness.replace_between(PAGE, "engines", f"{about}\n\n{table}")


if __name__ == "__main__":
    main()

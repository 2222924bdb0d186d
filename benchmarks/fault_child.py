"""A process of `faults.py` that reads damaged files and prints each outcome. Linux.

    echo '{"kind": "image", "input": "folder", "output": "folder"}' \\
        | python benchmarks/fault_child.py
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness

PACKAGE = str(harness.PACKAGE)
PLAIN = (ValueError, TypeError, OSError, FileNotFoundError, FileExistsError)


def image(folder: Path, output: Path) -> None:
    """Everything that reads an image."""
    from deepface_models.media import read_image, read_metadata
    from deepface_models.provenance import verify

    path = _only(folder)
    every(
        lambda: verify(path).summary(),
        lambda: read_metadata(path),
        lambda: read_image(path),
    )


def video(folder: Path, output: Path) -> None:
    """Everything that reads a video."""
    from deepface_models.media import probe, read_metadata, read_video
    from deepface_models.provenance import verify

    path = _only(folder)
    every(
        lambda: verify(path).summary(),
        lambda: read_metadata(path),
        lambda: probe(path),
        lambda: sum(1 for _ in read_video(path)),
    )


def faceset(folder: Path, output: Path) -> None:
    """Opens a set, uses it and extracts into it."""
    from deepface_models import FaceAligner, FaceSet

    def use() -> None:
        faces = FaceSet.open(folder)
        faces.split()
        _ = faces.images
        _ = faces.records

    def go_on() -> None:
        size = FaceSet.open(folder).image_size
        aligner = FaceAligner(size, landmarks=5, embeddings=True, max_faces=1)
        more = folder.parent / "more.png"
        options: dict[str, Any] = {"every_n": 6, "workers": 1, "progress": False}
        aligner.extract(more, output=folder, **options)

    every(use, go_on)


def preset(folder: Path, output: Path) -> None:
    """Everything that reads a preset."""
    from deepface_models import load, presets
    from deepface_models.presets.card import summary

    every(
        lambda: summary(presets.describe(folder)),
        lambda: presets.fetch(folder, progress=False),
        lambda: load(folder),
    )


def parts(folder: Path, output: Path) -> None:
    """Loads a model from its parts."""
    import deepface_models as dfm

    dfm.load(folder)


def keras(folder: Path, output: Path) -> None:
    """Loads a model from one file."""
    import deepface_models as dfm

    dfm.load(_only(folder))


def checkpoint(folder: Path, output: Path) -> None:
    """Goes on with a training."""
    import numpy as np

    from deepface_models.callbacks import ResumableCheckpoint
    from deepface_models.models.autoencoders import DenseAutoencoder

    model = DenseAutoencoder((8, 8, 3), 4)
    model.compile()
    pixels = np.zeros((16, 8, 8, 3), "float32")
    model.build(pixels.shape)
    model.optimizer.build(model.trainable_variables)
    resumed = ResumableCheckpoint(folder)
    resumed.set_model(model)
    resumed.set_params({"epochs": 3})
    resumed.on_train_begin()


READERS: dict[str, Callable[[Path, Path], None]] = {
    **{"image": image, "video": video, "faceset": faceset, "preset": preset},
    **{"parts": parts, "keras": keras, "checkpoint": checkpoint},
}


def every(*steps: Callable[[], Any]) -> None:
    """Runs all steps; the worst of their errors is raised."""
    errors: list[Exception] = []
    for step in steps:
        try:
            step()
        except Exception as error:
            errors.append(error)
    for error in sorted(errors, key=is_documented):
        raise error


def is_documented(error: BaseException) -> bool:
    """Whether an error is one that docstrings state, raised by this package.

    Those are the package's own classes, and plain ones only where the package's code
    raises them itself: a ValueError of a library has no advice for a user.
    """
    kind = type(error)
    if kind.__module__.startswith("deepface_models"):
        return True
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = last.filename.startswith(PACKAGE)
    raised = "raise" in (last.line or "")
    return kind in PLAIN and ours and (raised or kind is FileNotFoundError)


def _only(folder: Path) -> Path:
    """Returns the folder's file, whatever became of it."""
    return next(p for p in sorted(folder.iterdir()) if not p.name.startswith("."))


def run(task: dict[str, str]) -> dict[str, Any]:
    """Reads one damaged thing."""
    gc.collect()
    before, start = harness.forget_peak(), time.perf_counter()
    outcome, error = "ok", ""
    try:
        READERS[task["kind"]](Path(task["input"]), Path(task["output"]))
    except Exception as problem:
        outcome = "documented" if is_documented(problem) else "undocumented"
        error = "".join(traceback.format_exception(problem)[-6:])[-2500:]
    return {
        "outcome": outcome,
        "error": error,
        "grown": (harness.resident("VmHWM") - before) / 2**20,
        "seconds": time.perf_counter() - start,
    }


def main() -> None:
    """Answers each line on standard output, which nothing else can write to."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    import logging

    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        answers.write(json.dumps(run(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

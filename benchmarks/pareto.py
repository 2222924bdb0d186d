"""Quality over training time: every architecture, trained for the same minutes.

    python benchmarks/pareto.py                          # the demo's clips
    python benchmarks/pareto.py --clips FOLDER --people ana ben --minutes 1 2 4
    python benchmarks/pareto.py --architectures Swift IAE --docs
    python benchmarks/pareto.py --architectures Swift "Swift from swift_128"
    python benchmarks/pareto.py --few 20 --output runs/pareto_20

prints a table.

A row "Swift from PRESET" trains as `train(preset=)` does. "Swift from PRESET; freeze
encoder=0.2; lr_multipliers shared_decoder=0.1 encoder=0.5" sets which parts are frozen
for which share of the training and which learn more slowly; "; freeze; lr_multipliers"
sets neither. With --few, only so many images of the second person, spread over that
person's training faces, are used for training; all of them are used for the evaluation.
A new --output needs no extraction if it has a copy of another output's folder "faces".

FOLDER contains one folder of clips per person. Each training starts from scratch,
because the learning rate falls until the end of its time. All have the same faces,
batches, augmentation and time (from the first batch on, including compilation) and the
default `compile()` settings; each runs in its own process. A minute is one of both
cores, 120 seconds of processor time, so that other work on the machine matters little.
`evaluate` measures both directions on held-out clips or seconds; mouth, eyes and blinks
only where the source blinks. --output keeps the results of every training, so that an
interrupted run can be resumed; the plot and the table are written there, too, and with
--docs to docs/zoo.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import harness
import keras
import numpy as np
import pareto_plot
import zoo_table
from pareto_plot import Point

import deepface_models as dfm
from deepface_models.callbacks import StopOnNonFinite, TimeBudget
from deepface_models.demo import CLIPS, PEOPLE
from deepface_models.evaluation.evaluation import ROWS
from deepface_models.training import fine_tuning as _fine_tuning

SMALL = {"architecture": "df-ud", "image_size": 96, "latent_size": 128}
# Rows beside those of the zoo's table.
OWN = {
    "SAEHD, df-ud, small": (
        "SAEHD",
        {**SMALL, "encoder_width": 32, "decoder_width": 32, "mask_width": 16},
    )
}
FIT = ("Swift", "Lightweight", "Original, low memory", "Original", "Quick96", "IAE")
FIT += ("DFaker", "SAEHD, df-ud, small", "Swift from swift_128")
CORES = 2  # what a minute of training is a minute of
KEPT = tuple(row.key for row in ROWS)  # the table shows some of them
LIVELY = ("mouth_gain", "seen_mouth", "seen_eyes", "eyes_gain", "blink")
BASELINES = {"mean_face": "(mean face)", "source": "(unchanged)"}


def faces_of(options: argparse.Namespace) -> dict[str, dfm.FaceSet]:
    """Each person's faces, from clips on the first run."""
    folder = options.output / "faces"
    if all((folder / name / "faceset.json").exists() for name in options.people):
        return {name: dfm.FaceSet.open(folder / name) for name in options.people}
    chosen = options.clips, options.people, options.most_clips
    return harness.faces_of(folder, *chosen, embeddings=3)


# One training, in a process of its own


def busy() -> float:
    """Seconds for which this process has had all cores."""
    return time.process_time() / CORES


class Budget(TimeBudget):
    """Counts the processor time of all cores instead of the clock."""

    begun = 0.0

    @property
    def used(self) -> float:
        return self._before + (0.0 if self._start is None else busy() - self.begun)

    def _begin(self) -> None:
        super()._begin()
        self.begun = busy()


class Seen(keras.callbacks.Callback):
    """Counts the steps."""

    steps = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps += 1


def parsed(title: str) -> tuple[str, str, dict[str, dict[str, float]]]:
    """A row's name, preset ("" for fresh weights), and what it says of its parts."""
    start, *said = title.split(";")
    name, _, preset = start.strip().partition(" from ")
    own: dict[str, dict[str, float]] = {}
    for kind, *parts in map(str.split, said):
        values = dict(part.split("=") for part in parts)
        own[kind] = {part: float(value) for part, value in values.items()}
    if own.keys() - {"freeze", "lr_multipliers"} or (own and not preset):
        raise ValueError(title)
    return name, preset, own


def rows() -> dict[str, tuple[str, dict[str, Any]]]:
    """Architecture and arguments of each row, by title."""
    return {**zoo_table.rows(), **OWN}


def built(
    title: str, people: tuple[str, ...], face_type: str
) -> tuple[Any, _fine_tuning.FineTuneSchedule]:
    """A row's model, fresh or from a preset's name or folder, and how it learns."""
    name, preset, own = parsed(title)
    if preset:
        kind = getattr(dfm.swap, name)
        model = _fine_tuning.from_preset(preset, people, kind, None, face_type)
    else:
        name, arguments = rows()[title]
        named = {"identities": people, "face_type": face_type}
        model = dfm.create(name.lower(), **named, **arguments)
    return model, _fine_tuning.FineTuneSchedule.of(
        model, own.get("freeze"), own.get("lr_multipliers")
    )


def trained(
    title: str, minutes: float, faces: dict[str, dfm.FaceSet], batch: int
) -> tuple[Any, dict[str, Any]]:
    """A model trained for so long, and how far it came."""
    keras.utils.set_random_seed(0)
    face_type = next(iter(faces.values())).face_type
    model, schedule = built(title, tuple(faces), face_type)
    pairs = dfm.SwapPairs(
        faces,
        batch,
        image_size=model.image_size,
        output_size=model.output_size,
        steps=25,
        augmentation=dfm.Augmentation.light(),
    )
    schedule.compile(model)
    seen, start, begun = Seen(), time.monotonic(), busy()
    if hasattr(model, "adapt"):  # `fit` would do it before the budget's clock starts
        model.adapt(pairs)
    left = minutes - (busy() - begun) / 60
    if left > 0:
        budget = Budget(left)
        callbacks = [budget, *schedule.callbacks(None, budget), seen, StopOnNonFinite()]
        model.fit(pairs, epochs=9999, verbose=0, callbacks=callbacks)
    done = {
        "seconds": round(time.monotonic() - start, 1),
        "busy": round(busy() - begun, 1),
        "faces": seen.steps * batch * len(faces),
    }
    return model, done


def measured(title: str, minutes: float, options: argparse.Namespace) -> dict[str, Any]:
    """Trains, then measures both directions."""
    split = {name: faces.split() for name, faces in faces_of(options).items()}
    training = {name: value[0] for name, value in split.items()}
    second = options.people[1]
    seen = {**training, second: spread(training[second], options.few)}
    model, done = trained(title, minutes, seen, options.batch)
    done["memory"] = round(harness.peak_memory() / 1e9, 2)
    swaps = harness.both_ways(
        options.people, lambda _: model, split, limit=options.frames
    )
    for direction, _, found in swaps:
        columns = {
            column: {key: finite(values.get(key)) for key in KEPT}
            for column, values in found.summary.items()
        }
        columns["people"] = {"between": finite(found.between)}
        done[direction] = columns
    return done


def spread(faces: dfm.FaceSet, few: int | None) -> dfm.FaceSet:
    """So many of the faces, first and last among them; all without a number."""
    if few is None or few >= len(faces):
        return faces
    return faces.select(np.linspace(0, len(faces) - 1, few).round().astype(int))


def finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


# All of them


def run(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Trains and measures what is not kept yet, the shortest times first."""
    path = options.output / "results.json"
    kept = harness.kept(path)
    settings = {
        "clips": [str(options.clips), options.most_clips],
        **{name: getattr(options, name) for name in ("people", "frames", "batch")},
        **({"few": options.few} if options.few else {}),
    }
    if kept.setdefault("settings", settings) != settings:
        sys.exit(
            f"{path} was made with {kept['settings']}, not {settings}. Choose another "
            "--output for other settings."
        )
    for minutes in options.minutes:
        for title in options.architectures:
            points = kept.setdefault("points", {}).setdefault(title, {})
            if f"{minutes:g}" not in points:
                points[f"{minutes:g}"] = measured_apart(title, minutes, options)
                harness.keep(path, kept)
    return kept["points"]


def measured_apart(
    title: str, minutes: float, options: argparse.Namespace
) -> dict[str, Any]:
    words = ["--point", title, minutes]
    for name in ("clips", "most_clips", "output", "frames", "batch", "few"):
        if getattr(options, name) is not None:
            words += [f"--{name.replace('_', '-')}", getattr(options, name)]
    status, printed = harness.apart(__file__, *words, "--people", *options.people)
    found = {"failed": status} if status else json.loads(printed)
    print(f"{title}, {minutes:g} min: {found}", flush=True)
    return found


def mean_of(found: dict[str, Any], column: str) -> dict[str, float | None]:
    """The mean over both directions; nothing where one could not be measured.

    Mouth and eyes count where the source blinks: who sits still hides a still mouth.
    """
    both = [value for key, value in found.items() if " as " in key]
    lively = list(filter(blinks, both)) or both
    means = {}
    for key in both[0].get(column, {}):
        counted = lively if key in LIVELY else both
        values = [one.get(column, {}).get(key) for one in counted]
        means[key] = None if None in values else sum(values) / len(values)
    return means


def blinks(direction: dict[str, Any]) -> bool:
    """Whether the source of this direction blinks."""
    return direction.get("source", {}).get("blink") is not None


def show(points: dict[str, dict[str, Any]], options: argparse.Namespace) -> None:
    """Draws the image and writes the table."""
    good = {
        (title, float(minutes)): found
        for title, times in points.items()
        for minutes, found in times.items()
        if "failed" not in found
    }
    if not good:
        sys.exit("No training ended: see the messages above.")
    any_of_them = next(iter(good.values()))
    dots = [
        Point(title, minutes, found["faces"], mean_of(found, "swap"))
        for (title, minutes), found in good.items()
    ]
    baselines = {t: mean_of(any_of_them, c) for c, t in BASELINES.items()}
    table = harness.markdown(*pareto_plot.table(dots, baselines))
    print(table)
    (options.output / "pareto.md").write_text(table + "\n", encoding="utf-8")
    images = [options.output / "pareto.png"]
    if options.docs:
        page = f"![Time against identity and expression](pareto.png)\n\n{table}"
        harness.replace_between(zoo_table.DOCS, "pareto table", page)
        images.append(harness.DOCS / "pareto.png")
    for path in images:
        pareto_plot.draw(path, dots, baselines[BASELINES["mean_face"]])


def check(title: str, parser: argparse.ArgumentParser) -> None:
    """Ends with a message if there can be no such row."""
    try:
        name, preset, _ = parsed(title)
    except ValueError:
        parser.error(f"{title!r}; expected 'Swift from PRESET; freeze encoder=0.2'")
    known = dfm.swap.__all__ if preset else rows()
    if name not in known:
        parser.error(f"unknown: {name!r}; there are {', '.join(known)}")


def main() -> None:
    parser = harness.options(__doc__, output="runs/pareto")
    option = parser.add_argument
    option("--clips", type=Path, default=CLIPS, help="a folder a person in it")
    option("--people", nargs=2, default=list(PEOPLE), help="names of two folders")
    option("--most-clips", type=int, help="of each person; all by default")
    option("--minutes", type=float, nargs="+", default=[1.0, 2.0, 4.0])
    option("--architectures", nargs="+", default=list(FIT), metavar="ROW")
    option("--frames", type=int, default=75, help="to measure in each direction")
    option("--batch", type=int, default=8, help="faces of each person")
    option("--few", type=int, help="images of the second person; all by default")
    option("--docs", action="store_true", help="also write into docs/zoo.md")
    option("--point", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for row in options.architectures:
        check(row, parser)
    if options.few is not None and options.few < 1:
        parser.error(f"--few {options.few}; expected 1 or more")
    if options.point:
        title, minutes = options.point
        print(json.dumps(measured(title, float(minutes), options)))
        return
    faces_of(options)
    options.minutes = sorted(options.minutes)
    show(run(options), options)


if __name__ == "__main__":
    main()

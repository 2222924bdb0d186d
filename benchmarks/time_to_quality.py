"""How soon a preset reaches the quality of training from scratch: plots and tables.

    python benchmarks/pareto.py --architectures Swift "Swift from swift_128"
    python benchmarks/time_to_quality.py                     # reads runs/pareto
    python benchmarks/time_to_quality.py runs/pareto runs/pareto_20 --docs

Reads the output folders (or results.json) of `pareto.py`, even of an unfinished run.
Trainings on all images make one plot, those with --few N another. Folders of the same
kind are combined; of identical trainings the last one counts. The second table says
when each measure of a preset, interpolated between the measured times, first is as good
as that of the longest training from scratch. --docs writes the plots and the text to
docs/presets.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import harness
import pareto
import pareto_plot
import time_to_quality_plot
from pareto_plot import Point
from time_to_quality_plot import SCRATCH, Study

DOCS = harness.DOCS / "presets.md"
MARKER = "time to quality"
MEASURES = {
    "distance_margin": ("margin", ".3f"),
    "target_distance": ("to target", ".3f"),
    "source_distance": ("to source", ".3f"),
    "expression": ("expression", ".2%"),
    "pose": ("pose", ".2f°"),
    "mouth": ("mouth", ".2f"),
    "ssim": ("SSIM", ".3f"),
    "psnr": ("PSNR, dB", ".1f"),
}


def studies(paths: list[Path], architecture: str) -> list[Study]:
    """What was kept, by how many images of the second person there were."""
    groups: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
    for path in paths:
        file = path / "results.json" if path.is_dir() else path
        kept = json.loads(file.read_text(encoding="utf-8"))
        settings = kept["settings"]
        same = {name: settings[name] for name in ("people", "frames", "batch")}
        same["most_clips"] = settings["clips"][1]
        first, points = groups.setdefault(settings.get("few", 0), (same, {}))
        if first != same:
            sys.exit(f"{file} was made with {same}, what came before with {first}.")
        for title, times in kept.get("points", {}).items():
            if title.partition(" from ")[0] == architecture:
                points.setdefault(title, {}).update(times)
    return [
        study(same["people"], few or None, points)
        for few, (same, points) in sorted(groups.items())
    ]


def study(people: list[str], few: int | None, points: dict[str, Any]) -> Study:
    curves: dict[str, list[Point]] = {}
    references: dict[str, dict[str, float]] = {"mean_face": {}, "people": {}}
    for title in sorted(points, key=lambda title: " from " in title):
        done = {float(m): f for m, f in points[title].items() if "failed" not in f}
        label = named(title, points)
        for minutes, found in sorted(done.items()):
            measures = pareto.mean_of(found, "swap")
            point = Point(label, minutes, found["faces"], measures)
            curves.setdefault(label, []).append(point)
            for column, known in references.items():
                means = pareto.mean_of(found, column)
                known |= {k: v for k, v in means.items() if v is not None}
    between = references["people"].get("between")
    return Study(people, few, curves, references["mean_face"], between)


def named(title: str, titles: Any) -> str:
    """A row's start in short: the folder of its preset without those above it."""

    def short(title: str) -> str:
        preset, semicolon, own = title.partition(" from ")[2].partition(";")
        return f"from {Path(preset).name}{semicolon}{own}" if preset else SCRATCH

    found = short(title)
    alike = sum(short(other) == found for other in titles)
    return found if alike == 1 else title


def table(study: Study) -> str:
    """The trainings, the shortest first, and the mean face."""
    head = ("start", "minutes", *(title for title, _ in MEASURES.values()))
    points = [point for curve in study.curves.values() for point in curve]
    rows = [
        [p.title, f"{p.minutes:g}", *pareto_plot.cells(p.measures, MEASURES)]
        for p in sorted(points, key=lambda p: p.minutes)
    ]
    face = pareto_plot.cells(study.mean_face, MEASURES)
    return harness.markdown(head, [*rows, ["(mean face)", "", *face]])


def crossings(study: Study) -> str:
    """A line a measure: when each preset is as good as scratch's longest training."""
    if study.longest is None:
        return ""
    others = {n: curve for n, curve in study.curves.items() if n != SCRATCH}
    end = f"{SCRATCH}, {study.longest.minutes:g} min"
    head = ("as good as", end, *(f"{name}, minutes" for name in others))
    goals = pareto_plot.cells(study.longest.measures, MEASURES)
    rows = []
    for key, (title, _), goal in zip(MEASURES, MEASURES.values(), goals, strict=True):
        when = [crossing(curve, key, study.goal(key)) for curve in others.values()]
        rows.append([title, goal, *when])
    return harness.markdown(head, rows)


def crossing(curve: list[Point], key: str, goal: float | None) -> str:
    known = [point for point in curve if point.measures.get(key) is not None]
    if goal is None or not known:
        return ""
    minutes = time_to_quality_plot.reached(known, key, goal)
    if minutes is None:
        return "not reached"
    at_most = "at most " if minutes == known[0].minutes else ""
    return f"{at_most}{float(f'{minutes:.2g}'):g}"


def page(study: Study, image: str) -> str:
    first, second = study.people
    trained = f", trained on {study.few} images of {second}" if study.few else ""
    title = f"Measures over minutes, {first} and {second}{trained}"
    shown = f"![{title}]({image})" if has_curves(study) else f"{title}:"
    parts = [shown, table(study), crossings(study)]
    return "\n\n".join(part for part in parts if part)


def has_curves(study: Study) -> bool:
    """Whether anything was trained for more than one time."""
    return any(len(curve) > 1 for curve in study.curves.values())


def main() -> None:
    parser = harness.options(__doc__, output="runs/time_to_quality")
    option = parser.add_argument
    option("runs", type=Path, nargs="*", help="folders of pareto.py; runs/pareto")
    option("--architecture", default="Swift", metavar="ROW")
    option("--docs", action="store_true", help=f"also write into {DOCS.name}")
    options = parser.parse_args()
    found = studies(options.runs or [Path("runs/pareto")], options.architecture)
    found = [study for study in found if study.curves]
    if not found:
        sys.exit(f"No training of {options.architecture} has ended there.")
    parts = []
    for one in found:
        name = f"time_to_quality{f'_{one.few}' if one.few else ''}.png"
        time_to_quality_plot.draw(options.output / name, one)
        if options.docs and has_curves(one):
            time_to_quality_plot.draw(DOCS.parent / "presets" / name, one)
        parts.append(page(one, f"presets/{name}"))
        print(f"{options.output / name}\n\n{table(one)}\n\n{crossings(one)}\n")
    if options.docs:
        harness.replace_between(DOCS, MARKER, "\n\n".join(parts))


if __name__ == "__main__":
    main()

"""The plot of `time_to_quality.py`, and when one curve reaches another's last value."""

from __future__ import annotations

import itertools
import math
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pareto_plot import GRAY, Plot, Point, Sheet

from deepface_models.models.autoencoders.scatter import _colors

SCRATCH = "from scratch"
# What the panels show: title, whether more is better, and times what it is written.
PANELS = {
    "distance_margin": ("identity margin", True, 1),
    "target_distance": ("distance to the target person", False, 1),
    "source_distance": ("distance to the source person", True, 1),
    "expression": ("expression error, % of the eyes' distance", False, 100),
    "pose": ("pose error, degrees", False, 1),
    "mouth": ("mouth correlation", True, 1),
    "ssim": ("reconstruction, SSIM", True, 1),
    "psnr": ("reconstruction, PSNR in dB", True, 1),
}
_ACROSS, _WIDE, _HIGH, _LEFT, _TOP, _BOTTOM, _RIGHT = 3, 270, 190, 52, 46, 56, 14
_LETTERS = 34  # in a line of the legend
_NOTE = (110, 110, 110)


@dataclass(frozen=True)
class Study:
    """The same people's trainings: a curve for each start, that from scratch first."""

    people: list[str]
    few: int | None
    curves: dict[str, list[Point]]
    mean_face: dict[str, float | None]
    between: float | None  # distance between the two people

    @property
    def longest(self) -> Point | None:
        """The longest training from scratch."""
        return self.curves[SCRATCH][-1] if SCRATCH in self.curves else None

    def goal(self, key: str) -> float | None:
        return self.longest and self.longest.measures.get(key)


def reached(curve: list[Point], key: str, goal: float) -> float | None:
    """Minutes at which a measure's curve first is as good as `goal`."""
    before = None
    for point in (p for p in curve if p.measures.get(key) is not None):
        value = point.measures[key]
        if value >= goal if PANELS[key][1] else value <= goal:
            if before is None:
                return point.minutes
            start = before.measures[key]
            share = (goal - start) / (value - start)
            return before.minutes * (point.minutes / before.minutes) ** share
        before = point
    return None


def draw(path: Path, study: Study) -> None:
    """Draws each measure over minutes: a line a start, dashes at scratch's last value.

    A training without the measure leaves a gap in its line. Thin and gray: the mean
    face, or how far the two people are from each other, unless it is far off.
    """
    colors = dict(zip(study.curves, _colors(len(study.curves)), strict=True))
    wide, high = _LEFT + _WIDE + _RIGHT, _TOP + _HIGH + _BOTTOM
    corners = [
        (number % _ACROSS * wide + _LEFT, number // _ACROSS * high + _TOP)
        for number in range(len(PANELS) + 1)  # the legend is the last one
    ]
    legend = max(_HIGH + _BOTTOM, 150 + 41 * len(colors))
    sheet = Sheet(_ACROSS * wide, corners[-1][1] + legend)
    for key, corner in zip(PANELS, corners, strict=False):
        _panel(sheet, corner, key, study, colors)
    _legend(sheet, corners[-1], study, colors)
    sheet.save(path)


def _panel(sheet: Sheet, corner: Any, key: str, study: Study, colors: Any) -> None:
    title, more, scale = PANELS[key]
    points = [point for curve in study.curves.values() for point in curve]
    values = [p.measures[key] for p in points if p.measures.get(key) is not None]
    thin, note = _reference(key, study, values)
    middle = corner[0] + _WIDE / 2
    sheet.text((middle, corner[1] - 29), title, "mm")
    better = "higher" if more else "lower"
    sheet.text((middle, corner[1] - 12), f"{better} is better{note}", "mm", _NOTE)
    shown = [*values, *([] if thin is None else [thin])] or [0.0]
    plot = Plot(sheet, corner, (_WIDE, _HIGH), [p.minutes for p in points], shown)
    if values:
        plot.axes(scale)
    else:
        sheet.text((middle, corner[1] + _HIGH / 2), "not measured", "mm")
    if thin is not None:
        plot.level(thin, GRAY, 1)
    if (goal := study.goal(key)) is not None:
        plot.level(goal, colors[SCRATCH], 1.5, dash=6)
    for start, curve in study.curves.items():
        _curve(plot, curve, key, colors[start])
    plot.frame()


def _reference(key: str, study: Study, values: list[float]) -> tuple[Any, str]:
    """Where the thin line is, if near enough to be drawn, and what to say of it."""
    apart = key == "source_distance" and study.between is not None
    value = study.between if apart else study.mean_face.get(key)
    if value is None or not values:
        return None, ""
    said = f"{PANELS[key][2] * value:.3g}"
    note = f"; two people {said} apart" if apart else f"; mean face {said}"
    low, high = min(values), max(values)
    span = high - low or math.inf
    if low - span <= value <= high + span:
        return value, note
    return None, f"{note}, {'below' if value < low else 'above'}"


def _curve(plot: Plot, curve: list[Point], key: str, color: Any) -> None:
    known = [(p.minutes, p.measures.get(key)) for p in curve]
    for there, part in itertools.groupby(known, lambda one: one[1] is not None):
        if there:
            dots = [plot.place(*one) for one in part]
            plot.sheet.line(dots, color, 2.5)
            for dot in dots:
                plot.sheet.dot(dot, color, 4, True)


def _legend(sheet: Sheet, corner: Any, study: Study, colors: Any) -> None:
    left, y = corner[0] - 20, corner[1]

    def say(text: str, color: Any = None, width: float = 2.5, dash: int = 0) -> None:
        nonlocal y
        for start in range(left, left + 24, 2 * dash or 24) if color else ():
            sheet.line([(start, y), (start + (dash or 24), y)], color, width)
        for line in textwrap.wrap(text, _LETTERS):
            sheet.text((left + (32 if color else 0), y), line, "lm")
            y += 18
        y += 5

    first, second = study.people
    say(f"{first} and {second}, mean of both directions")
    if study.few is not None:
        say(f"trained on {study.few} images of {second}")
    y += 8
    for start, color in colors.items():
        say(start, color)
    if study.longest is not None:
        end = f"from scratch, after {study.longest.minutes:g} min"
        say(end, colors[SCRATCH], 1.5, dash=6)
    apart = "" if study.between is None else "; distance between the two people"
    say(f"mean face{apart}", GRAY, 1)

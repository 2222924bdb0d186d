"""The picture, the table and the front of `pareto.py`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from deepface_models.autoencoders.scatter import _colours, _ticks

# What the two panels show: key, title, and whether more is better.
PANELS = (
    ("identity_margin", "identity margin: nearer the wanted person", True),
    ("expression", "expression error, % of the eyes' distance", False),
)
COLUMNS = {
    "identity_margin": ("margin", ".3f"),
    "identity_wanted": ("to wanted", ".3f"),
    "identity_replaced": ("to replaced", ".3f"),
    "expression": ("expression", ".2%"),
    "pose": ("pose", ".2f°"),
    "mouth": ("mouth", ".2f"),
    "ssim": ("SSIM", ".3f"),
}
_INK, _GREY, _PAPER = (32, 32, 32), (150, 150, 150), (255, 255, 255)
_FINE = 3  # drawn larger by, then reduced: smooth lines
_WIDE, _HIGH, _LEFT, _TOP, _GAP, _BOTTOM, _LEGEND = 400, 340, 62, 34, 74, 50, 230


@dataclass(frozen=True)
class Point:
    """A training: what it was, how long it had, and what `evaluate` found."""

    title: str
    minutes: float
    faces: int
    measures: dict[str, float | None]

    def value(self, key: str, more: bool) -> float:
        """A measure such that less is better; what was not found is worst."""
        found = self.measures.get(key)
        return math.inf if found is None else -found if more else found


def on_front(point: Point, points: list[Point], keys: Any = PANELS) -> bool:
    """Whether no other training is as good in every way and better in one."""

    def costs(one: Point) -> list[float]:
        return [one.minutes, *(one.value(key, more) for key, _, more in keys)]

    mine = costs(point)
    return math.isfinite(sum(mine)) and not any(
        all(a <= b for a, b in zip(costs(other), mine, strict=True))
        and costs(other) != mine
        for other in points
    )


def table(points: list[Point], baselines: dict[str, dict[str, Any]]) -> Any:
    """Head and rows: each training, then what learned nothing."""
    head = ("architecture", "minutes", "faces seen", *(t for t, _ in COLUMNS.values()))
    rows = []
    for point in sorted(points, key=lambda p: (p.minutes, p.value(*PANELS[0][::2]))):
        front = "**" if on_front(point, points) else ""
        first = [f"{front}{point.title}{front}", f"{point.minutes:g}"]
        rows.append([*first, f"{point.faces:,}", *_cells(point.measures)])
    rows += [[name, "", "", *_cells(found)] for name, found in baselines.items()]
    return head, rows


def _cells(measures: dict[str, Any]) -> list[str]:
    found = [(measures.get(key), form) for key, (_, form) in COLUMNS.items()]
    return [
        ""
        if value is None
        else f"{value:{form[:-1]}}°"
        if form[-1] == "°"
        else f"{value:{form}}"
        for value, form in found
    ]


def draw(path: Path, points: list[Point], baseline: dict[str, Any]) -> None:
    """Draws time against each panel's measure, a line an architecture.

    Trainings on the panel's front (nothing as quick is better) are filled; the dashed
    line is `baseline`.
    """
    titles = list(dict.fromkeys(point.title for point in points))
    colours = dict(zip(titles, _colours(len(titles)), strict=True))
    width = _LEFT + len(PANELS) * (_WIDE + _GAP) + _LEGEND
    sheet = _Sheet(width, _TOP + _HIGH + _BOTTOM)
    for number, panel in enumerate(PANELS):
        _panel(sheet, _LEFT + number * (_WIDE + _GAP), panel, points, colours, baseline)
    left = width - _LEGEND - 20
    for number, (title, colour) in enumerate(colours.items()):
        y = _TOP + 12 + 22 * number
        sheet.line([(left, y), (left + 22, y)], colour, 2.5)
        seen = any(p.title == title and on_front(p, [p]) for p in points)
        sheet.text((left + 30, y), title if seen else f"{title}: no face", "lm")
    notes = ("filled: on the front,", "nothing as quick is better", "dashed: mean face")
    for number, note in enumerate(notes):
        sheet.text((left, _TOP + 34 + 22 * len(colours) + 18 * number), note, "lm")
    sheet.save(path)


def _panel(
    sheet: _Sheet, left: int, panel: Any, points: list[Point], colours: Any, base: Any
) -> None:
    key, title, more = panel
    shown = [p for p in points if math.isfinite(p.value(key, more))]
    values = [p.measures[key] for p in shown] + [base[key]]
    times = sorted({p.minutes for p in points})
    low, high = _wider(values)
    first, last = _wider([math.log2(t) for t in times])

    def place(minutes: float, value: float) -> tuple[float, float]:
        across = (math.log2(minutes) - first) / (last - first)
        return left + across * _WIDE, _TOP + (high - value) / (high - low) * _HIGH

    better = "higher" if more else "lower"
    sheet.text((left + _WIDE / 2, 16), f"{title} ({better} is better)", "mm")
    for tick in _ticks(low, high):
        y = place(times[0], tick)[1]
        sheet.line([(left, y), (left + _WIDE, y)], (232, 232, 232), 1)
        sheet.text((left - 7, y), f"{tick if more else 100 * tick:.3g}", "rm")
    for minutes in times:
        x = place(minutes, low)[0]
        sheet.line([(x, _TOP + _HIGH), (x, _TOP + _HIGH + 5)], _GREY, 1)
        sheet.text((x, _TOP + _HIGH + 14), f"{minutes:g}", "mm")
    sheet.text((left + _WIDE / 2, _TOP + _HIGH + 34), "minutes of training", "mm")
    y = place(times[0], base[key])[1]
    for start in range(left, left + _WIDE, 12):
        sheet.line([(start, y), (min(start + 6, left + _WIDE), y)], _GREY, 1.5)
    shown.sort(key=lambda p: p.minutes)
    dots = [(place(p.minutes, p.measures[key]), p) for p in shown]
    for name, colour in colours.items():
        sheet.line([dot for dot, p in dots if p.title == name], colour, 2.5)
    front = {id(p) for p in shown if on_front(p, points, [panel])}
    for dot, p in sorted(dots, key=lambda both: id(both[1]) in front):  # on top
        filled = id(p) in front
        sheet.dot(dot, colours[p.title], 6 if filled else 4, filled)
    sheet.frame((left, _TOP, left + _WIDE, _TOP + _HIGH))


def _wider(values: Any) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


class _Sheet:
    """A picture that is drawn larger and then reduced; coordinates are its own."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self.large = Image.new("RGB", (width * _FINE, height * _FINE), _PAPER)
        self.pen = ImageDraw.Draw(self.large)
        self.font = ImageFont.load_default(13 * _FINE)

    def line(self, dots: list[Any], colour: Any, width: float) -> None:
        if len(dots) > 1:
            large = [(x * _FINE, y * _FINE) for x, y in dots]
            self.pen.line(large, colour, round(width * _FINE), joint="curve")

    def dot(self, dot: Any, colour: Any, radius: float, filled: bool) -> None:
        centre = (dot[0] * _FINE, dot[1] * _FINE)
        inside, edge = (colour, _INK) if filled else (_PAPER, colour)
        self.pen.circle(centre, radius * _FINE, inside, edge, round(1.5 * _FINE))

    def text(self, where: Any, text: str, anchor: str) -> None:
        place = (where[0] * _FINE, where[1] * _FINE)
        self.pen.text(place, text, _INK, self.font, anchor)

    def frame(self, box: Any) -> None:
        self.pen.rectangle([v * _FINE for v in box], outline=_GREY, width=_FINE)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.large.resize(self.size, Image.Resampling.BOX).save(path, optimize=True)

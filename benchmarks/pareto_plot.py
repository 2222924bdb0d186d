"""The plot, the table and the Pareto front of `pareto.py`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from deepface_models.models.autoencoders.scatter import _colors, _ticks

# What the panels show: key, title, and what is best: the most, the least, or a value.
MORE, LESS = math.inf, -math.inf
PANELS = (
    ("distance_margin", "identity margin: nearer the target person", MORE),
    ("mouth_gain", "how far the mouth opens, relative to the source", 1.0),
    ("blink", "opening of the eyes in blinks", LESS),
    ("detail", "detail, relative to the source", 1.0),
)
COLUMNS = {
    "distance_margin": ("margin", ".3f"),
    "target_distance": ("to target", ".3f"),
    "likeness": ("way", ".0%"),
    "seen_mouth": ("mouth", ".2f"),
    "mouth_gain": ("gain", ".2f"),
    "eyes_gain": ("eyes, gain", ".2f"),
    "blink": ("blink", ".2f"),
    "detail": ("detail", ".2f"),
    "expression": ("expression", ".2%"),
    "ssim": ("SSIM", ".3f"),
}
MINUTES = "minutes of training on two cores"
_INK, GRAY, _PAPER = (32, 32, 32), (150, 150, 150), (255, 255, 255)
_FINE = 3  # drawn larger by, then reduced: smooth lines
_ACROSS, _WIDE, _HIGH, _LEFT, _TOP = 2, 400, 270, 62, 34
_GAP, _BOTTOM, _LEGEND = 74, 50, 230


@dataclass(frozen=True)
class Point:
    """A training: what it was, how long it had, and what `evaluate` found."""

    title: str
    minutes: float
    faces: int
    measures: dict[str, float | None]

    def cost(self, key: str, best: float) -> float:
        """A measure such that less is better; what was not found is worst."""
        found = self.measures.get(key)
        if found is None:
            return math.inf
        if math.isfinite(best):
            return abs(found - best)
        return -found if best > 0 else found


def on_front(point: Point, points: list[Point], keys: Any = PANELS) -> bool:
    """Whether no other training is as good in every way and better in one."""

    def costs(one: Point) -> list[float]:
        return [one.minutes, *(one.cost(key, best) for key, _, best in keys)]

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
    for point in sorted(points, key=lambda p: (p.minutes, p.cost(*PANELS[0][::2]))):
        front = "**" if on_front(point, points) else ""
        first = [f"{front}{point.title}{front}", f"{point.minutes:g}"]
        rows.append([*first, f"{point.faces:,}", *cells(point.measures)])
    rows += [[name, "", "", *cells(found)] for name, found in baselines.items()]
    return head, rows


def cells(measures: dict[str, Any], columns: Any = COLUMNS) -> list[str]:
    found = [(measures.get(key), form) for key, (_, form) in columns.items()]
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
    colors = dict(zip(titles, _colors(len(titles)), strict=True))
    rows = math.ceil(len(PANELS) / _ACROSS)
    width = _LEFT + _ACROSS * (_WIDE + _GAP) + _LEGEND
    sheet = Sheet(width, rows * (_TOP + _HIGH + _BOTTOM))
    for number, panel in enumerate(PANELS):
        row, column = divmod(number, _ACROSS)
        top = _TOP + row * (_TOP + _HIGH + _BOTTOM)
        corner = _LEFT + column * (_WIDE + _GAP), top
        _panel(sheet, corner, panel, points, colors, baseline)
    left = width - _LEGEND - 20
    for number, (title, color) in enumerate(colors.items()):
        y = _TOP + 12 + 22 * number
        sheet.line([(left, y), (left + 22, y)], color, 2.5)
        seen = any(p.title == title and on_front(p, [p], PANELS[:1]) for p in points)
        sheet.text((left + 30, y), title if seen else f"{title}: no face", "lm")
    notes = ("filled: on the front,", "nothing as quick is better", "dashed: mean face")
    for number, note in enumerate(notes):
        sheet.text((left, _TOP + 34 + 22 * len(colors) + 18 * number), note, "lm")
    sheet.save(path)


def _panel(
    sheet: Sheet, corner: Any, panel: Any, points: list[Point], colors: Any, base: Any
) -> None:
    key, title, best = panel
    shown = [p for p in points if math.isfinite(p.cost(key, best))]
    level = base.get(key)
    values = [p.measures[key] for p in shown] + [level] * (level is not None)
    times = [p.minutes for p in points]
    plot = Plot(sheet, corner, (_WIDE, _HIGH), times, values or [0.0])
    better = {MORE: "higher", LESS: "lower"}.get(best, f"near {best:g}")
    where = corner[0] + _WIDE / 2, corner[1] + 16 - _TOP
    sheet.text(where, f"{title} ({better} is better)", "mm")
    plot.axes(1)
    if level is not None:
        plot.level(level, GRAY, 1.5, dash=6)
    shown.sort(key=lambda p: p.minutes)
    dots = [(plot.place(p.minutes, p.measures[key]), p) for p in shown]
    for name, color in colors.items():
        sheet.line([dot for dot, p in dots if p.title == name], color, 2.5)
    front = {id(p) for p in shown if on_front(p, points, [panel])}
    for dot, p in sorted(dots, key=lambda both: id(both[1]) in front):  # on top
        filled = id(p) in front
        sheet.dot(dot, colors[p.title], 6 if filled else 4, filled)
    plot.frame()


class Plot:
    """A panel of a sheet: values over minutes, which grow by doubling."""

    def __init__(
        self, sheet: Sheet, corner: Any, size: Any, times: Any, values: Any
    ) -> None:
        self.sheet = sheet
        (self.left, self.top), (self.wide, self.high) = corner, size
        self.times = sorted(set(times))
        self.low, self.most = _wider(values)
        self.first, self.last = _wider([math.log2(t) for t in self.times])

    def place(self, minutes: float, value: float) -> tuple[float, float]:
        across = (math.log2(minutes) - self.first) / (self.last - self.first)
        down = (self.most - value) / (self.most - self.low)
        return self.left + across * self.wide, self.top + down * self.high

    def axes(self, times: float) -> None:
        """Grid and labels; values are written so many times as large."""
        right, bottom = self.left + self.wide, self.top + self.high
        for tick in _ticks(self.low, self.most):
            y = self.place(self.times[0], tick)[1]
            self.sheet.line([(self.left, y), (right, y)], (232, 232, 232), 1)
            self.sheet.text((self.left - 7, y), f"{times * tick:.4g}", "rm")
        free = right
        for minutes in reversed(self.times):  # the longest is named in any case
            x, text = self.place(minutes, self.low)[0], f"{minutes:g}"
            self.sheet.line([(x, bottom), (x, bottom + 5)], GRAY, 1)
            half = self.sheet.length(text) / 2
            if x + half <= free:
                self.sheet.text((x, bottom + 14), text, "mm")
                free = x - half - 6
        self.sheet.text((self.left + self.wide / 2, bottom + 34), MINUTES, "mm")

    def level(self, value: float, color: Any, width: float, dash: int = 0) -> None:
        """A line across, of dashes of so many px if any."""
        y, right = self.place(self.times[0], value)[1], self.left + self.wide
        for start in range(self.left, right, 2 * dash or self.wide):
            end = min(start + dash, right) if dash else right
            self.sheet.line([(start, y), (end, y)], color, width)

    def frame(self) -> None:
        right, bottom = self.left + self.wide, self.top + self.high
        self.sheet.frame((self.left, self.top, right, bottom))


def _wider(values: Any) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


class Sheet:
    """An image that is drawn larger and then reduced; coordinates are its own."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self.large = Image.new("RGB", (width * _FINE, height * _FINE), _PAPER)
        self.pen = ImageDraw.Draw(self.large)
        self.font = ImageFont.load_default(13 * _FINE)

    def line(self, dots: list[Any], color: Any, width: float) -> None:
        if len(dots) > 1:
            large = [(x * _FINE, y * _FINE) for x, y in dots]
            self.pen.line(large, color, round(width * _FINE), joint="curve")

    def dot(self, dot: Any, color: Any, radius: float, filled: bool) -> None:
        center = (dot[0] * _FINE, dot[1] * _FINE)
        inside, edge = (color, _INK) if filled else (_PAPER, color)
        self.pen.circle(center, radius * _FINE, inside, edge, round(1.5 * _FINE))

    def text(self, where: Any, text: str, anchor: str, color: Any = _INK) -> None:
        place = (where[0] * _FINE, where[1] * _FINE)
        self.pen.text(place, text, color, self.font, anchor)

    def length(self, text: str) -> float:
        return self.font.getlength(text) / _FINE

    def frame(self, box: Any) -> None:
        self.pen.rectangle([v * _FINE for v in box], outline=GRAY, width=_FINE)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.large.resize(self.size, Image.Resampling.BOX).save(path, optimize=True)

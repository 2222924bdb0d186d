"""Charts as SVG, which need no script and no font of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _FOOT = 560, 240, 52, 34
Points = Sequence[tuple[float, float]]


def lines(series: Mapping[str, Points], across: str, label: str) -> str:
    """Returns curves over the same axis.

    Args:
        series: The points of each curve, by its name.
        across: Name of the horizontal axis.
        label: What the chart shows, for those who cannot see it.
    """
    known = {name: [p for p in points if _whole(p)] for name, points in series.items()}
    known = {name: points for name, points in known.items() if points}
    if not known:
        return ""
    frame = _Frame([p for points in known.values() for p in points], from_zero=True)
    drawn, legend = [], []
    for number, (name, points) in enumerate(known.items()):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(frame.place, points))
        drawn.append(f'<polyline class="curve c{number}" points="{path}"/>')
        last = f"{points[-1][1]:.4g}"
        legend.append(f'<span class="key c{number}">{escape(name)}: {last}</span>')
    return _figure(frame, drawn, across, label, "".join(legend))


def dots(points: Points, shades: Sequence[float], across: str, label: str) -> str:
    """Returns points, each lighter the more its shade is near 1.

    Args:
        points: The points.
        shades: From 0 to 1, for each point.
        across: Name of the horizontal axis.
        label: What the chart shows, for those who cannot see it.
    """
    if not points:
        return ""
    frame = _Frame(points)
    drawn = []
    for point, shade in zip(points, shades, strict=True):
        x, y = frame.place(point)
        opacity = 1 - 0.8 * min(1.0, max(0.0, shade))
        drawn.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4" '
            f'opacity="{opacity:.2f}"/>'
        )
    return _figure(frame, drawn, across, label, "")


def _whole(point: tuple[float, float]) -> bool:
    return all(math.isfinite(value) for value in point)


class _Frame:
    """Axes that hold all points."""

    def __init__(self, points: Points, from_zero: bool = False) -> None:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        self.x = _span(min(xs), max(xs))
        self.y = _span(0.0 if from_zero else min(ys), max(ys))

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        """Returns where a point is drawn."""
        across = (point[0] - self.x[0]) / (self.x[1] - self.x[0])
        up = (point[1] - self.y[0]) / (self.y[1] - self.y[0])
        return (
            _LEFT + across * (_WIDTH - _LEFT - 10),
            10 + (1 - up) * (_HEIGHT - _FOOT - 10),
        )

    def drawn(self) -> str:
        """Returns the axes with the numbers at their ends."""
        bottom, right = _HEIGHT - _FOOT, _WIDTH - 10
        marks = [
            f'<path class="axis" d="M{_LEFT} 10V{bottom}H{right}"/>',
            _mark(_LEFT, bottom + 16, self.x[0], "start"),
            _mark(right, bottom + 16, self.x[1], "end"),
            _mark(_LEFT - 6, bottom, self.y[0], "end"),
            _mark(_LEFT - 6, 20, self.y[1], "end"),
        ]
        return "".join(marks)


def _mark(x: float, y: float, value: float, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{value:.3g}</text>'


def _span(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _figure(
    frame: _Frame, drawn: Sequence[str], across: str, label: str, legend: str
) -> str:
    middle = (_LEFT + _WIDTH) / 2
    name = (
        f'<text x="{middle}" y="{_HEIGHT - 4}" text-anchor="middle">'
        f"{escape(across)}</text>"
    )
    return (
        f'<figure class="chart"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{frame.drawn()}{name}{"".join(drawn)}</svg>'
        f"<figcaption>{legend or escape(label)}</figcaption></figure>"
    )

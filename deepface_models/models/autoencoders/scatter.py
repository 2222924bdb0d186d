"""Scatter plots of latent codes, colored by class."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from deepface_models.core.arrays import Array
from deepface_models.core.components import directions
from deepface_models.core.whole import whole_numbers

# Okabe and Ito's palette for color blindness, with a darker yellow, which is easier to
# see on white, and with brown and violet added.
_COLORS = (
    *((0, 114, 178), (230, 159, 0), (0, 158, 115), (213, 94, 0), (204, 121, 167)),
    *((86, 180, 233), (180, 165, 0), (0, 0, 0), (125, 60, 160), (145, 95, 45)),
)
_INK, _FRAME, _PAPER = (32, 32, 32), (150, 150, 150), (255, 255, 255)
LEFT, TOP, _BOTTOM, _TEXT = 56, 12, 52, 13  # px
_FINE = 4  # oversampling factor of points
_HUGE = 1e30  # larger codes, of a diverged training, would overflow when squared


@whole_numbers(size=1)
def latent_scatter(
    codes: Array, labels: Sequence[Any] | Array | None = None, size: int = 480
) -> Array:
    """Returns a scatter plot of codes, colored by class, with axes and a legend.

    Codes of more than two dimensions are projected on their first two principal
    components; the caption states their share of the variance. One-dimensional codes
    are plotted with the class as second axis. The axes have independent scales.

    Args:
        codes: (N, ...) such as `model.encode(images)`; codes that are not finite are
            left out, and the caption states their number.
        labels: The class of each code, numbers or text; with None all points have one
            color.
        size: Side of the plot in pixels, 100 or more.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        ValueError: There are no codes, not one label for each code, or the size is too
            small.

    Example:
        >>> latent_scatter(np.eye(3, 2), labels=[0, 1, 1]).shape
        (544, 590, 3)
    """
    codes = np.asarray(codes)
    if codes.ndim < 2 or not codes.size or size < 100:
        raise ValueError(
            f"Codes of shape {codes.shape} and size={size} were given. Expected "
            "(N, ...) with N of 1 or more, and 100 px or more. Use "
            "model.encode(images)."
        )
    flat = codes.reshape(len(codes), -1).astype("float64")
    classes = check_labels(labels, len(codes))
    finite = (np.abs(flat) < _HUGE).all(axis=1)
    points, caption = _plane(flat[finite])
    if not finite.all():
        caption += f"; left out as not finite: {int((~finite).sum())}"
    names, number = np.unique(classes, return_inverse=True)
    if flat.shape[1] == 1:
        points[:, 1] = number[finite]
    colors = _colors(len(names))
    sheet = paper(size, points, caption)
    if len(points):
        sheet = _dots(sheet, points, [colors[i] for i in number[finite]], size)
    if labels is None:
        return sheet
    return np.concatenate([sheet, _legend(names, colors, len(sheet))], axis=1)


def check_labels(labels: Sequence[Any] | Array | None, count: int) -> Array:
    """Returns labels as (count,); zeros if `labels` is None.

    Raises:
        ValueError: There is not one label for each code.
    """
    if labels is None:
        return np.zeros(count, int)
    found = np.asarray(labels)
    if found.size != count:
        raise ValueError(
            f"Labels of shape {found.shape} were given for {count} codes. Expected "
            "one label for each. Use the labels of the same examples; for one-hot "
            "labels, labels.argmax(axis=1)."
        )
    return found.reshape(-1)


def _plane(flat: Array) -> tuple[Array, str]:
    """Returns codes (N, D) as points (N, 2), and a caption for the axes."""
    if flat.shape[1] <= 2 or not len(flat):
        points = np.zeros((len(flat), 2))
        points[:, : flat.shape[1]] = flat[:, :2]
        second = "latent 2" if flat.shape[1] == 2 else "class"
        return points, f"x: latent 1, y: {second}"
    centered = flat - flat.mean(axis=0)
    axes = _directions(centered[:: -(-len(flat) // 500)])  # enough to find two
    points = np.zeros((len(flat), 2))
    points[:, : len(axes)] = centered @ axes.T
    share = (points**2).sum() / max((centered**2).sum(), 1e-300)
    return points, f"2 of {flat.shape[1]} principal components, {share:.0%} of variance"


def _directions(centered: Array) -> Array:
    """Returns the first two principal components of (N, D), (2, D)."""
    axes = directions(centered, 2)[0].T
    # A direction's sign is arbitrary: fixed here, so that images do not flip.
    strongest = np.abs(axes).argmax(axis=1)
    return np.asarray(axes * np.sign(axes[np.arange(len(axes)), strongest])[:, None])


def paper(size: int, points: Array, caption: str) -> Array:
    """Returns an empty plot with frame, ticks, numbers and caption."""
    sheet = Image.new("RGB", (LEFT + size + TOP, TOP + size + _BOTTOM), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT)
    bottom, right = TOP + size, LEFT + size
    for axis, (low, high) in enumerate(limits(points)):
        for tick in _ticks(low, high):
            at = (tick - low) / (high - low) * size
            text = f"{tick:.6g}"
            if axis == 0:
                draw.line([(LEFT + at, bottom), (LEFT + at, bottom + 4)], _FRAME)
                draw.text((LEFT + at, bottom + 6), text, _INK, font, anchor="ma")
            else:
                draw.line([(LEFT - 4, bottom - at), (LEFT, bottom - at)], _FRAME)
                draw.text((LEFT - 7, bottom - at), text, _INK, font, anchor="rm")
    draw.rectangle((LEFT, TOP, right, bottom), outline=_FRAME)
    where = (LEFT + size / 2, bottom + 28)
    draw.text(where, caption, _INK, font, anchor="ma")
    return np.array(sheet)


def _dots(sheet: Array, points: Array, colors: list[Any], size: int) -> Array:
    """Plots the points in the given order, so that no class covers the others."""
    low, high = np.array(limits(points)).T
    place = (points - low) / (high - low) * size
    place = np.column_stack([LEFT + place[:, 0], TOP + size - place[:, 1]])
    radius = 4 if len(points) <= 300 else 3 if len(points) <= 1500 else 2
    # Plotted larger and then reduced, because OpenCV's anti-aliased dots are angular.
    large = sheet.repeat(_FINE, axis=0).repeat(_FINE, axis=1)
    for (x, y), color in zip(np.rint(place * _FINE), colors, strict=True):
        cv2.circle(large, (int(x), int(y)), radius * _FINE, color, cv2.FILLED)
    whole = (sheet.shape[1], sheet.shape[0])
    return np.asarray(cv2.resize(large, whole, interpolation=cv2.INTER_AREA))


def limits(points: Array) -> list[tuple[float, float]]:
    """Returns the limits of both axes, a little wider than the points."""
    if not len(points):
        return [(-1.0, 1.0)] * 2
    found = []
    for values in points.T:
        low, high = float(values.min()), float(values.max())
        margin = 0.05 * (high - low) or max(1.0, 0.05 * abs(high))
        found.append((low - margin, high + margin))
    return found


def _ticks(low: float, high: float) -> list[float]:
    """Returns two to eight round numbers in an interval, in steps of 1, 2 or 5."""
    rough = (high - low) / 7
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * s for s in (1, 2, 5, 10) if power * s >= rough * 0.999)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [i * step for i in range(first, last + 1)]


def _legend(names: Array, colors: list[Any], height: int) -> Array:
    """Returns a column with each class's color and name, as many as fit."""
    font, line = ImageFont.load_default(_TEXT), _TEXT + 7
    lines = (height - TOP) // line
    texts = [str(name) for name in names]
    if len(texts) > lines:
        texts = [*texts[: lines - 1], f"and {len(texts) - lines + 1} more"]
    width = 34 + math.ceil(max(font.getlength(text) for text in texts))
    column = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(column)
    for i, text in enumerate(texts):
        y = TOP + i * line + line // 2
        if i < len(names) and not (len(names) > lines and i == len(texts) - 1):
            draw.ellipse((6, y - 5, 16, y + 5), fill=colors[i])
        draw.text((22, y), text, _INK, font, anchor="lm")
    return np.array(column)


def _colors(count: int) -> list[tuple[int, int, int]]:
    if count <= len(_COLORS):
        return list(_COLORS[:count])
    hues = [
        colorsys.hsv_to_rgb(i / count, 0.9, 0.55 + 0.3 * (i % 2)) for i in range(count)
    ]
    return [(round(r * 255), round(g * 255), round(b * 255)) for r, g, b in hues]

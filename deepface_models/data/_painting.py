"""Anti-aliased drawing in front of a face, and the face's coordinate frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces import MEAN_FACE_5
from deepface_models.faces._template import five_points
from deepface_models.faces.align import umeyama

Frame = tuple[Array, Array, Array]
Lights = Sequence[tuple[float, float]]

_BITS = 4  # fractional bits of cv2's coordinates
_ONE = 1 << _BITS
# Skin colors from light to dark.
_SKINS = (
    (236, 205, 184),
    (219, 172, 142),
    (190, 135, 100),
    (133, 88, 64),
    (84, 56, 43),
)


class Painting:
    """A layer of colors and coverage with anti-aliased edges.

    Args:
        size: Width and height in pixels.
    """

    def __init__(self, size: int) -> None:
        self.colors = np.zeros((size, size, 3), "uint8")
        self.cover = np.zeros((size, size), "uint8")

    def rod(
        self, points: Sequence[Array], width: float, color: Array, lights: Lights = ()
    ) -> None:
        """Draws a polyline with round ends.

        Args:
            points: The vertices, (2,) each.
            width: Width in pixels.
            color: (3,) in 0..255.
            lights: Shading as pairs of (fraction of the width, factor on the color),
                from the outside in.
        """
        for start, end in pairwise(points):
            self._draw(cv2.line, (_fixed(start), _fixed(end)), color, width=width)
        for share, light in lights:
            for start, end in pairwise(points):
                place = (_fixed(start), _fixed(end))
                self._shade(cv2.line, place, color * light, width=width * share)

    def ball(
        self, middle: Array, radius: float, color: Array, lights: Lights = ()
    ) -> None:
        """Draws a filled circle; `lights` as in `rod`, shifted to the top left."""
        self._draw(cv2.circle, (_fixed(middle), _length(radius)), color, width=-1)
        for share, light in lights:
            place = middle - radius * (1 - share) * 0.3
            where = (_fixed(place), _length(radius * share))
            self._shade(cv2.circle, where, color * light, width=-1)

    def polygon(self, points: Array, color: Array, hidden: float = 1.0) -> None:
        """Fills a polygon (N, 2); `hidden` is its opacity."""
        outline = [_fixed_all(points)]
        around = (cv2.polylines, (outline, True))
        self._draw(cv2.fillPoly, (outline,), color, hidden, outline=around)

    def ring(self, points: Array, width: float, color: Array) -> None:
        """Draws a closed polyline (N, 2), `width` px wide."""
        self._draw(cv2.polylines, ([_fixed_all(points)], True), color, width=width)

    def laid_over(self, face: Array, shadow: float = 0.0) -> tuple[Array, Array]:
        """Returns the face with the painting in front, and the painting's coverage.

        Args:
            face: (S, S, 3) uint8.
            shadow: Strength of the painting's shadow on the face, 0 to 1.

        Returns:
            (S, S, 3) uint8, and (S, S) uint8 from 0 to 255.
        """
        back = _shaded(face, self.cover, shadow) if shadow else face
        over = self.cover.astype("float32") / np.float32(255.0)
        return cv2.blendLinear(self.colors, back, over, 1.0 - over), self.cover

    def _draw(
        self,
        function: Any,
        place: tuple[Any, ...],
        color: Array,
        hidden: float = 1.0,
        width: float | None = None,
        outline: tuple[Any, tuple[Any, ...]] | None = None,
    ) -> None:
        # Colors extend by a pixel, so that anti-aliased edges do not mix with black.
        edge, where = outline or (function, place)
        self._shade(edge, where, color, max(width or 1.0, 1.0) + 2.0, cv2.LINE_8)
        self._shade(function, place, color, width, cv2.LINE_8)
        _stroke(function, self.cover, place, hidden * 255.0, width, cv2.LINE_AA)

    def _shade(
        self,
        function: Any,
        place: tuple[Any, ...],
        color: Array,
        width: float | None = None,
        kind: int = cv2.LINE_AA,
    ) -> None:
        paint = [min(max(level, 0.0), 255.0) for level in color.tolist()]
        _stroke(function, self.colors, place, paint, width, kind)


def _stroke(
    function: Any,
    canvas: Array,
    place: tuple[Any, ...],
    color: Any,
    width: float | None,
    kind: int,
) -> None:
    thick = () if width is None else (-1 if width < 0 else max(1, round(width)),)
    function(canvas, *place, color, *thick, lineType=kind, shift=_BITS)


def face_frame(landmarks: Array) -> Frame:
    """Returns the mean face's unit square on this face: origin, right and down.

    The vector down extends from the brows to the chin; both vectors are equally long.
    """
    matrix = umeyama(MEAN_FACE_5, five_points(landmarks))
    return matrix[:, 2], matrix[:, 0], matrix[:, 1]


def skin_color(face: Array, frame: Frame, rng: np.random.Generator) -> Array:
    """Returns the face's skin color or, one time in four, another, (3,) in 0..255."""
    if rng.random() < 0.25:
        color = np.array(_SKINS[rng.integers(len(_SKINS))], "float64")
    else:
        color = _middle_color(face, frame)
    return np.asarray(color * rng.uniform(0.8, 1.15) * rng.uniform(0.95, 1.05, 3))


def _middle_color(face: Array, frame: Frame) -> Array:
    origin, across, down = frame
    middle = origin + across / 2 + down * 0.4
    reach, last = 0.25 * float(np.linalg.norm(down)), face.shape[0] - 1
    low, high = (np.clip(middle + s * reach, 0, last).astype(int) for s in (-1, 1))
    part = face[low[1] : high[1] + 1, low[0] : high[0] + 1]
    return np.asarray(np.median(part.reshape(-1, 3), axis=0))


def _shaded(face: Array, cover: Array, shadow: float) -> Array:
    reach = face.shape[0] * 0.03
    soft = cv2.GaussianBlur(cover, (0, 0), reach)
    light = 1.0 - soft.astype("float32") * np.float32(shadow / 255.0)
    return cv2.multiply(face, cv2.merge([light] * 3), dtype=cv2.CV_8U)


def _fixed(point: Array) -> tuple[int, int]:
    x, y = point.tolist()
    return round(x * _ONE), round(y * _ONE)


def _length(radius: float) -> int:
    return max(1, round(radius * _ONE))


def _fixed_all(points: Array) -> Array:
    return np.asarray(np.rint(points * _ONE), "int32")

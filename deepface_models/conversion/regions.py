"""The part of a frame that a face covers, and how to warp the face there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from deepface_models.conversion.blend import Blend, mask_side
from deepface_models.core.arrays import Array, as_float
from deepface_models.faces.align import invert, transform_points, warp


@dataclass(frozen=True)
class Region:
    """A rectangle of whole pixels within a frame; right and bottom are excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index that cuts the region out of an image."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top

    @property
    def area(self) -> int:
        """Width times height."""
        return math.prod(self.size)

    def slices_in(self, outer: Region) -> tuple[slice, slice]:
        """Index that cuts the region out of the image of another one around it."""
        x, y = outer.left, outer.top
        return Region(
            self.left - x, self.top - y, self.right - x, self.bottom - y
        ).slices

    def grown(self, rows: int, within: Region) -> Region:
        """Returns the region with more rows above and below, as far as there are."""
        top, bottom = max(self.top - rows, within.top), self.bottom + rows
        return Region(self.left, top, self.right, min(bottom, within.bottom))

    def padded(self, pixels: int, within: Region) -> Region:
        """Returns the region with so many pixels more at each side, if they exist."""
        return Region(
            max(self.left - pixels, within.left),
            max(self.top - pixels, within.top),
            min(self.right + pixels, within.right),
            min(self.bottom + pixels, within.bottom),
        )

    def scaled(self, times: int) -> Region:
        """Returns the same place in an image so many times as large."""
        ends = self.left, self.top, self.right, self.bottom
        return Region(*(times * end for end in ends))

    def moved(self, x: int, y: int) -> Region:
        """Returns the region shifted by (x, y) pixels."""
        return Region(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def divided(self, times: int) -> Region:
        """Returns the same place in an image so many times as small."""
        ends = self.left, self.top, self.right, self.bottom
        return Region(*(end // times for end in ends))

    def even(self, within: Region) -> Region | None:
        """Returns the region a little larger, with even ends; None if it has no room.

        `within` begins at an even pixel.
        """
        left, top = self.left // 2 * 2, self.top // 2 * 2
        right, bottom = (self.right + 1) // 2 * 2, (self.bottom + 1) // 2 * 2
        if right > within.right or bottom > within.bottom:
            return None
        return Region(left, top, right, bottom)

    def bordered(self, image: Array, outer: Region, border: int) -> Array:
        """Returns the image of the region with a border up to that of another one."""
        top, bottom = self.top - outer.top, outer.bottom - self.bottom
        left, right = self.left - outer.left, outer.right - self.right
        return np.asarray(cv2.copyMakeBorder(image, top, bottom, left, right, border))

    def strips(self, area: int) -> Iterator[Region]:
        """Yields regions of about `area` pixels, from top to bottom."""
        rows = max(1, area // self.size[0])
        for top in range(self.top, self.bottom, rows):
            bottom = min(top + rows, self.bottom)
            yield Region(self.left, top, self.right, bottom)


def region_of(
    mask: Array, matrix: Array, frame_shape: Any, blend: Blend | None = None
) -> Region | None:
    """Returns the part of the frame that can change, or None if nothing can.

    Args:
        mask: (S, S) in [0, 1].
        matrix: (2, 3), from pixels of the frame to pixels of the mask.
        frame_shape: (H, W, ...).
        blend: The blend, which may reach beyond the mask; None for the mask alone.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    x, y = (columns[0] - 1, columns[-1] + 1), (rows[0] - 1, rows[-1] + 1)
    placed = transform_points([[a, b] for a in x for b in y], invert(matrix))
    margin = _margin(mask, frame_scale(matrix), blend)
    left, top = np.floor(placed.min(0)).astype(int) - margin
    right, bottom = np.ceil(placed.max(0)).astype(int) + margin + 1
    height, width = frame_shape[:2]
    left, top = max(int(left), 0), max(int(top), 0)
    right, bottom = min(int(right), width), min(int(bottom), height)
    if right <= left or bottom <= top:
        return None
    return Region(left, top, right, bottom)


def place(face: Array, matrix: Array, region: Region) -> Array:
    """Warps an aligned face into a region; pixels beyond the face repeat its edge."""
    return _warp(face, matrix, region, cv2.BORDER_REPLICATE)


def place_mask(mask: Array, matrix: Array, region: Region) -> Array:
    """Warps an aligned mask into a region: (h, w) float32, 0 beyond the mask."""
    placed = _warp(np.asarray(mask, np.float32), matrix, region, cv2.BORDER_CONSTANT)
    return np.clip(placed, 0.0, 1.0)


def inside_frame(matrix: Array, image_size: int, frame_shape: Any) -> Array:
    """Returns which pixels of an aligned face lie within the frame, (S, S) bool."""
    height, width = frame_shape[:2]
    limit = np.array([width - 0.5, height - 0.5])

    def inside(points: Any) -> Array:
        there = transform_points(points, invert(matrix))
        return np.all((there >= -0.5) & (there <= limit), axis=-1)

    last = image_size - 1
    if inside([[0, 0], [last, 0], [0, last], [last, last]]).all():
        return np.ones((image_size, image_size), bool)
    steps, back = np.arange(image_size), invert(matrix)
    x, y = (a * steps + (b * steps + c)[:, None] for a, b, c in back)
    return (x >= -0.5) & (x <= limit[0]) & (y >= -0.5) & (y <= limit[1])


def frame_scale(matrix: Array) -> float:
    """Returns the width of one pixel of the aligned face in frame pixels."""
    determinant = abs(float(np.linalg.det(np.asarray(matrix, np.float64)[:, :2])))
    return 1 / math.sqrt(max(determinant, 1e-12))


def reduced(frame: Array, region: Region, times: int) -> tuple[Array, Array]:
    """Returns a region about `times` smaller, float32, and the matrix to its pixels.

    Args:
        frame: (H, W, 3), uint8 or float in [0, 1].
        region: The part of it.
        times: How many pixels become one, in each direction.

    Returns:
        (h, w, 3) in [0, 1], and (2, 3), from pixels of the frame.
    """
    size = [max(1, round(side / times)) for side in region.size]
    small = cv2.resize(frame[region.slices], size, interpolation=cv2.INTER_AREA)
    ratio = np.array(size) / region.size
    corner = np.array([region.left, region.top]) - 0.5
    return as_float(np.asarray(small)), np.column_stack(
        [np.diag(ratio), -corner * ratio - 0.5]
    )


def compose(matrix: Array, first: Array) -> Array:
    """Returns the (2, 3) matrix that does what `first` does, and then `matrix`."""
    shift = matrix[:, :2] @ first[:, 2] + matrix[:, 2]
    return np.column_stack([matrix[:, :2] @ first[:, :2], shift])


def _margin(mask: Array, scale: float, blend: Blend | None) -> int:
    # Five percent more: the blend measures the mask's size in the frame.
    side = 1.05 * scale * mask_side(mask)
    return 2 + (0 if blend is None else blend.reach_of(side))


def _warp(image: Array, matrix: Array, region: Region, border: int) -> Array:
    back = invert(matrix)
    back[:, 2] -= (region.left, region.top)
    return warp(image, back, *region.size, border)

"""Puts an aligned face back into its frame, working only on the part that changes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from deepface_models.conversion.blend import BLENDS, Blend, add_correction, mask_side
from deepface_models.conversion.grain import Grain
from deepface_models.conversion.halved import TIMES, HalvedChange
from deepface_models.conversion.regions import (
    Region,
    compose,
    frame_scale,
    place,
    place_mask,
    reduced,
    region_of,
)
from deepface_models.conversion.sharpen import sharpen as sharpen_image
from deepface_models.core.arrays import Array, as_float
from deepface_models.core.choices import choose
from deepface_models.faces.align import invert

# Pixels of a region above which it is blended at a reduced size; one frame of 4K video
# is below it. Blending takes up to 100 bytes a pixel.
LARGE = 2**23
_REDUCED = 2**22  # most pixels after that
_STRIP = 2**20  # pixels worked on at once
# Scale from which a face is blended at half the size, which has two pixels for each one
# that the model made.
_ENLARGED = 4.0
_OVERLAP = 32  # rows that a strip shares with the next one
_TINT = np.array([0.1, 0.9, 0.3], np.float32)


@dataclass(frozen=True, eq=False)
class PlacedFace:
    """A face warped to its place in a frame.

    Attributes:
        region: The part of the frame that can change, of h x w pixels.
        image: (h, w, 3) float32 in [0, 1], the face; beyond it, its edge repeated.
        mask: (h, w) float32 in [0, 1], 0 beyond the face.
    """

    region: Region
    image: Array
    mask: Array


def paste_face(
    face: Array,
    mask: Array,
    frame: Array,
    matrix: Array,
    blend: str = "laplacian",
    sharpen: float | Array = 0.0,
    grain: Grain | None = None,
) -> Array:
    """Blends an aligned face into its frame.

    Args:
        face: (S, S, 3), uint8 or float in [0, 1].
        mask: (S, S) in [0, 1].
        frame: (H, W, 3), uint8 or float in [0, 1]; not changed.
        matrix: (2, 3), from pixels of the frame to pixels of `face`.
        blend: One of `BLENDS`.
        sharpen: Amount of sharpening at the frame's resolution, one or (S, S); 0 for
            none.
        grain: Noise to add at the frame's resolution, or None.

    Returns:
        The result, with the shape and dtype of `frame`; `frame` itself if the mask does
        not touch it.

    Raises:
        ValueError: There is no such blend.

    Example:
        >>> face, mask = np.ones((64, 64, 3)), np.ones((64, 64))
        >>> frame = np.zeros((90, 120, 3), np.uint8)
        >>> paste_face(face, mask, frame, np.eye(2, 3)).shape
        (90, 120, 3)
    """
    aligned, method, region = _located(face, mask, frame, matrix, blend, sharpen, grain)
    if region is None:
        return frame
    result = frame.copy()
    for part, pixels in _blended(aligned, frame, method, region):
        result[part.slices] = pixels
    return result


def place_face(
    face: Array,
    mask: Array,
    frame: Array,
    matrix: Array,
    blend: str = "laplacian",
    sharpen: float | Array = 0.0,
    grain: Grain | None = None,
) -> PlacedFace | None:
    """Warps an aligned face to its place in a frame; None if nothing of it is there.

    The arguments are those of `paste_face`, which blends what this returns.
    """
    aligned, _, region = _located(face, mask, frame, matrix, blend, sharpen, grain)
    return None if region is None else aligned.placed(region)


@dataclass(frozen=True, eq=False)
class _Aligned:
    """An aligned face to be pasted; see `paste_face`."""

    image: Array
    mask: Array
    matrix: Array
    sharpen: float | Array
    grain: Grain | None

    def placed(self, region: Region) -> PlacedFace:
        """Returns the face in its place in a region."""
        image = place(self.image, self.matrix, region)
        np.clip(image, 0.0, 1.0, out=image)
        radius = max(1.0, frame_scale(self.matrix))
        amount = self.sharpen
        if isinstance(amount, np.ndarray):
            amount = place(amount, self.matrix, region)
        image = sharpen_image(image, amount, radius)
        if self.grain is not None:
            image = self.grain.added(image, region.left, region.top)
        return PlacedFace(region, image, place_mask(self.mask, self.matrix, region))

    def placed_inside(self, region: Region, frame_shape: Any) -> PlacedFace:
        """Returns the face in its place; beyond the mask, its edge is repeated.

        That is several times as fast in a region that is much larger than the mask.
        """
        inner = region_of(self.mask, self.matrix, frame_shape)
        if inner is None:
            return self.placed(region)
        # So far the sharpening of a pixel sees its neighbors.
        reach = math.ceil(3 * max(1.0, frame_scale(self.matrix)))
        inner = inner.padded(reach if np.any(self.sharpen) else 0, region)
        placed = self.placed(inner)
        return PlacedFace(
            region,
            inner.bordered(placed.image, region, cv2.BORDER_REPLICATE),
            inner.bordered(placed.mask, region, cv2.BORDER_CONSTANT),
        )


def _located(
    face: Array,
    mask: Array,
    frame: Array,
    matrix: Array,
    blend: str,
    sharpen: float | Array,
    grain: Grain | None,
) -> tuple[_Aligned, Blend, Region | None]:
    """Returns the face, the blend, and the region that changes or None."""
    method = BLENDS[choose("blend", blend, BLENDS)]
    region = region_of(mask, matrix, frame.shape, method)
    return _Aligned(as_float(face), mask, matrix, sharpen, grain), method, region


def halved_change(
    face: Array,
    mask: Array,
    frame: Array,
    matrix: Array,
    blend: str = "laplacian",
    sharpen: float | Array = 0.0,
    grain: Grain | None = None,
) -> HalvedChange | None:
    """Returns what pasting an enlarged face changes, at half the frame's size.

    None if the face is not so much enlarged, or nothing of it is in the frame; then use
    `paste_face`, which takes the same arguments.
    """
    found = _located(face, mask, frame, matrix, blend, sharpen, grain)
    return _halved(*found, frame)


def is_halved(blend: Blend, matrix: Array) -> bool:
    """Whether a face is enlarged so much that a blend works at half the size."""
    return blend.power is not None and frame_scale(matrix) >= _ENLARGED


def _halved(
    face: _Aligned, blend: Blend, region: Region | None, frame: Array
) -> HalvedChange | None:
    if region is None or region.area > LARGE or not is_halved(blend, face.matrix):
        return None
    even = region.even(Region(0, 0, frame.shape[1], frame.shape[0]))
    if even is None:
        return None
    small, to_small = reduced(frame, even, TIMES)
    whole = Region(0, 0, small.shape[1], small.shape[0])
    less = replace(face, matrix=compose(face.matrix, invert(to_small)), grain=None)
    placed = less.placed_inside(whole, small.shape)
    told: list[int] = []
    if blend.reach is not None:
        told = [blend.reach_of(TIMES * mask_side(placed.mask)) // TIMES]
    added = cv2.subtract(blend(placed.image, small, placed.mask, *told), small)
    power = int(blend.power or 1)
    return HalvedChange(even, small, added, placed.mask, power, face.grain)


def _blended(
    face: _Aligned, frame: Array, blend: Blend, region: Region
) -> Iterator[tuple[Region, Array]]:
    """Yields parts of a frame and their new pixels."""
    if region.area > LARGE:
        yield from _blend_large(face, frame, blend, region)
        return
    change = _halved(face, blend, region, frame)
    if change is not None:
        yield change.region, change.pixels(frame)
        return
    placed = face.placed_inside(region, frame.shape)
    yield region, blend(placed.image, frame[region.slices], placed.mask)


def _blend_large(
    face: _Aligned, frame: Array, blend: Blend, region: Region
) -> Iterator[tuple[Region, Array]]:
    """Yields strips of the region and their pixels; takes less memory than `_blend`.

    What is left of frame and face at a reduced size is blended as a whole, the finer
    detail of both strip by strip. Blends are nearly linear, so both parts add up.
    """
    times = 2 ** math.ceil(math.log2(region.area / _REDUCED) / 2)
    small, to_small = reduced(frame, region, times)
    whole = Region(0, 0, small.shape[1], small.shape[0])
    # Grain is finer than what is left there.
    less = replace(face, matrix=compose(face.matrix, invert(to_small)), grain=None)
    placed = less.placed(whole)
    reach = blend.reach_of(times * mask_side(placed.mask))
    changed = blend(placed.image, small, placed.mask, reach // times) - small
    plain = replace(face, sharpen=0.0)  # the detail is not sharpened
    image = replace(less, sharpen=0.0).placed(whole).image
    for strip in region.strips(_STRIP):
        wide = strip.grown(_OVERLAP, region)
        there = plain.placed(wide)
        mine = there.image - place(image, to_small, wide) + 0.5
        frames = as_float(frame[wide.slices]) - place(small, to_small, wide) + 0.5
        detail = blend(mine, frames, there.mask, min(reach, _OVERLAP)) - frames
        detail = detail[strip.slices_in(wide)]
        changes = detail + place(changed, to_small, strip)
        yield strip, add_correction(frame[strip.slices], changes)


def tint(mask: Array, frame: Array, matrix: Array) -> Array:
    """Returns the frame with the masked pixels colored green, to check the mask."""
    region = region_of(mask, matrix, frame.shape)
    if region is None:
        return frame
    result = frame.copy()
    for strip in region.strips(_STRIP):
        alpha = place_mask(mask, matrix, strip)[..., None] * 0.6
        part = frame[strip.slices]
        result[strip.slices] = add_correction(part, alpha * (_TINT - as_float(part)))
    return result

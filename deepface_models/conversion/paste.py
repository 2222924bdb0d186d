"""Puts an aligned face back into its frame, working only on the part that changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from deepface_models.conversion.blend import BLENDS, Blend, mask_side
from deepface_models.conversion.sharpen import sharpen as sharpen_image
from deepface_models.core.arrays import Array, as_float
from deepface_models.core.choices import choose
from deepface_models.faces.align import invert, transform_points, warp

_TINT = np.array([0.1, 0.9, 0.3], np.float32)


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
    sharpen: float = 0.0,
) -> Array:
    """Blends an aligned face into its frame.

    Args:
        face: (S, S, 3), uint8 or float in [0, 1].
        mask: (S, S) in [0, 1].
        frame: (H, W, 3), uint8 or float in [0, 1]; not changed.
        matrix: (2, 3), from pixels of the frame to pixels of `face`.
        blend: One of `BLENDS`.
        sharpen: Amount of sharpening at the frame's resolution; 0 for none.

    Returns:
        The result, with the shape and dtype of `frame`; `frame` itself if the mask does
        not touch it.

    Raises:
        ValueError: There is no such blend.
    """
    placed = place_face(face, mask, frame, matrix, blend, sharpen)
    return frame if placed is None else blend_face(placed, frame, blend)


def place_face(
    face: Array,
    mask: Array,
    frame: Array,
    matrix: Array,
    blend: str = "laplacian",
    sharpen: float = 0.0,
) -> PlacedFace | None:
    """Warps an aligned face to its place in a frame; None if nothing of it is there.

    The arguments are those of `paste_face`.
    """
    method = BLENDS[choose("blend", blend, BLENDS)]
    region = region_of(mask, matrix, frame.shape, method)
    if region is None:
        return None
    image = np.clip(place(as_float(face), matrix, region), 0.0, 1.0)
    image = sharpen_image(image, sharpen, max(1.0, frame_scale(matrix)))
    return PlacedFace(region, image, place_mask(mask, matrix, region))


def blend_face(placed: PlacedFace, frame: Array, blend: str = "laplacian") -> Array:
    """Returns the frame with a placed face blended into it."""
    part = placed.region.slices
    result = frame.copy()
    result[part] = BLENDS[blend](placed.image, frame[part], placed.mask)
    return result


def tint(mask: Array, frame: Array, matrix: Array) -> Array:
    """Returns the frame with the masked pixels colored green, to check the mask."""
    region = region_of(mask, matrix, frame.shape)
    if region is None:
        return frame
    part = as_float(frame[region.slices])
    alpha = place_mask(mask, matrix, region)[..., None] * 0.6
    mixed = part + alpha * (_TINT - part)
    result = frame.copy()
    if frame.dtype == np.uint8:
        mixed = np.rint(mixed * 255)
    result[region.slices] = mixed.astype(frame.dtype)
    return result


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
    steps = np.arange(image_size)
    return inside(np.stack(np.meshgrid(steps, steps), -1))


def resize_matrix(matrix: Array, old: int, new: int) -> Array:
    """Returns the matrix for the same aligned face in another size."""
    ratio = new / old
    resized = np.asarray(matrix, np.float64) * ratio
    resized[:, 2] += 0.5 * ratio - 0.5
    return resized


def frame_scale(matrix: Array) -> float:
    """Returns the width of one pixel of the aligned face in frame pixels."""
    determinant = abs(float(np.linalg.det(np.asarray(matrix, np.float64)[:, :2])))
    return 1 / math.sqrt(max(determinant, 1e-12))


def _margin(mask: Array, scale: float, blend: Blend | None) -> int:
    # Five percent more: the blend measures the mask's size in the frame.
    side = 1.05 * scale * mask_side(mask)
    return 2 + (0 if blend is None else blend.reach_of(side))


def _warp(image: Array, matrix: Array, region: Region, border: int) -> Array:
    back = invert(matrix)
    back[:, 2] -= (region.left, region.top)
    width, height = region.right - region.left, region.bottom - region.top
    return warp(image, back, width, height, border)

"""Frames of which only the part around the faces to swap is converted to RGB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from deepface_models.conversion.blend import BLENDS
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.plan import SwapPlan
from deepface_models.conversion.regions import Region, region_of
from deepface_models.faces.align import resize_matrix
from deepface_models.faces.face import Face
from deepface_models.media import VideoFrame

# Side of the mask that stands for all of an aligned face, in pixels; pixels around what
# is swapped there, for the alignment and for inexact colors at the edge.
_SIDE, _AROUND = 16, 16


@dataclass
class PartFrame(VideoFrame):
    """A frame whose `image` is only the part around the faces to swap.

    Attributes:
        rows: The rows of the part in the whole frame.
        columns: Its columns.
    """

    rows: slice = field(default_factory=lambda: slice(0, 0))
    columns: slice = field(default_factory=lambda: slice(0, 0))

    @property
    def corner(self) -> tuple[int, int]:
        """X and y at which the part begins in the whole frame."""
        return self.columns.start, self.rows.start

    def inside(self, found: tuple[int, Face] | None) -> tuple[int, Face] | None:
        """Returns a face of the whole frame, with its track, in pixels of the part."""
        if found is None:
            return None
        track, face = found
        x, y = self.corner
        matrix = np.array(face.matrix, np.float64)
        matrix[:, 2] += matrix[:, :2] @ (x, y)
        points = face.landmarks - np.array([x, y], np.float32)
        box = face.box.moved(-x, -y)
        return track, replace(face, box=box, matrix=matrix, landmarks=points)


def cut_parts(
    frames: Iterable[VideoFrame], swaps: Sequence[tuple[Converter, SwapPlan]]
) -> Iterator[VideoFrame]:
    """Converts the part of each stored frame that the swaps need.

    Args:
        frames: From `media.video.read_stored`; those with an image do not change.
        swaps: The converter of each person and the faces to swap.
    """
    for frame in frames:
        yield frame if frame.stored is None else _part_of(frame, swaps)


def _part_of(
    frame: VideoFrame, swaps: Sequence[tuple[Converter, SwapPlan]]
) -> PartFrame:
    made = PartFrame(**vars(frame))
    if frame.stored is None:
        return made
    width, height = frame.stored.size
    found = [(c, plan.faces.get(frame.index)) for c, plan in swaps]
    places = [_changing(c, one[1], (height, width)) for c, one in found if one]
    regions = [region for region in places if region is not None]
    if regions:
        rows = slice(min(r.top for r in regions), max(r.bottom for r in regions))
        columns = slice(min(r.left for r in regions), max(r.right for r in regions))
        made.rows, made.columns, made.image = frame.stored.around(rows, columns)
    return made


def _changing(
    converter: Converter, face: Face, shape: tuple[int, int]
) -> Region | None:
    """Returns what a swap reads and changes of a frame, at most."""
    whole = Region(0, 0, shape[1], shape[0])
    matrix = resize_matrix(face.matrix, face.image_size, _SIDE)
    mask = np.ones((_SIDE, _SIDE), np.float32)
    region = region_of(mask, matrix, shape, BLENDS[converter.blend])
    return None if region is None else region.padded(_AROUND, whole)

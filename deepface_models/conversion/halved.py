"""What an enlarged face changes of its frame, found at half the frame's size.

All that the model made is there at half the size. Of the frame, the finer detail fades
along the mask, and the grain takes its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from deepface_models.conversion.blend import add_correction
from deepface_models.conversion.grain import Grain
from deepface_models.conversion.pyramid import covered
from deepface_models.conversion.pyramid import times as product
from deepface_models.conversion.regions import Region
from deepface_models.core.arrays import Array, as_float
from deepface_models.media.planes import Samples

TIMES = 2


@dataclass(frozen=True, eq=False)
class HalvedChange:
    """The change of a frame by a face, at half the frame's size.

    Attributes:
        region: The part of the frame that can change; its ends are even.
        small: (h, w, 3) float32 in [0, 1], the frame's part at half the size.
        added: (h, w, 3) float32, what the face adds to it.
        mask: (h, w) float32 in [0, 1], the face's mask.
        power: The frame's detail fades with the mask to this power.
        grain: Noise that takes the detail's place, or None.
    """

    region: Region
    small: Array
    added: Array
    mask: Array
    power: int
    grain: Grain | None

    def pixels(self, frame: Array) -> Array:
        """Returns the region of the changed frame.

        Args:
            frame: (H, W, 3), uint8 or float in [0, 1].
        """
        changes = _enlarged(self.added, _whole(self.small))
        inner = self._inner()
        if inner is not None:
            place = inner.scaled(TIMES)
            there = place.moved(self.region.left, self.region.top)
            detail = _finer(frame[there.slices], _enlarged(self.small, inner))
            if self.grain is not None:
                noise = self.grain.unscaled(there.left, there.top, detail.shape)
                cv2.scaleAdd(noise, -self.grain.level, detail, dst=detail)
            changes[place.slices] -= product(detail, self._weight(inner))
        return add_correction(frame[self.region.slices], changes)

    def put(self, samples: Samples, corner: tuple[int, int]) -> None:
        """Changes the samples of a frame instead of its pixels, in a third of the time.

        Colors have half the size there, too, so they need not be enlarged.

        Args:
            samples: Those of the frame; changed.
            corner: Even x and y in the frame at which pixels of `region` begin.
        """
        region = self.region.moved(*corner)
        scale = np.asarray(samples.to_yuv[:, :3] * 255, np.float32)
        bright, *colors = cv2.split(cv2.transform(self.added, scale))
        luma, *halves = samples.planes
        for plane, added in zip(halves, colors, strict=True):
            _add(plane[region.divided(TIMES).slices], added)
        there = luma[region.slices]
        changes = _enlarged(bright, _whole(bright))
        inner = self._inner()
        if inner is not None:
            level = float(scale[0].sum())
            place = inner.scaled(TIMES)
            detail = self._fading(there, inner, level)
            part = changes[place.slices]
            cv2.subtract(part, cv2.multiply(detail, self._weight(inner)), dst=part)
        _add(there, changes)

    def _fading(self, luma: Array, inner: Region, level: float) -> Array:
        """Returns the detail of the brightness minus its grain, float32 in levels."""
        place = inner.scaled(TIMES)
        size = self.small.shape[1::-1]
        small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        own, less = luma[place.slices], _enlarged(small, inner)
        detail = cv2.subtract(own, less, dtype=cv2.CV_32F)
        if self.grain is not None:
            left, top = self.region.left + place.left, self.region.top + place.top
            noise = self.grain.unscaled(left, top, detail.shape)
            cv2.scaleAdd(noise, -level * self.grain.level, detail, dst=detail)
        return detail

    def _inner(self) -> Region | None:
        """Returns the part of the small image that the mask covers."""
        part = covered(self.mask)
        if part is None:
            return None
        return Region(part[1].start, part[0].start, part[1].stop, part[0].stop)

    def _weight(self, inner: Region) -> Array:
        weight = np.clip(_enlarged(self.mask, inner), 0.0, 1.0)
        return np.asarray(weight**self.power)


def _whole(image: Array) -> Region:
    return Region(0, 0, image.shape[1], image.shape[0])


def _add(part: Array, changes: Array) -> None:
    """Adds float32 to uint8, rounded and clipped."""
    part[:] = cv2.add(part, changes, dtype=cv2.CV_8U)


def _enlarged(small: Array, part: Region) -> Array:
    """Returns a part of an image, (h, w) or (h, w, 3) float32, enlarged."""
    wide = part.padded(2, _whole(small))  # as many pixels as the cubic sees
    size = TIMES * wide.size[0], TIMES * wide.size[1]
    large = cv2.resize(small[wide.slices], size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large[part.scaled(TIMES).slices_in(wide.scaled(TIMES))])


def _finer(frame: Array, less: Array) -> Array:
    """Returns what a frame has beyond its reduced and enlarged image, float32."""
    if frame.dtype == np.uint8:  # at once, so faster
        return cv2.addWeighted(frame, 1 / 255, less, -1, 0, dtype=cv2.CV_32F)
    return as_float(frame) - less

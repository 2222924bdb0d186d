"""How sharp the frame's face is, and how much sharpening the decoded face needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import cv2
import numpy as np

from deepface_models.conversion import grain, masks
from deepface_models.conversion.regions import (
    Region,
    frame_scale,
    place,
    place_mask,
    region_of,
)
from deepface_models.conversion.sharpen import Sharpener
from deepface_models.core.arrays import Array, as_float

# Of sharpening, at which the decoded face is measured; negative ones soften. More than
# the last makes edges look cut out.
AMOUNTS = (-1.0, 0.0, 1.0, 2.0)
_PLAIN = AMOUNTS.index(0.0)
_LARGE = 3.0  # most amount times the scale, within the last two of them
_ROUGHER = 1.25  # most noise of sharpened skin, in that of the frame's or of its own
_STEPS = 31  # amounts that are tried
_MOST = 256  # px, side of the part of a face that is measured
_INSIDE = 0.1  # of the face's size, left out at the edge of the mask
_FEWEST = 200  # pixels of a face from which its detail is measured


class Needed(NamedTuple):
    """What gives a decoded face the detail of its frame.

    Attributes:
        amount: Sharpening of eyes, brows and mouth.
        level: Level of the grain.
        width: Width of the grain.
        on_skin: Sharpening of the skin, at most `amount`: less where it would become
            much rougher than it is and than that of the frame.
    """

    amount: float
    level: float
    width: float
    on_skin: float


@dataclass(frozen=True)
class Detail:
    """Detail and noise of the frame's face, and of the decoded face placed there.

    Attributes:
        frame: Variance of the Laplacian of the frame's face.
        face: (K,) that of the decoded face sharpened by each of `AMOUNTS`.
        noise: Level of the noise in the frame's skin.
        face_noise: (K,) that in the decoded skin, sharpened likewise.
        correlation: Correlation of neighboring pixels of the frame's noise.
    """

    frame: float
    face: Array
    noise: float
    face_noise: Array
    correlation: float

    def solve(self, gain: float = 1.0, scale: float = 1.0) -> Needed:
        """Returns the sharpening and the grain that give a face its frame's detail.

        A negative amount softens a face that is sharper than its frame. Grain makes
        up for the noise that the decoded skin lacks, sharpening for the rest of the
        detail.

        Args:
            gain: Factor by which the color transfer changes the face's contrast.
            scale: Width of one pixel of the decoded face in frame pixels. The larger,
                the less sharpening makes edges look cut out.
        """
        most = np.clip(_LARGE / max(scale, 1e-6), 1.0, AMOUNTS[-1])
        amounts = np.linspace(AMOUNTS[0], most, _STEPS)
        # Standard deviations grow about linearly with the amount.
        spread = gain * np.interp(amounts, AMOUNTS, np.sqrt(self.face))
        noise = gain * np.interp(amounts, AMOUNTS, self.face_noise)
        width = grain.width_of(self.correlation)
        missing = np.maximum(self.noise**2 - noise**2, 0.0)
        detail = spread**2 + missing * grain.laplacian_variance(width)
        enough = np.flatnonzero(detail >= self.frame)
        chosen = int(enough[0]) if len(enough) else _STEPS - 1
        # Sharpened further, freckles and pores would become blotches.
        own = gain * float(self.face_noise[_PLAIN])
        calm = noise <= _ROUGHER * max(self.noise, own)
        on_skin = min(chosen, int(np.flatnonzero(calm)[-1]))
        level = float(np.sqrt(missing[on_skin]))
        return Needed(float(amounts[chosen]), level, width, float(amounts[on_skin]))


def mean_detail(measured: Sequence[tuple[float, Detail | None]]) -> Detail | None:
    """Returns the mean of several measurements, each with its weight; None without."""
    known = [(weight, one) for weight, one in measured if one is not None]
    if not known:
        return None
    weights = [weight for weight, _ in known]
    means: dict[str, Any] = {
        field.name: np.average(
            [getattr(one, field.name) for _, one in known], 0, weights
        )
        for field in fields(Detail)
    }
    return Detail(**means)


def measure(
    image: Array, mask: Array, skin: Array, frame: Array, matrix: Array
) -> Detail | None:
    """Measures a decoded face at its place in the frame, and the frame's face there.

    Args:
        image: (S, S, 3) float32 in [0, 1], the decoded face.
        mask: (S, S) in [0, 1], the pixels to swap.
        skin: (S, S) in [0, 1], which of them are skin.
        frame: (H, W, 3), uint8 or float in [0, 1].
        matrix: (2, 3), from pixels of the frame to pixels of the face.

    Returns:
        The detail; None if too little of the face is visible.
    """
    inside = masks.erode(mask, _INSIDE)
    region = region_of(inside, matrix, frame.shape)
    if region is None:
        return None
    region = _middle(region)
    where = place_mask(inside, matrix, region) > 0.9
    smooth = where & (place_mask(skin, matrix, region) > 0.9)
    there = _gray(as_float(frame[region.slices]))
    noise = grain.measure(there, smooth)
    if noise is None or where.sum() < _FEWEST:
        return None
    face = np.clip(place(_gray(image), matrix, region), 0.0, 1.0)
    sharpener = Sharpener(face, max(1.0, frame_scale(matrix)))
    sharpened = [sharpener.by(amount) for amount in AMOUNTS]
    return Detail(
        _variance(there, where),
        np.array([_variance(one, where) for one in sharpened]),
        noise.level,
        np.array([grain.level_of(one, smooth) for one in sharpened]),
        noise.correlation,
    )


def contrast(image: Array, changed: Array, where: Array) -> float:
    """Returns the factor between the detail of two versions of an aligned face.

    Args:
        image: (S, S, 3) float32.
        changed: The same face in other colors.
        where: (S, S) bool, the pixels that count.
    """
    if not where.any():
        return 1.0
    before, after = (_variance(_gray(one), where) for one in (image, changed))
    return float(np.sqrt(after / before)) if before > 0 else 1.0


def _middle(region: Region) -> Region:
    """Returns the middle of a large region, which is enough to measure it."""
    spare = [max(0, side - _MOST) for side in region.size]
    left, top = region.left + spare[0] // 2, region.top + spare[1] // 2
    size = [min(side, _MOST) for side in region.size]
    return Region(left, top, left + size[0], top + size[1])


def _gray(image: Array) -> Array:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def _variance(gray: Array, where: Array) -> float:
    return float(np.asarray(cv2.Laplacian(gray, cv2.CV_32F))[where].var())

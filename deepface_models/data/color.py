"""Random changes of lighting and colors: LAB, local contrast, HSV."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data.augmentation import Augmentation

_LEVELS = np.arange(256.0)


def shift_lab(image: Array, lightness: float, a: float, b: float) -> Array:
    """Shifts the channels of LAB toward their maximum or minimum.

    Args:
        image: (H, W, 3) RGB uint8.
        lightness: From -1 (black) to 1 (white); 0 changes nothing.
        a: From -1 (green) to 1 (red).
        b: From -1 (blue) to 1 (yellow).

    Returns:
        RGB uint8 of the same shape.
    """
    if not (lightness or a or b):
        return image
    lab = cv2.LUT(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), _lab_table(lightness, a, b))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def equalize(image: Array, tiles: int, limit: float = 2.0) -> Array:
    """Equalizes the lightness of each tile with limited contrast (CLAHE).

    Reference: Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", 1994.

    Args:
        image: (H, W, 3) RGB uint8.
        tiles: Number of tiles in each direction.
        limit: Contrast limit; 2 as in deepfakes/faceswap.

    Returns:
        RGB uint8 of the same shape.
    """
    light, *colors = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2LAB))
    light = cv2.createCLAHE(limit, (tiles, tiles)).apply(light)
    return np.asarray(cv2.cvtColor(cv2.merge([light, *colors]), cv2.COLOR_LAB2RGB))


def shift_hsv(image: Array, hue: float, saturation: float, value: float) -> Array:
    """Rotates the hue and adds to saturation and value.

    Args:
        image: (H, W, 3) RGB uint8.
        hue: Rotation as a fraction of the circle; 0 and 1 change nothing.
        saturation: From -1 to 1, added.
        value: From -1 to 1, added.

    Returns:
        RGB uint8 of the same shape.
    """
    turn = round(hue * 256) % 256
    if not (turn or saturation or value):
        return image
    added = [_LEVELS + 255.0 * v for v in (saturation, value)]
    columns = [(_LEVELS + turn) % 256, *(np.rint(v).clip(0, 255) for v in added)]
    table = np.stack(columns, axis=-1).astype("uint8")[None]
    hsv = cv2.LUT(cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL), table)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL))


def scale_colors(image: Array, gain: Array, shift: Array | float) -> Array:
    """Multiplies each color by a gain and adds a shift.

    Args:
        image: (H, W, 3) RGB uint8.
        gain: (3,).
        shift: In levels of 255, a number or (3,).

    Returns:
        RGB uint8 of the same shape.
    """
    table = np.rint((_LEVELS[:, None] * gain + shift).clip(0, 255))
    return np.asarray(cv2.LUT(image, table.astype("uint8")[None]))


def change_colors(image: Array, rng: np.random.Generator, a: Augmentation) -> Array:
    """Changes lighting and colors at random.

    Args:
        image: (S, S, 3) RGB uint8.
        rng: Random generator.
        a: Ranges of the changes: `lightness`, `tint`, `clahe`, `hsv`.

    Returns:
        (S, S, 3) RGB uint8; `image` itself if nothing changes.

    Example:
        >>> rng, face = np.random.default_rng(0), people["ana"].images[0]
        >>> change_colors(face, rng, Augmentation(hsv=0.1)).shape
        (64, 64, 3)
    """
    if a.lightness or a.tint:
        image = shift_lab(image, *rng.uniform(-1, 1, 3) * (a.lightness, a.tint, a.tint))
    if a.clahe and rng.random() < a.clahe:
        coarsest = max(2, image.shape[0] // 128)
        steps = int(rng.integers(a.clahe_grid + 1))
        image = equalize(image, coarsest + steps * (coarsest // 2))
    if a.hsv:
        hue, *others = rng.uniform(-0.5, 0.5, 3) * a.hsv
        image = shift_hsv(image, hue, *others)
    return image


def _lab_table(*shifts: float) -> Array:
    """Returns the lookup table of the three channels, (1, 256, 3) uint8."""
    columns = [_LEVELS + (255 * (s > 0) - _LEVELS) * abs(s) for s in shifts]
    return np.rint(np.stack(columns, axis=-1))[None].astype("uint8")

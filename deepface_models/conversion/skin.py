"""Which pixels of an aligned face are skin, and which are eyes and open mouth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.faces import _outlines
from deepface_models.faces._template import five_points
from deepface_models.faces.masks import face_mask
from deepface_models.media import ColorStatistics, rgb_to_lab
from deepface_models.media.color import column_medians

# In distances of the eyes: what is left out about each part, as the decoded face's are
# not exactly where the frame's are; and how far eyes and mouth reach.
_APART, _NEAR = 0.06, 0.06
# Part of the skin's saturation that irises, whites and teeth have at most, and that
# skin has at least.
_COLORLESS, _GRAY = (0.4, 0.75), 0.05
_BRIGHT = 0.7  # part of an eye or mouth that is darker than its white or its teeth
_GRID = 64  # px, side at which skin is told from other things
_EDGE = 0.14  # width of the face's edge, in its size
_AROUND = 0.15  # what belongs to eyes and brows about them, in distances of the eyes
# Distance from the skin's color, in Lab, that is surely skin, and surely not; and
# lightness, in that of the skin, that is surely hair, and surely not.
_OTHER_COLOR, _DARK = (10.0, 22.0), (0.25, 0.55)
_CALM = 1.0  # blur at that side, in px: single pixels of noise do not count
_FEWEST = 12  # pixels of both eyes, or of a mouth, needed to measure their white
_OPEN = 0.12  # area of an eye, in squares of its width, from which it counts as open


def skin(landmarks: Array, size: int) -> Array:
    """Returns which pixels are skin: the face without eyes, brows and mouth.

    Args:
        landmarks: (68, 2) or (5, 2) in pixels of the aligned face.
        size: Its side.

    Returns:
        (S, S) float32, 0 or 1.
    """
    return (face_mask(landmarks, size) > 0.5) * (1 - features(landmarks, size))


def features(landmarks: Array, size: int) -> Array:
    """Returns where eyes, brows and mouth are; see `skin`."""
    parts = [*_outlines.eyes(landmarks), *_outlines.brows(landmarks)]
    parts.append(_outlines.mouth(landmarks))
    reach = _APART * _eye_distance(landmarks)
    return _outlines.filled(parts, size, reach).astype(np.float32)


def eyes_and_teeth(
    landmarks: Array, lab: Array, skin_colors: ColorStatistics
) -> list[tuple[tuple[slice, slice], Array]]:
    """Returns where irises, whites of the eyes and teeth are: less colored than skin.

    Args:
        landmarks: (68, 2) or (5, 2) of the frame's face in pixels of the aligned face;
            those of the decoded face are near them.
        lab: (S, S, 3), the decoded face in Lab.
        skin_colors: Those of its skin.

    Returns:
        For eyes and mouth the part of the image about them, and the weights in it,
        (h, w) float32 in [0, 1].
    """
    both = _outlines.eyes(landmarks), [_outlines.mouth(landmarks)]
    distance = _eye_distance(landmarks)
    return [_colorless(parts, distance, lab, skin_colors) for parts in both]


def _colorless(
    parts: list[Array], distance: float, lab: Array, skin_colors: ColorStatistics
) -> tuple[tuple[slice, slice], Array]:
    """Returns a part of the image and the weights in it; see `eyes_and_teeth`."""
    near = _outlines.filled(parts, len(lab), _NEAR * distance).astype(np.float32)
    part = _box(near)
    if part is None:
        return np.s_[:0, :0], np.zeros((0, 0), np.float32)
    soft = cv2.GaussianBlur(near[part], (0, 0), max(_NEAR * distance / 2, 0.3))
    hue = skin_colors.mean[1:] / max(float(np.linalg.norm(skin_colors.mean[1:])), 1e-6)
    usual = max(float(hue @ skin_colors.mean[1:] / max(skin_colors.mean[0], 1)), _GRAY)
    ratio = lab[part][..., 1:] @ hue / np.maximum(lab[part][..., 0], 1) / usual
    plain = np.interp(ratio, _COLORLESS, [1, 0])
    return part, np.asarray(soft * plain, np.float32)


def looks_like_skin(images: Sequence[Array], landmarks: Array) -> list[Array]:
    """Returns which pixels at the face's edge have the color of its skin.

    What lies within the edge counts as face: eyes, lips, a mustache. Hair at the sides
    of the head is too dark, a wall behind it has another color.

    Args:
        images: (S, S, 3) each, aligned faces of one size, uint8 or float in [0, 1].
        landmarks: (68, 2) or (5, 2) in their pixels.

    Returns:
        (S, S) float32 in [0, 1] for each; all ones if too little skin is seen.
    """
    size = len(images[0])
    small = max(16, min(size, _GRID))
    points = (np.asarray(landmarks, np.float64) + 0.5) * (small / size) - 0.5
    inside, core = skin(points, small) > 0, _core(points, small)
    if inside.sum() < _FEWEST:
        return [np.ones((size, size), np.float32) for _ in images]
    # Below, what is dark is more often a beard or a shadow.
    above = np.arange(small)[:, None] < _outlines.mouth(points)[:, 1].mean()
    found = [np.maximum(_like_skin(one, inside, above), core) for one in images]
    return [
        np.asarray(cv2.resize(one, (size, size), interpolation=cv2.INTER_LINEAR))
        for one in found
    ]


def _like_skin(image: Array, inside: Array, above: Array) -> Array:
    """Returns how much each pixel of a reduced image looks like the skin inside."""
    size = inside.shape[::-1]
    pixels = cv2.resize(as_float(image), size, interpolation=cv2.INTER_AREA)
    lab = cv2.GaussianBlur(rgb_to_lab(pixels), (0, 0), _CALM)
    usual = column_medians(lab[inside])
    light: Array = lab[..., 0] / np.float32(max(float(usual[0]), 1.0))
    # Shadows have less color, in proportion.
    expected = usual[1:] * np.clip(light, 0, 1)[..., None]
    apart = np.asarray(np.linalg.norm(lab[..., 1:] - expected, axis=-1), np.float32)
    like = np.interp(apart, _OTHER_COLOR, [1, 0])
    like = np.minimum(like, np.where(above, np.interp(light, _DARK, [0, 1]), 1))
    return like.astype(np.float32)


def _core(landmarks: Array, size: int) -> Array:
    """Returns what is face in any color: all but its edge, eyes and brows: (S, S)."""
    face = face_mask(landmarks, size)
    reach = max(1, round(_EDGE * math.sqrt(float(face.sum()))))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    parts = [*_outlines.eyes(landmarks), *_outlines.brows(landmarks)]
    around = _outlines.filled(parts, size, _AROUND * _eye_distance(landmarks))
    inner = np.maximum(cv2.erode(face, disc, borderValue=(0.0,)), face * around)
    return np.asarray(cv2.GaussianBlur(inner, (0, 0), reach / 3), np.float32)


def eye_whites(image: Array, landmarks: Array) -> ColorStatistics | None:
    """Returns the colors of the whites of both eyes; None if they are closed.

    Args:
        image: (S, S, 3), an aligned face, uint8 or float in [0, 1].
        landmarks: (68, 2) or (5, 2) in its pixels.
    """
    opened = [eye for eye in _outlines.eyes(landmarks) if _is_open(eye)]
    return _of_brightest(image, _outlines.filled(opened, len(image)) > 0)


def teeth(
    image: Array, landmarks: Array, skin_colors: ColorStatistics | None
) -> ColorStatistics | None:
    """Returns the colors of the teeth; None if the mouth hides them.

    Args:
        image: (S, S, 3), an aligned face, uint8 or float in [0, 1].
        landmarks: (68, 2) or (5, 2) in its pixels; of five, none are seen.
        skin_colors: Those of its skin; what is darker in a mouth is no tooth.
    """
    if skin_colors is None:
        return None
    mouth = _outlines.filled(_outlines.opened_mouth(landmarks), len(image)) > 0
    found = _of_brightest(image, mouth)
    return None if found is None or found.mean[0] < skin_colors.mean[0] else found


def _of_brightest(image: Array, inside: Array) -> ColorStatistics | None:
    """Returns the colors of the brightest pixels; None if there are too few."""
    part = _box(inside)
    if part is None:
        return None
    image, inside = image[part], inside[part]
    lightness = image.sum(-1, dtype=np.float32)
    ordered = np.sort(lightness[inside])
    bright = inside & (lightness >= ordered[int(_BRIGHT * len(ordered))])
    if bright.sum() < _FEWEST:
        return None
    return ColorStatistics.from_image(image, bright)


def _box(mask: Array) -> tuple[slice, slice] | None:
    """Returns the rows and columns of a mask's pixels; None if there are none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _is_open(eye: Array) -> bool:
    hull = cv2.convexHull(eye.astype(np.float32))
    return cv2.contourArea(hull) > _OPEN * float(np.ptp(eye, axis=0).max()) ** 2


def _eye_distance(landmarks: Array) -> float:
    points = five_points(landmarks)
    return float(np.linalg.norm(points[:2].mean(0) - points[2:4].mean(0)))

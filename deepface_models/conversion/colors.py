"""Color transfer from the frame's face to the decoded face, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import cv2
import numpy as np

from deepface_models.conversion.decoded import DecodedFace
from deepface_models.conversion.skin import eyes_and_teeth
from deepface_models.core.arrays import Array
from deepface_models.core.registry import Registry
from deepface_models.media.color import (
    ColorStatistics,
    Method,
    lab_to_rgb,
    map_lab,
    rgb_to_lab,
    transfer_color,
)

Color: TypeAlias = Callable[[DecodedFace], Array]
F = TypeVar("F", bound=Color)
COLORS: Registry[Color] = Registry("color transfer")
# Least and most change of the standard deviations of L, a and b, as a factor; most
# change of their means; deviations that are noise; in Lab.
_RATIOS = np.array([[0.8, 0.7, 0.7], [1.2, 1.15, 1.15]])
_SHIFT, _FLAT = 50.0, 1.0
# Part of the difference of two people's teeth that is taken for shade, and its bounds.
_SHADE = 0.6
_SHADES = np.array([[-10.0, -6.0, -6.0], [0.0, 6.0, 6.0]])
_USUAL = 1.2  # standard deviations of skin's lightness that are fully changed


def register_color(name: str) -> Callable[[F], F]:
    """Registers a color transfer, so that `Converter(color=)` and `--color` accept it.

    The decorated function takes a `DecodedFace` and returns its `image` in the colors
    of the frame, (S, S, 3) float32 in [0, 1]. `image_colors` and `frame_colors` are
    averaged over neighboring frames of a video, so that a transfer by them does not
    flicker. It is not called for a face that is hardly visible, where they are None.

    Args:
        name: Small letters, digits and "_".

    Returns:
        A decorator, which returns the function itself.

    Raises:
        ValueError: Another function has the name, or it is no name.

    Example:
        >>> @register_color("gray")
        ... def gray(face):
        ...     return face.image.mean(-1, keepdims=True).repeat(3, axis=-1)
    """
    return COLORS.function(name)


@register_color("reinhard")
def reinhard(face: DecodedFace) -> Array:
    """Returns the face with the frame's mean and deviation of L, a and b."""
    return _by_statistics(face, "reinhard")


@register_color("covariance")
def covariance(face: DecodedFace) -> Array:
    """Returns the face with the frame's mean and covariance of L, a and b."""
    return _by_statistics(face, "covariance")


@register_color("histogram")
def histogram(face: DecodedFace) -> Array:
    """Returns the face with the frame's distribution of red, green and blue."""
    changed = transfer_color(face.image, face.aligned, face.weights, "histogram")
    return _on_skin(face, rgb_to_lab(face.image), rgb_to_lab(changed))


@register_color("none")
def none(face: DecodedFace) -> Array:
    """Returns the face in its own colors."""
    return face.image


def _by_statistics(face: DecodedFace, method: Method) -> Array:
    if face.image_colors is None or face.frame_colors is None:
        return face.image
    reference = bounded(face.image_colors, face.frame_colors)
    lab = rgb_to_lab(face.image)
    return _on_skin(face, lab, map_lab(lab, face.image_colors, reference, method))


def bounded(image: ColorStatistics, frame: ColorStatistics) -> ColorStatistics:
    """Returns the frame's statistics, as far as the image may be changed to them.

    A face whose contrast is multiplied shows blotches.

    Args:
        image: Of the decoded face.
        frame: Of the frame's face.
    """
    shift = np.clip(frame.mean - image.mean, -_SHIFT, _SHIFT)
    low, high = (np.maximum(image.deviation, _FLAT) * r for r in _RATIOS)
    deviation = np.maximum(frame.deviation, 1e-6)
    scale = np.clip(deviation, low, high) / deviation
    return ColorStatistics(
        image.mean + shift, frame.covariance * np.outer(scale, scale)
    )


def _on_skin(face: DecodedFace, lab: Array, changed: Array) -> Array:
    """Returns the face, changed as far as each pixel is as light as skin.

    Both are (S, S, 3) in Lab.

    Black and white do not change, or brows and pupils would take on the complement of
    the difference of two skins. Irises and teeth change with the light only.
    """
    if face.image_colors is None or face.frame_colors is None:
        return lab_to_rgb(changed)
    skin = face.image_colors
    share = _lightness_share(lab[..., 0], skin)
    result = lab + cv2.merge([share] * 3) * (changed - lab)
    if face.landmarks is not None:
        light = _light(face)
        parts = eyes_and_teeth(face.landmarks, lab, skin)
        for (part, weight), shift in zip(
            parts, (light, light + _shade(face, light)), strict=True
        ):
            # Light adds little to what is dark.
            bright = np.clip(lab[part][..., :1] / max(skin.mean[0], 1.0), 0, 1)
            there = lab[part] + np.float32(shift) * bright
            result[part] += weight[..., None] * (there - result[part])
    return lab_to_rgb(result)


def _lightness_share(lightness: Array, skin: ColorStatistics) -> Array:
    """Returns 1 where a pixel is as light as skin, falling to 0 at black and white."""
    spread = _USUAL * max(float(skin.deviation[0]), _FLAT)
    low, high = max(skin.mean[0] - spread, 1.0), min(skin.mean[0] + spread, 99.0)
    return np.clip(np.minimum(lightness / low, (100 - lightness) / (100 - high)), 0, 1)


def _light(face: DecodedFace) -> Array:
    """Returns how the light of the frame shifts L, a and b, (3,).

    The whites of the eyes tell it, as they are alike in all people. As they are small
    and not seen well, it is between none and the change of the skin, part of which is
    that of the person.
    """
    if face.image_colors is None or face.frame_colors is None:
        return np.zeros(3)
    skin = face.frame_colors.mean - face.image_colors.mean
    if face.image_whites is None or face.frame_whites is None:
        return skin / 2
    whites = face.frame_whites.mean - face.image_whites.mean
    return np.clip(whites, np.minimum(skin, 0), np.maximum(skin, 0))


def _shade(face: DecodedFace, light: Array) -> Array:
    """Returns how teeth in the frame's mouth differ from lit ones, in Lab, (3,).

    Teeth lie in the shade of the lips, which depends on where the light comes from.
    Part of the difference is that of two people's teeth.
    """
    if face.image_teeth is None or face.frame_teeth is None:
        return np.zeros(3)
    apart = face.frame_teeth.mean - face.image_teeth.mean - light
    return np.clip(_SHADE * apart, *_SHADES)

"""Color transfer from the frame's face to the decoded face, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from deepface_models.conversion.decoded import DecodedFace
from deepface_models.core.arrays import Array
from deepface_models.core.registry import Registry
from deepface_models.media.color import Method, apply_statistics, transfer_color

Color: TypeAlias = Callable[[DecodedFace], Array]
F = TypeVar("F", bound=Color)
COLORS: Registry[Color] = Registry("color transfer")


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
    return transfer_color(face.image, face.aligned, face.weights, "histogram")


@register_color("none")
def none(face: DecodedFace) -> Array:
    """Returns the face in its own colors."""
    return face.image


def _by_statistics(face: DecodedFace, method: Method) -> Array:
    if face.image_colors is None or face.frame_colors is None:
        return face.image
    return apply_statistics(face.image, face.image_colors, face.frame_colors, method)

"""Image folders as training arrays."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.display import message
from deepface_models.core.errors import MediaError
from deepface_models.core.whole import whole_numbers
from deepface_models.media import IMAGE_SUFFIXES, read_image
from deepface_models.media.folders import FILE_ERRORS, list_media, reason
from deepface_models.media.kinds import existing


@whole_numbers(image_size=1, max_images=1)
def load_images(
    images: str | Path | Sequence[str | Path],
    image_size: int = 64,
    max_images: int | None = None,
    strict: bool = False,
) -> Array:
    """Reads images, crops their central squares and resizes these.

    Faces should be aligned first: use `images` of a `faces.FaceSet`, which
    `faces.FaceAligner` extracts from photos.

    Args:
        images: A folder (with its subfolders, in natural order: 2 before 10), an
            image, or a list of both.
        image_size: Side of the result in pixels. Images are shrunk by area averaging
            or enlarged bicubically.
        max_images: Largest number of images, evenly spaced; all by default.
        strict: Whether an unreadable image is an error. By default unreadable images
            are left out, and one warning names them.

    Returns:
        uint8 (N, image_size, image_size, 3), RGB, 0..255.

    Raises:
        FileNotFoundError: Nothing is at a path.
        MediaError: There is no image, or none is readable; with `strict`, one is
            unreadable.
        ValueError: `image_size` or `max_images` is not 1 or more.

    Example:
        >>> load_images("ana.png", image_size=64).shape
        (1, 64, 64, 3)
    """
    paths, damaged = _listed(images)
    if damaged and strict:
        raise MediaError(damaged[0])
    paths = _chosen(paths, max_images)
    arrays = []
    for path in paths:
        try:
            arrays.append(_square(read_image(path), image_size))
        except FILE_ERRORS as error:
            if strict:
                raise
            damaged.append(reason(path, error))
    count = len(arrays) + len(damaged)
    if damaged and not arrays:
        raise MediaError(f"None of {count} images can be read. The first: {damaged[0]}")
    if damaged:
        warnings.warn(_report(damaged, count), stacklevel=3)  # past the decorator
    return np.stack(arrays)


def _listed(
    images: str | Path | Sequence[str | Path],
) -> tuple[list[Path], list[str]]:
    """Returns the images' paths, and messages on unreadable folder entries."""
    given = [images] if isinstance(images, str | Path) else list(images)
    paths: list[Path] = []
    unreadable: list[str] = []
    for place in map(existing, given):
        if not place.is_dir():
            paths.append(place)
            continue
        found = list_media(place, IMAGE_SUFFIXES, inner=True)
        paths += found.files
        unreadable += found.unreadable.values()
    if not paths and not unreadable:
        raise MediaError(
            f"{', '.join(map(str, given)) or 'An empty list'} holds no image. "
            f"Expected files that end in {' '.join(IMAGE_SUFFIXES)}. Check the path."
        )
    return paths, unreadable


def _chosen(paths: list[Path], most: int | None) -> list[Path]:
    if most is None or most >= len(paths):
        return paths
    index = np.linspace(0, len(paths) - 1, most).round().astype(int)
    return [paths[i] for i in index]


def _square(image: Array, size: int) -> Array:
    """Crops the central square and resizes it."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = image[top : top + side, left : left + side]
    how = cv2.INTER_AREA if size < side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(middle, (size, size), interpolation=how))


def _report(damaged: list[str], count: int) -> str:
    lines = [f"{len(damaged)} of {count} images cannot be read and were left out:"]
    return "\n".join([*lines, *map(message, damaged)])

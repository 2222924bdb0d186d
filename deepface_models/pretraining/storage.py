"""Files of gathered faces, for training on a machine without images and dlib.

A file contains JPEGs and plain arrays, and no pickled objects.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError
from deepface_models.core.files import atomic_path

_BROKEN = (KeyError, OSError, ValueError, EOFError, zipfile.BadZipFile)


def save_faces(path: Path, images: Array, quality: int, **arrays: Any) -> None:
    """Writes images, uint8 (N, H, W, 3), as JPEG with other arrays."""
    jpegs = [_jpeg(image, quality) for image in images]
    ends = np.cumsum([len(one) for one in jpegs])
    with atomic_path(path) as new, new.open("wb") as file:
        np.savez(file, jpegs=np.concatenate(jpegs), ends=ends, **arrays)


def load_faces(path: Path) -> tuple[Array, dict[str, Array]]:
    """Returns images and other arrays of a file of `save_faces`.

    Raises:
        MediaError: It is not such a file, or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            arrays = dict(found)
        jpegs = np.split(arrays.pop("jpegs"), arrays.pop("ends")[:-1])
        images: list[Any] = [cv2.imdecode(one, cv2.IMREAD_COLOR) for one in jpegs]
    except _BROKEN as error:
        raise MediaError(_damaged(path, str(error))) from error
    if not images or any(image is None for image in images):
        raise MediaError(_damaged(path, "an image is not a JPEG"))
    return np.stack(images)[..., ::-1], arrays


def _jpeg(image: Array, quality: int) -> Array:
    """Returns an image as JPEG, without chroma subsampling."""
    how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    how += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return np.asarray(cv2.imencode(".jpg", image[..., ::-1], how)[1])


def _damaged(path: Path, reason: str) -> str:
    return (
        f"{path} cannot be read ({reason}). Expected a file of `pretrain --gather` for "
        "the same preset. Copy the file again."
    )

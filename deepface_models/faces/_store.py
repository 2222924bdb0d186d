"""The files of a face set, and the choice of faces to hold out."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.checked import read_versioned
from deepface_models.core.errors import MediaError
from deepface_models.core.files import atomic_path, sweep

VERSION = 1
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def encode_face(image: Array) -> bytes:
    """Returns an aligned uint8 RGB face as the bytes of a PNG file."""
    # Compressing only runs of a byte takes 60 % of zlib's usual time at this level,
    # and files are 13 % smaller.
    quick = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1, *quick])
    return bytes(data)


def write_face(path: Path, data: bytes) -> None:
    """Writes an encoded face; the file appears only when it is complete.

    The caller must hold the folder's lock.
    """
    # No flush for each image: `read_face` notices one that a power cut damaged.
    with atomic_path(path, wait=None, flush=False) as temporary:
        temporary.write_bytes(data)


def sweep_faces(folder: Path, first: int) -> None:
    """Removes what a killed run left: incomplete images, and images without a row.

    The caller must hold the folder's lock.

    Args:
        folder: Folder of the face set.
        first: Number of the next image to be written.
    """
    if not (folder / "faces").is_dir():
        return
    sweep(folder / "faces")
    for path in (folder / "faces").iterdir():
        found = re.fullmatch(r"(\d{6,})\.png", path.name)
        if found and int(found[1]) >= first:
            path.unlink()


def read_face(path: Path, size: int) -> Array:
    """Reads an aligned face, (size, size, 3) uint8 RGB.

    Raises:
        MediaError: If the file is not an image of that size.
    """
    data = _bounded_png(path, size)
    bgr = None if data is None else cv2.imdecode(data, cv2.IMREAD_COLOR)
    if bgr is None or bgr.shape != (size, size, 3):
        raise MediaError(
            f"{path} is not an image of {size}x{size} px. Expected the aligned face "
            "that was written there. Delete the file to leave this face out."
        )
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def _bounded_png(path: Path, size: int) -> Array | None:
    """Returns a file's bytes if it is a PNG that states this size, else None.

    The file may come from an untrusted source: neither its bytes nor its image may
    fill the memory.
    """
    most = 8 * size * size + 2**20  # 16 bits, alpha and an image editor's metadata
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError:
        return None
    stated = _PNG + struct.pack(">II", size, size)
    if len(data) > most or not data.startswith(stated):
        return None
    return np.frombuffer(data, np.uint8)


def last_clips(places: Sequence[tuple[str, int]], part: float) -> Array:
    """Marks the faces of the last sources, about a fraction `part` of all faces.

    Args:
        places: Source and frame number of each face.
        part: Fraction to hold out, 0 to 1. The first source is never held out.

    Returns:
        (N,) bool, true for a held-out face.
    """
    held, count = np.zeros(len(places), bool), 0
    for indices in list(_by_source(places).values())[:0:-1]:
        held[indices] = True
        count += len(indices)
        if count / len(places) >= part - 0.02:
            break
    return held


def last_frames(places: Sequence[tuple[str, int]], part: float) -> Array:
    """Marks the faces in the last fraction `part` of each source, (N,) bool."""
    held = np.zeros(len(places), bool)
    for indices in _by_source(places).values():
        indices.sort(key=lambda i: places[i][1])
        count = max(1, round(len(indices) * part)) if len(indices) > 1 else 0
        held[indices[len(indices) - count :]] = True
    return held


def _by_source(places: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
    """Returns the indices of each source's faces, sources in order."""
    found: dict[str, list[int]] = {}
    for i, (source, _) in enumerate(places):
        found.setdefault(source, []).append(i)
    return found


def read_info(folder: Path) -> dict[str, Any]:
    """Reads `faceset.json`.

    Raises:
        FileNotFoundError: If the folder holds no face set.
        MediaError: If the file is damaged or from a later version.
    """
    path = folder / "faceset.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no face set (faceset.json is missing). Expected a folder "
            "written by FaceAligner.extract. Check the path, or extract first."
        )
    info: dict[str, Any] = read_versioned(
        path,
        "faceset",
        VERSION,
        "Expected the settings of a face set. Delete the folder and extract again.",
    )
    return info


def refuse_links(folder: Path) -> None:
    """Refuses a set with symbolic links, which would lead writes to other files.

    Raises:
        MediaError: A link is in the folder or among its images.
    """
    for place in (folder, folder / "faces"):
        if not place.is_dir():
            continue
        with os.scandir(place) as entries:
            found = next((entry.name for entry in entries if entry.is_symlink()), None)
        if found is not None:
            raise MediaError(
                f"{place} holds the link {ascii(found)[:100]}. Expected a face "
                "set's own files, as extraction writes and deletes them. Replace the "
                "link by a copy of its target, or extract into a new folder."
            )

"""IDX files, the array format of MNIST."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError

# The third byte is the type of the values, which are big-endian.
# http://yann.lecun.com/exdb/mnist
_TYPES = {0x08: "u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"


def read_idx(path: str | Path) -> Array:
    """Reads an IDX file, such as those of MNIST and Fashion-MNIST.

    Args:
        path: The file, of any name, perhaps compressed with gzip.

    Returns:
        The array with the file's shape and type: uint8 (N, 28, 28) for MNIST's
        images, uint8 (N,) for its labels.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: It is not an IDX file, or has too few or too many bytes.

    Example:
        >>> import gzip
        >>> with gzip.open("labels.gz", "wb") as file:  # uint8, one axis, two labels
        ...     count = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
        >>> read_idx("labels.gz")
        array([7, 9], dtype=uint8)
    """
    place = Path(path)
    if not place.is_file():
        raise FileNotFoundError(
            f"No file is at {place}. Expected an IDX file such as "
            "t10k-images-idx3-ubyte.gz. Check the spelling."
        )
    data = _unpacked(place)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES or not data[3]:
        raise MediaError(
            f"{place} is no IDX file: it starts with the bytes {data[:4].hex(' ')!r}. "
            "Expected 00 00, a type from 08 to 0e and the number of axes. Download "
            "the file again; an HTML page may have been saved instead."
        )
    kind, start = np.dtype(_TYPES[data[2]]), 4 + 4 * data[3]
    shape = struct.unpack(f">{data[3]}I", data[4:start].ljust(start - 4, b"\0"))
    size = start + math.prod(shape) * kind.itemsize
    if len(data) != size:
        raise MediaError(
            f"{place} holds {len(data)} bytes. Expected {size} for the shape {shape} "
            "that it states. The file is truncated or damaged; download it again."
        )
    values = np.frombuffer(data, kind, offset=start).reshape(shape)
    return values.astype(kind.newbyteorder("="))


def _unpacked(place: Path) -> bytes:
    data = place.read_bytes()
    if not data.startswith(_GZIP):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise MediaError(
            f"{place} cannot be decompressed ({error}). Expected a complete gzip "
            "file. Download it again."
        ) from error

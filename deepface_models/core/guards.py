"""Limits on the memory that an untrusted file can make this process allocate."""

from __future__ import annotations

import functools
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # NumPy is imported on first use
    from deepface_models.core.arrays import Array

# 256 MiB of float32, and up to three times that while weights are initialized. Larger
# weights files raise the limit.
MAX_PARAMETERS = 2**26
_MOST_WEIGHTS = 20_000  # arrays; the largest model of the package has about 1,500
_BYTES = 8  # per number, at most
_SLACK = 2**20  # bytes for other data: names, counters, seeds

_LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def at_most(parameters: int) -> Iterator[None]:
    """Limits the number of new parameters within a `with` block.

    Raises:
        ValueError: A weight would exceed the limit; it is not allocated.
    """
    _watch_variables()
    left = [parameters, _MOST_WEIGHTS]
    token = _LEFT.set(left)
    try:
        yield
    except Exception as error:
        if min(left) < 0:
            raise ValueError(
                f"it has more than {parameters:,} parameters or {_MOST_WEIGHTS:,} "
                "arrays of them"
            ) from error
        raise
    finally:
        _LEFT.reset(token)


@functools.cache
def _watch_variables() -> None:
    """Makes Keras count every new variable; it has no hook for that."""
    import keras

    original = keras.Variable.__init__

    @functools.wraps(original)
    def counted(
        self: Any, initializer: Any, shape: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        _count(shape)
        original(self, initializer, shape, *args, **kwargs)

    setattr(keras.Variable, "__init__", counted)  # noqa: B010


def _count(shape: Any) -> None:
    left = _LEFT.get()
    if left is None or shape is None:
        return
    left[0] -= math.prod(int(size) for size in shape)
    left[1] -= 1
    if min(left) < 0:
        raise ValueError("too many parameters")


def check_weights(path: Path, parameters: int) -> None:
    """Checks that a `.weights.h5` is not too large for a number of parameters.

    Raises:
        ValueError: It is too large, or links to other files.
        OSError: It is not an HDF5 file.
    """
    import h5py

    with h5py.File(path, "r") as file:
        left = parameters * _BYTES + _SLACK
        for data in _arrays(file, 0):
            left -= data.nbytes
            if left < 0:
                raise ValueError(f"more values than {parameters:,} parameters have")


def _arrays(group: Any, depth: int) -> Iterator[Any]:
    import h5py

    if depth > 50:
        raise ValueError("groups nested more than 50 times")
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError("it contains a link")
        value = group[name]
        if isinstance(value, h5py.Group):
            yield from _arrays(value, depth + 1)
        elif not isinstance(value, h5py.Dataset) or value.dtype.hasobject:
            raise ValueError("it contains something else than arrays of numbers")
        elif value.external or value.is_virtual:
            raise ValueError("it refers to values in other files")
        else:
            yield value


def check_archive(archive: zipfile.ZipFile, limit: int) -> None:
    """Checks the uncompressed size of an archive, which its directory states.

    Raises:
        ValueError: It is larger than `limit` bytes.
    """
    total = sum(entry.file_size for entry in archive.infolist())
    if total > limit:
        raise ValueError(f"it unpacks to {total:,} bytes, and {limit:,} are expected")


def read_arrays(path: str | Path, limit: int) -> dict[str, Array]:
    """Returns the arrays of an `.npz` file, without unpickling objects.

    Args:
        path: The file.
        limit: Most bytes of all arrays together.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not an `.npz` file, or its arrays have more bytes.
    """
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, limit + _SLACK)
            for entry in archive.infolist():
                _check_header(archive, entry)
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError):
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise errors of many types
        raise ValueError(str(error) or type(error).__name__) from error


def _check_header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Checks that the shape in an array's header fits its entry's size."""
    import numpy as np

    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        header = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
        shape, _, dtype = header(file)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize > entry.file_size:
        raise ValueError(f"{ascii(entry.filename)[:60]} claims the shape {shape}")

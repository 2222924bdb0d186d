"""Files between their addresses and this machine; none is seen half-written."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deepface_models.core.files import atomic_path
from deepface_models.fleet.addresses import base_name, is_remote, opened

# Protocols in which an object can be seen only when all of it is there.
_WHOLE = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "r2", "memory"}
# The file of a folder without which it is not taken for a result; it comes last.
_LAST = "faceset.json"


def fetched(address: str, folder: Path) -> Path:
    """Returns a local path: that of a plain path, else of a copy in a folder.

    Args:
        address: A file or a folder.
        folder: Gets the copy, under its own name.

    Raises:
        OSError: It cannot be read.
    """
    if not is_remote(address):
        return Path(address)
    system, path = opened(address)
    copy = folder / (base_name(address) or "copy")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if system.isdir(path):
            system.get(path.rstrip("/") + "/", f"{copy}/", recursive=True)
        else:
            system.get_file(path, str(copy))
    except FileNotFoundError as error:  # each protocol names it in its own way
        raise FileNotFoundError(
            f"{address} was not found. Expected a file or a folder. Check the address."
        ) from error
    return copy


@contextmanager
def placed(address: str, folder: Path) -> Iterator[Path]:
    """Yields where to write a result; it gets its address when the block succeeds.

    Args:
        address: The result's.
        folder: For what is on its way to a remote address.

    Yields:
        The plain path itself, to be written as everywhere in this package (a temporary
        name, then a rename), or a path in `folder`.
    """
    if not is_remote(address):
        Path(address).parent.mkdir(parents=True, exist_ok=True)
        yield Path(address)
        return
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / base_name(address)
    yield made
    put(made, address)
    _remove(made)


def put(local: Path, address: str) -> None:
    """Copies a file or a folder to a remote address.

    Of a folder, its `faceset.json` comes last, and is removed first if one is there.
    """
    system, path = opened(address)
    if local.is_file():
        _put_file(system, local, path)
        return
    files = sorted(one for one in local.rglob("*") if one.is_file())
    with contextlib.suppress(FileNotFoundError):
        system.rm_file(f"{path}/{_LAST}")
    for file in sorted(files, key=lambda one: one == local / _LAST):
        _put_file(system, file, f"{path}/{file.relative_to(local).as_posix()}")


def read_bytes(address: str) -> bytes:
    """Returns the content of a file."""
    if not is_remote(address):
        return Path(address).read_bytes()
    system, path = opened(address)
    return bytes(system.cat_file(path))


def write_text(address: str, text: str, folder: Path) -> None:
    """Writes a text file, whole or not at all.

    Args:
        address: The file's.
        text: Its content, written as UTF-8.
        folder: For what is on its way to a remote address.
    """
    if not is_remote(address):
        with atomic_path(address) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")
        return
    with placed(address, folder) as made:
        made.write_text(text, encoding="utf-8", newline="")


def remove(address: str) -> None:
    """Removes a file, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        if not is_remote(address):
            os.unlink(address)
            return
        system, path = opened(address)
        system.rm_file(path)


def _put_file(system: Any, local: Path, path: str) -> None:
    protocol = system.protocol
    names = {protocol} if isinstance(protocol, str) else set(protocol)
    if names & _WHOLE:
        system.put_file(str(local), path)
        return
    parent, _, name = path.rpartition("/")
    system.makedirs(parent, exist_ok=True)
    temporary = f"{parent}/.{name}.{uuid.uuid4().hex[:8]}.new"
    try:
        system.put_file(str(local), temporary)
        system.mv(temporary, path)
    except BaseException:
        with contextlib.suppress(Exception):
            system.rm_file(temporary)
        raise


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)

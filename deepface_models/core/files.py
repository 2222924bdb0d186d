"""Atomic writes of files (a temporary name, then a rename), and their hashes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from deepface_models.core.errors import IntegrityError
from deepface_models.core.locks import hold, short_name

_LOCK_TIMEOUT = 10.0  # seconds to wait for another writer of the file


@contextmanager
def atomic_path(
    path: str | Path,
    wait: float | None = _LOCK_TIMEOUT,
    flush: bool = True,
    apart: bool = False,
) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` on success.

    Only one writer at a time. The temporary name depends on `path` only, so that the
    next writer, or `sweep`, removes what a killed process left.

    Args:
        path: The final file. Its folder is created if needed.
        wait: Seconds to wait for another writer of `path`; None if the caller holds a
            lock of the file or of its folder.
        flush: Write the contents to disk before the rename. Without it, many small
            files are written faster, but a power cut may leave damaged ones.
        apart: Put the temporary file into a hidden folder of its own, which also takes
            the temporary files of those who write it.

    Yields:
        A path with the extension of `path`. If the body raises an error, it is removed
        and `path` is unchanged.

    Raises:
        InUseError: Another thread or process is writing `path`.
    """
    final = Path(path)
    with nullcontext(1) if wait is None else hold(final, wait) as depth:
        # By depth, because the lock's thread may write the same path twice at once.
        hidden = final.parent / f".{short_name(final.name)}.new{depth}"
        if not apart:
            hidden = hidden.with_name(hidden.name + final.suffix)
        _remove(hidden)
        (hidden if apart else final.parent).mkdir(parents=True, exist_ok=True)
        temporary = hidden / final.name if apart else hidden
        try:
            yield temporary
            if flush:
                with open(temporary, "rb+") as handle:
                    os.fsync(handle.fileno())
            os.replace(temporary, final)
        finally:
            _remove(hidden)


def sweep(folder: Path) -> None:
    """Removes what killed processes left of files that they wrote into a folder.

    The caller must hold the folder's lock.
    """
    for path in folder.glob(".*.new*"):
        found = re.fullmatch(r"\.(.+)\.new\d+(\.\w+)?", path.name)
        inside = path.iterdir() if path.is_dir() and not path.is_symlink() else ()
        names = [short_name(child.name.removeprefix(".")) for child in inside]
        if found and all(name.startswith(found[1]) for name in names):
            _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # a folder
        shutil.rmtree(path, ignore_errors=True)


def write_json(path: str | Path, value: Any) -> None:
    """Writes `value` as indented JSON, atomically."""
    with atomic_path(path) as temporary:
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        temporary.write_text(text, encoding="utf-8")


def regular(path: str | Path) -> Path:
    """Returns the path of a file or folder; opening others could wait forever.

    Raises:
        FileNotFoundError: Nothing is there.
        OSError: It is a pipe, a socket or a device.
    """
    place = Path(path)
    mode = place.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(f"{place} is a pipe, a socket or a device")
    return place


def sha256_file(path: str | Path) -> str:
    """Returns the SHA-256 of a file as 64 hexadecimal digits."""
    with open(regular(path), "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_path(path: Path) -> str:
    """Returns the SHA-256 of a file, or of the files in a folder, sorted by name."""
    if path.is_file():
        return sha256_file(path)
    digest = hashlib.sha256()
    for file in sorted(one for one in path.rglob("*") if one.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\n".encode())
        digest.update(f"{sha256_file(file)}\n".encode())
    return digest.hexdigest()


def measure(path: Path) -> dict[str, Any]:
    """Returns a file's size and SHA-256."""
    return {"size": path.stat().st_size, "sha256": sha256_file(path)}


def check_bytes(
    path: Path, expected: Mapping[str, Any], origin: str, remedy: str
) -> None:
    """Checks that a file has the size and SHA-256 that `measure` returned.

    Args:
        path: The file.
        expected: Its size and SHA-256.
        origin: Their origin, for the message, such as "that were saved".
        remedy: The message's advice, as sentences.

    Raises:
        IntegrityError: The file is missing or has other bytes.
    """
    size = path.stat().st_size if path.is_file() else None
    if size == expected.get("size") and sha256_file(path) == expected.get("sha256"):
        return
    state = "is missing" if size is None else f"has {size} bytes and other contents"
    raise IntegrityError(
        f"{path} {state}. Expected the {expected.get('size')} bytes with SHA-256 "
        f"{expected.get('sha256')} {origin}. {remedy}"
    )

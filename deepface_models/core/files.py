"""Atomic writes of files (a temporary name, then a rename), and their hashes."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deepface_models.core.errors import IntegrityError
from deepface_models.core.locks import hold, short_name

_LOCK_TIMEOUT = 10.0  # seconds to wait for another writer of the file


@contextmanager
def atomic_path(
    path: str | Path, suffix: str | None = None, wait: float = _LOCK_TIMEOUT
) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` on success.

    Only one writer at a time. The temporary name depends on `path` only, so that the
    next writer replaces the file of a killed process.

    Args:
        path: The final file. Its folder is created if needed.
        suffix: Extension of the temporary name; by default that of `path`, which some
            writers need.
        wait: Seconds to wait for another writer of `path`.

    Yields:
        A path in the same folder whose name starts with a dot. If the body raises an
        error, it is removed and `path` is unchanged.

    Raises:
        InUseError: Another thread or process is writing `path`.
    """
    final = Path(path)
    ending = final.suffix if suffix is None else suffix
    with hold(final, wait) as depth:
        # By depth, because the lock's thread may write the same path twice at once.
        temporary = final.parent / f".{short_name(final.name)}.new{depth}{ending}"
        temporary.unlink(missing_ok=True)
        try:
            yield temporary
            with open(temporary, "rb+") as handle:
                os.fsync(handle.fileno())
            os.replace(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)


def replace_bytes(path: Path, content: bytes) -> None:
    """Writes a small file atomically, but without flushing it to disk.

    The caller must hold the folder's lock.
    """
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


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

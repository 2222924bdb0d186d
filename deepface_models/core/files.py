"""Files that are either whole or not there: temporary name, then rename."""

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

_SHORTLY = 10.0  # seconds in which another writer of one file should be done


@contextmanager
def atomic_path(
    path: str | Path, suffix: str | None = None, wait: float = _SHORTLY
) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it over `path` on success.

    One writer at a time: the temporary name follows from `path`, so that what a
    killed process left is replaced by the next one.

    Args:
        path: The final file. Its folder is made if needed.
        suffix: Extension of the temporary name; `path`'s own by default, so that
            writers that look at the extension behave the same.
        wait: Seconds to wait for another writer of `path`.

    Yields:
        A path in the same folder whose name starts with a dot. It is removed if
        the body raises, so a failed write leaves what was there before.

    Raises:
        InUseError: Another thread or process is writing `path`.
    """
    final = Path(path)
    ending = final.suffix if suffix is None else suffix
    with hold(final, wait) as depth:
        # By depth, as the thread that holds a place may write it in two ways at once.
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
    """Writes a small file, whole unless the power fails: it is not flushed to disk.

    The caller holds the folder.
    """
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def write_json(path: str | Path, value: Any) -> None:
    """Writes `value` as indented JSON, whole or not at all."""
    with atomic_path(path) as temporary:
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        temporary.write_text(text, encoding="utf-8")


def regular(path: str | Path) -> Path:
    """Returns a file's path, unless opening it could wait for ever.

    Raises:
        FileNotFoundError: Nothing is there.
        OSError: It is a pipe, a socket or a device.
    """
    place = Path(path)
    mode = place.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(f"{place} is a pipe, a socket or a device and no file")
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
    """Compares a file with what `measure` returned, its size first.

    Args:
        path: The file.
        expected: Its size and SHA-256.
        origin: Where they are from, for the message: "that were saved".
        remedy: What the message recommends, as sentences.

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

"""Folders that are either whole or not there: temporary name, then rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """Yields an empty folder that takes the place of `folder` on success.

    Files are flushed to disk before two renames put the new folder in place. A
    crash between the two leaves the former as `.<name>.former`, which
    `recover_folder` puts back.

    Args:
        folder: The final folder; what was there is deleted once it is replaced.

    Yields:
        A folder beside it, deleted if the body raises.
    """
    final = Path(os.path.realpath(folder))
    final.parent.mkdir(parents=True, exist_ok=True)
    recover_folder(final)
    new, former = (final.parent / f".{final.name}.{word}" for word in ("new", "former"))
    for stale in (new, former):
        shutil.rmtree(stale, ignore_errors=True)
    new.mkdir()
    try:
        yield new
        for path in [*new.rglob("*"), new]:
            _flush(path)
        if final.exists():
            os.rename(final, former)
        os.rename(new, final)
        _flush(final.parent)
    finally:
        recover_folder(final)
        for stale in (new, former):
            shutil.rmtree(stale, ignore_errors=True)


def recover_folder(folder: str | Path) -> None:
    """Puts the former folder back where a crash came between the two renames."""
    final = Path(os.path.realpath(folder))
    former = final.parent / f".{final.name}.former"
    if former.is_dir() and not final.exists():
        os.rename(former, final)


def _flush(path: Path) -> None:
    """Has the disk take what was written to a file, or the names in a folder."""
    if path.is_dir() and os.name != "posix":
        return  # other systems cannot flush a folder
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

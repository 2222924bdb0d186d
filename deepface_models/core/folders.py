"""Atomic writes of folders: a temporary name, then a rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deepface_models.core.locks import hold, short_name

_LOCK_TIMEOUT = 10.0  # seconds to wait for another writer of the folder


@contextmanager
def atomic_folder(
    folder: str | Path, keep: Callable[[Path], bool] = lambda new: False
) -> Iterator[Path]:
    """Yields an empty temporary folder that replaces `folder` on success.

    Files are flushed to disk before two renames put the new folder in place. A
    crash between the two leaves the old folder as `.<name>.former`, which
    `recover_folder` puts back. Only one writer at a time.

    Args:
        folder: The final folder. Its old contents are deleted once it is replaced.
        keep: Takes the new folder and returns whether the existing one is as good.
            Then it stays, because other processes may be reading it.

    Yields:
        A folder beside it, deleted if the body raises.

    Raises:
        InUseError: Another thread or process is writing `folder`.
    """
    final = Path(os.path.realpath(folder))
    with hold(final, _LOCK_TIMEOUT):
        new, former = _beside(final, "new"), _beside(final, "former")
        _recover(final)
        for stale in (new, former):
            shutil.rmtree(stale, ignore_errors=True)
        new.mkdir()
        try:
            yield new
            for path in [*new.rglob("*"), new]:
                _flush(path)
            if not keep(new):
                _replace(final, new, former, keep)
        finally:
            _recover(final)
            for stale in (new, former):
                shutil.rmtree(stale, ignore_errors=True)


def recover_folder(folder: str | Path) -> None:
    """Restores the old folder if a crash came between the two renames."""
    final = Path(os.path.realpath(folder))
    if _beside(final, "former").is_dir() and not final.exists():
        with hold(final, _LOCK_TIMEOUT):  # another process may be renaming now
            _recover(final)


def _replace(
    final: Path, new: Path, former: Path, keep: Callable[[Path], bool]
) -> None:
    if final.exists():
        os.rename(final, former)
    try:
        os.rename(new, final)
    except OSError:
        # Without locks (some network file systems) another process may be faster.
        if not keep(new):
            raise
    _flush(final.parent)


def _recover(final: Path) -> None:
    former = _beside(final, "former")
    if former.is_dir() and not final.exists():
        os.rename(former, final)


def _beside(final: Path, word: str) -> Path:
    return final.parent / f".{short_name(final.name)}.{word}"


def _flush(path: Path) -> None:
    """Writes a file's contents, or the names in a folder, to disk."""
    if path.is_dir() and os.name != "posix":
        return  # other systems cannot flush a folder
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Locks for writing files and folders; the operating system ends them with a process.

A lock is a small file that describes its holder, who keeps it locked. The file of a
killed process is no longer locked, so the next process takes it over.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from deepface_models.core.display import one_line
from deepface_models.core.errors import InUseError

_LOG = logging.getLogger("deepface_models")
_INSIDE = ".deepface_models.lock"
_PAUSE = 0.05  # seconds between attempts
_LOG_AFTER = 2.0  # seconds of waiting before it is logged
_LONGEST = 200  # bytes of a name, which leaves 55 for prefix and suffix
_MOST = 4096  # bytes of the holder's description
_BYTE = 1 << 30  # offset of the lock on Windows, after the readable description
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_warned: set[int] = set()  # devices that cannot lock


@dataclass
class _Held:
    path: Path
    file: int
    depth: int = 1
    thread: int = field(default_factory=threading.get_ident)
    process: int = field(default_factory=os.getpid)


_held: dict[Path, _Held] = {}
_guard = threading.Lock()


def short_name(name: str) -> str:
    """Returns a file's name, or a digest if the name is too long to be extended."""
    encoded = os.fsencode(name)
    if len(encoded) <= _LONGEST:
        return name
    return hashlib.sha256(encoded).hexdigest()[:32]


@contextmanager
def hold(path: str | Path, wait: float = 0.0) -> Iterator[int]:
    """Locks a file or folder for writing by this thread within a `with` block.

    The lock is a file beside `path`, whose folder is created if needed. The same
    thread can take it several times.

    Args:
        path: The file or folder to write; it need not exist.
        wait: Seconds to wait for another writer.

    Yields:
        The number of times that this thread holds it now, from 1.

    Raises:
        InUseError: Another thread or process is writing it.
    """
    final = Path(os.path.realpath(path))
    final.parent.mkdir(parents=True, exist_ok=True)
    lock = final.parent / f".{short_name(final.name)}.lock"
    with _holding(lock, path, wait) as depth:
        yield depth


@contextmanager
def hold_folder(folder: str | Path) -> Iterator[int]:
    """Locks a folder for writing by this thread within a `with` block.

    It is like `hold`, but the lock is a file inside the folder, so that it works for
    all paths to the same folder. The folder is created if needed.
    """
    inside = Path(os.path.realpath(folder))
    inside.mkdir(parents=True, exist_ok=True)
    with _holding(inside / _INSIDE, folder, 0.0) as depth:
        yield depth


@contextmanager
def _holding(lock: Path, shown: str | Path, wait: float) -> Iterator[int]:
    held = _take(lock, shown, wait)
    try:
        yield held.depth
    finally:
        _release(held)


def _take(lock: Path, shown: str | Path, wait: float) -> _Held:
    begun, logged = time.monotonic(), False
    while True:
        with _guard:
            held = _held.get(lock)
            if held is not None and held.thread == threading.get_ident():
                held.depth += 1
                return held
            file = None if held is not None else _locked(lock)
            if file is not None:
                held = _held[lock] = _Held(lock, file)
                return held
        waited = time.monotonic() - begun
        if waited >= wait:
            raise InUseError(
                f"{shown} is being written by {_holder(lock, held)}. Expected one "
                "writer at a time. Wait until it is done, or choose another output."
            )
        if waited > _LOG_AFTER and not logged:
            logged = True
            _LOG.warning("%s: waiting for %s.", shown, _holder(lock, held))
        time.sleep(_PAUSE)


def _release(held: _Held) -> None:
    with _guard:
        held.depth -= 1
        if held.depth or held.process != os.getpid():
            return  # a forked child must not release its parent's lock
        del _held[held.path]
        # While locked, so that it is not another process's file; not on Windows.
        with suppress(OSError):
            held.path.unlink()
        os.close(held.file)
        if os.name == "nt":
            with suppress(OSError):
                held.path.unlink()


def _locked(lock: Path) -> int | None:
    """Returns the open and locked file, or None if another process has the lock."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    while True:
        file = os.open(lock, flags, 0o666)
        try:
            _lock(file)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(file)
                if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                    return None
                raise
            _warn(lock, file, error)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), os.stat(lock)):
                _introduce(file)
                return file
        os.close(file)  # the last holder has just removed it


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        os.lseek(file, _BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _forget() -> None:
        """Drops the locks in a forked child: they belong to its parent."""
        global _guard
        _guard = threading.Lock()
        for held in _held.values():
            os.close(held.file)
        _held.clear()

    os.register_at_fork(after_in_child=_forget)


def _warn(lock: Path, file: int, error: OSError) -> None:
    device = os.fstat(file).st_dev
    if device not in _warned:
        _warned.add(device)
        _LOG.warning(
            "%s: this file system has no locks (%s). Make sure that nothing else "
            "writes there at the same time.",
            lock.parent,
            error,
        )


def _introduce(file: int) -> None:
    """Writes a description of the holder to the lock's file."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv else ["python"]
    facts = {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join(words)[:500],
        "since": datetime.now().astimezone().isoformat(" ", "seconds"),
    }
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, json.dumps(facts).encode()[:_MOST])


def _holder(lock: Path, held: _Held | None) -> str:
    """Describes the holder of the lock by the lock's file."""
    if held is not None:
        return "another thread of this process"
    try:
        with open(lock, "rb") as file:
            stored = json.loads(file.read(_MOST))
        facts = {name: one_line(stored[name]) for name in sorted(stored)}
        return "process {process} on {host} since {since} ({command})".format(**facts)
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return "another process"

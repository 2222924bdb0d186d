"""One writer at a time: locks of the operating system, which end with their process.

A lock is a small file that says who holds it. What counts is not that the file is
there, but that its holder keeps it locked: a killed process leaves a file that the
next one takes over.
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
_PAUSE = 0.05  # seconds between two tries
_PATIENCE = 2.0  # seconds of waiting before it is said
_LONGEST = 200  # bytes of a name, which leaves 55 for what is put around it
_MOST = 4096  # bytes of what a holder says about itself
_BYTE = 1 << 30  # where Windows locks: behind that, so that it can be read
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
    """Returns a file's name, or a digest where names made of it would be too long."""
    encoded = os.fsencode(name)
    if len(encoded) <= _LONGEST:
        return name
    return hashlib.sha256(encoded).hexdigest()[:32]


@contextmanager
def hold(path: str | Path, wait: float = 0.0) -> Iterator[int]:
    """Keeps every other thread and process from writing one file or folder.

    The lock lies beside `path`, whose folder is made if needed. The thread that
    holds it may take it again.

    Args:
        path: What is written; it need not exist.
        wait: Seconds to wait for another writer.

    Yields:
        How often this thread holds it now, from 1.

    Raises:
        InUseError: Somebody else is writing it.
    """
    final = Path(os.path.realpath(path))
    final.parent.mkdir(parents=True, exist_ok=True)
    lock = final.parent / f".{short_name(final.name)}.lock"
    with _holding(lock, path, wait) as depth:
        yield depth


@contextmanager
def hold_folder(folder: str | Path) -> Iterator[int]:
    """Keeps every other thread and process from writing into a folder.

    As `hold`, but the lock lies inside, so that it is seen under whatever path the
    folder is reached. The folder is made if needed.
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
    begun, said = time.monotonic(), False
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
        if waited > _PATIENCE and not said:
            said = True
            _LOG.warning("%s: waiting for %s.", shown, _holder(lock, held))
        time.sleep(_PAUSE)


def _release(held: _Held) -> None:
    with _guard:
        held.depth -= 1
        if held.depth or held.process != os.getpid():
            return  # a forked child must not give its parent's lock away
        del _held[held.path]
        # While it is locked, so that nobody's file is removed; Windows cannot yet.
        with suppress(OSError):
            held.path.unlink()
        os.close(held.file)
        if os.name == "nt":
            with suppress(OSError):
                held.path.unlink()


def _locked(lock: Path) -> int | None:
    """Returns the open and locked file, or None where another process has it."""
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
        os.close(file)  # its last holder has just removed it


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
        """In a forked child: the locks are its parent's and end with the parent."""
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
    """Writes who holds the lock, for others to read."""
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
    """Says who has the lock, as far as the lock's file tells."""
    if held is not None:
        return "another thread of this process"
    try:
        with open(lock, "rb") as file:
            said = json.loads(file.read(_MOST))
        facts = {name: one_line(said[name]) for name in sorted(said)}
        return "process {process} on {host} since {since} ({command})".format(**facts)
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return "another process"

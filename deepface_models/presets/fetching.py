"""Fetching presets into the cache: once, complete and with checked bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from deepface_models.core.errors import IntegrityError, InUseError
from deepface_models.core.folders import atomic_folder
from deepface_models.core.locks import hold
from deepface_models.core.progress import Progress, Report
from deepface_models.presets import registry
from deepface_models.presets.common_files import borrowed as borrowed_files
from deepface_models.presets.record import (
    RECORD,
    Record,
    check_files,
    has_record,
    parse,
    read_record,
    to_bytes,
)
from deepface_models.presets.sources import Source, is_remote, parse_source

RECORD_LIMIT = 1 << 20  # bytes
_TIMEOUT = 3600.0  # seconds to wait for another process that fetches the same


def cache_folder() -> Path:
    """Returns where fetched presets are kept.

    It is `presets` in `DEEPFACE_MODELS_HOME`, or in `~/.cache/deepface_models`.

    Example:
        >>> cache_folder().name
        'presets'
    """
    chosen = os.environ.get("DEEPFACE_MODELS_HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen or Path(cache) / "deepface_models") / "presets"


def fetch(
    source: str | Path, *, force: bool = False, progress: bool | Report = True
) -> Path:
    """Returns a preset's folder on this computer, its bytes checked.

    A preset in the cache needs no connection. If several processes ask for the same
    preset at once, one fetches it and the others wait. An interrupted download leaves
    no incomplete preset behind.

    Args:
        source: A name, the folder of a preset, "https://host/folder" or
            "hf://owner/repo[/folder][@revision]". "#sha256=<digest>" after a name or
            an address pins the digest of its `preset.json`.
        force: Whether to fetch it even if it is in the cache.
        progress: True for a bar, a function of (bytes done, bytes), or False.

    Raises:
        FileNotFoundError: There is no such preset.
        ConnectionError: It cannot be fetched.
        InUseError: Another process has been fetching it for an hour.
        IntegrityError: A file differs from what the record states.
        ValueError: The address has another form.

    Example:
        >>> fetch("vae_mnist").name  # ships with the package
        'vae_mnist'
    """
    entry = registry.find(source)
    if entry is not None:
        return _by_name(*entry, force, progress)
    if is_remote(source):
        return _by_address(parse_source(str(source)), force, progress)
    if not Path(source).exists():
        raise FileNotFoundError(registry.nothing(source))
    check_files(source, read_record(source))
    return Path(source)


def _by_name(
    record: Record, sources: Sequence[str], force: bool, progress: bool | Report
) -> Path:
    name = record["name"]
    folder = registry.shipped(name)
    borrowed = {} if folder is None else borrowed_files(folder, record)
    if folder is None or borrowed:
        cached = cache_folder() / f"{name}.{record['digest'][:16]}"
        with _absent(cached, force) as absent:
            if absent and folder is not None:
                return _joined(record, folder, borrowed, cached)
            if absent:
                return _first(record, sources, cached, progress)
        folder = cached
    if read_record(folder) != record:
        raise IntegrityError(
            f"{folder} holds another preset than {name!r} of this version. Expected "
            f"the digest {record['digest']}. Delete the folder and fetch it again."
        )
    check_files(folder, record)
    return folder


@contextmanager
def _absent(folder: Path, force: bool) -> Iterator[bool]:
    """Yields whether to fetch a preset; if so, holds the lock on its folder."""
    if not force and has_record(folder):  # the cache may be read-only
        yield False
        return
    with hold(folder, _TIMEOUT):
        yield force or not has_record(folder)


def _joined(
    record: Record, shipped: Path, borrowed: Mapping[str, Path], folder: Path
) -> Path:
    """Copies a shipped preset's own files and those that it shares with others."""
    _sweep(folder.parent)
    with atomic_folder(folder, _same_as(folder)) as new:
        for name in [*record["files"], RECORD]:
            shutil.copyfile(borrowed.get(name, shipped / name), new / name)
        check_files(new, record)
    return folder


def _first(
    record: Record, sources: Sequence[str], folder: Path, progress: bool | Report
) -> Path:
    """Fetches from the first source that works."""
    reasons = []
    _sweep(folder.parent)
    for source in map(parse_source, sources):
        try:
            with atomic_folder(folder, _same_as(folder)) as new:
                _download(source, record, new, progress)
            return folder
        except (OSError, IntegrityError) as error:
            reasons.append(error)
    if len(reasons) == 1:
        raise reasons[0]
    found = " ".join(map(str, reasons)) or "It has no source."
    raise ConnectionError(
        f"The preset {record['name']!r} could not be fetched. {found} Expected one of "
        "its sources to work. Update deepface_models, or give a folder."
    )


def _by_address(source: Source, force: bool, progress: bool | Report) -> Path:
    key = hashlib.sha256(source.base.encode()).hexdigest()[:32]
    folder = cache_folder() / f"at.{key}"
    with _absent(folder, force) as absent:
        if absent:
            _sweep(folder.parent)
            with atomic_folder(folder, _same_as(folder)) as new:
                record = _remote_record(source, new)
                _download(source, record, new, progress)
    record = read_record(folder)
    _check_pin(source, record)
    check_files(folder, record)
    return folder


def _remote_record(source: Source, folder: Path) -> Record:
    path = folder / RECORD
    source.fetch(RECORD, path, RECORD_LIMIT)
    record = parse(path.read_bytes(), f"{source.base}/{RECORD}")
    _check_pin(source, record)
    return record


def _check_pin(source: Source, record: Record) -> None:
    if source.digest not in (None, record["digest"]):
        raise IntegrityError(
            f"{source.base} holds a preset with the digest {record['digest']}. "
            f"Expected {source.digest}, as the address says. Ask for the address "
            "where it came from."
        )


def _download(
    source: Source, record: Record, folder: Path, progress: bool | Report
) -> None:
    """Fetches a record's files; each is checked before the next is asked for."""
    total = sum(file["size"] for file in record["files"].values())
    with Progress(progress) as bar:
        bar.task(record["name"], total)
        for name, file in record["files"].items():
            source.fetch(name, folder / name, file["size"])
            check_files(folder, record, [name])
            bar.advance(file["size"])
    (folder / RECORD).write_bytes(to_bytes(record))


def _same_as(folder: Path) -> Callable[[Path], bool]:
    """Returns a function that tells whether `folder` is undamaged and up to date."""

    def same(new: Path) -> bool:
        try:
            record = read_record(new)
            check_files(folder, record)
            return read_record(folder) == record
        except (OSError, ValueError):
            return False

    return same


def _sweep(cache: Path) -> None:
    """Deletes the temporary folders of killed processes."""
    for ending in (".new", ".former"):
        for path in cache.glob(f".*{ending}"):
            final = cache / path.name[1 : -len(ending)]
            with suppress(InUseError), hold(final):  # another process may be fetching
                shutil.rmtree(path, ignore_errors=True)

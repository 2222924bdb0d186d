"""Addresses of sources and outputs: plain paths, or those that `fsspec` knows."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from deepface_models.core.errors import MediaError, MissingDependencyError
from deepface_models.core.extras import need
from deepface_models.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from deepface_models.media.folders import list_media, natural_key

_SUFFIXES = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
_AT_ONCE = 16  # requests for the state of single files
# What file systems call the version of a file's bytes, the most exact first.
_VERSIONS = (
    *("ETag", "etag", "md5Hash", "content_md5", "checksum", "mtime"),
    *("LastModified", "last_modified", "modified", "updated", "created"),
)


class Source(NamedTuple):
    """A clip.

    Attributes:
        address: Its address; plain paths are absolute.
        stamp: Changes with its bytes: size and version; "" if nothing is there.
    """

    address: str
    stamp: str


def is_remote(address: str | Path) -> bool:
    """Whether an address is not a plain path, nor the `file://` of one."""
    text = str(address)
    return "://" in text and not text.startswith("file://")


def plain(address: str | Path) -> str:
    """Returns an address without `file://`; plain paths are made absolute."""
    text = os.fspath(address)
    return text if is_remote(text) else os.path.abspath(text.removeprefix("file://"))


def opened(address: str) -> tuple[Any, str]:
    """Returns the file system of a remote address, and the path in it.

    Raises:
        MissingDependencyError: fsspec, or its package for this protocol, is missing.
        MediaError: There is no such protocol, or the login is refused.
        OSError: The host cannot be reached.
    """
    fsspec = need("fsspec", "fsspec", "ray", f"The address {address}")
    try:
        system, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise MissingDependencyError(
            f"The address {address} needs a package that is not installed ({error}). "
            "Expected the one for its protocol, such as s3fs for s3://, on every "
            "machine. Install it with pip."
        ) from error
    except OSError:
        raise
    except Exception as error:  # what refuses a login has no common class
        raise MediaError(
            f"{address} cannot be opened ({error}). Expected an address that fsspec "
            "knows, such as s3://bucket/clips, with a login that it accepts, or a "
            "path. Check its beginning and the login."
        ) from error
    return system, str(path)


def joined(folder: str, name: str) -> str:
    """Returns the address of a file in a folder."""
    if is_remote(folder):
        return f"{folder.rstrip('/')}/{name}"
    return os.path.join(folder, name)


def base_name(address: str) -> str:
    """Returns the last part of an address."""
    text = address.rstrip("/") if is_remote(address) else address
    return text.rpartition("/")[2] if is_remote(address) else Path(text).name


def stamp_of(address: str) -> str:
    """Returns what changes with a file's bytes, or "" if nothing can be found there."""
    try:
        if is_remote(address):
            return _stamp_at(*opened(address))
        state = os.stat(address)
        return _stamp({"size": state.st_size, "mtime": state.st_mtime_ns})
    except OSError:
        return ""


def stamps_in(address: str) -> list[tuple[str, str]]:
    """Returns path and stamp of a remote file, or of each file in a remote folder."""
    system, path = opened(address)
    names = sorted(system.find(path)) or [path]
    return [(name, _stamp_at(system, name)) for name in names]


def listed(sources: str | Path | Sequence[str | Path]) -> list[Source]:
    """Lists the clips of addresses, folders and patterns with `*`, each once.

    Args:
        sources: One or several. A folder stands for its images and videos in natural
            order, without those of inner folders.

    Raises:
        MediaError: There is none.
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    found: dict[str, str | None] = {}
    for one in map(plain, given):
        for address, stamp in _remote(one) if is_remote(one) else _local(one):
            found.setdefault(address, stamp)
    if not found:
        raise MediaError(
            f"{given} holds no image and no video. Expected files with one of the "
            f"extensions {' '.join(_SUFFIXES)}. Check the addresses."
        )
    unknown = [address for address, stamp in found.items() if stamp is None]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found.update(zip(unknown, pool.map(stamp_of, unknown), strict=True))
    return [Source(address, stamp or "") for address, stamp in found.items()]


def names_in(folder: str) -> set[str]:
    """Returns the names of what a folder holds; none if it does not exist."""
    try:
        if not is_remote(folder):
            return set(os.listdir(folder))
        system, path = opened(folder)
        system.invalidate_cache()
        return {one.rstrip("/").rpartition("/")[2] for one in system.ls(path, False)}
    except FileNotFoundError:
        return set()


def _local(place: str) -> list[tuple[str, str | None]]:
    if os.path.isdir(place):
        found = list_media(Path(place))
        paths = [*found.files, *found.unreadable]
        return [(str(path), None) for path in paths]
    if glob.has_magic(place) and not os.path.exists(place):
        return [(path, None) for path in _ordered(glob.glob(place))]
    return [(place, None)]


def _remote(address: str) -> list[tuple[str, str | None]]:
    system, path = opened(address)
    system.invalidate_cache()
    if glob.has_magic(path) and not system.exists(path):
        infos = system.glob(path, detail=True)
    elif system.isdir(path):
        infos = {one["name"]: one for one in system.ls(path, detail=True)}
    else:
        return [(address, None)]
    files = [name for name, info in infos.items() if info["type"] == "file"]
    host = _host(address, path)
    return [
        (host + name if host else system.unstrip_protocol(name), _stamp(infos[name]))
        for name in _ordered(files)
    ]


def _host(address: str, path: str) -> str:
    """Returns what precedes absolute paths, such as "sftp://host:22", or "".

    `unstrip_protocol` would leave out the host.
    """
    before = address.removesuffix(path)
    return before if path.startswith("/") and "://" in before else ""


def _ordered(paths: Sequence[str]) -> list[str]:
    """Returns the images and videos, in natural order."""
    kept = [path for path in paths if _is_media(path.replace("\\", "/"))]
    return sorted(kept, key=lambda path: (natural_key(path), path))


def _is_media(path: str) -> bool:
    name = path.rpartition("/")[2]
    return not name.startswith(".") and name.lower().endswith(_SUFFIXES)


def _stamp_at(system: Any, path: str) -> str:
    try:
        return _stamp(system.info(path))
    except OSError:
        return ""


def _stamp(info: Mapping[str, Any]) -> str:
    versions = [info[name] for name in _VERSIONS if info.get(name) is not None]
    version = versions[0] if versions else ""
    text = version.isoformat() if isinstance(version, datetime) else str(version)
    return f"{info.get('size')} {text}".strip()

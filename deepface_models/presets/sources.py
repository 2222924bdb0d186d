"""Sources of presets: web servers and the Hugging Face hub."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepface_models.core.errors import IntegrityError
from deepface_models.presets.hub import download, parse_place

SCHEMES = ("https://", "http://", "hf://")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_PIN = re.compile(r"sha256=([0-9a-f]{64})")
_CHUNK = 1 << 20
_TIMEOUT = 60.0  # seconds without data


@dataclass(frozen=True)
class Source:
    """An address of a preset's files.

    Attributes:
        base: "https://host/folder" or "hf://owner/repo[/folder][@revision]".
        digest: Expected digest of its `preset.json`, or None.
    """

    base: str
    digest: str | None = None

    def fetch(self, name: str, target: Path, limit: int) -> None:
        """Downloads one of its files.

        Args:
            name: Name of the file.
            target: Path to write to.
            limit: Most bytes; the download of a larger file is aborted.

        Raises:
            ConnectionError: The file cannot be fetched.
            IntegrityError: The file is larger than `limit`.
            MissingDependencyError: huggingface-hub is not installed.
        """
        place = parse_place(self.base)
        if place is not None:
            download(place, name, target, limit)
        else:
            _from_web(f"{self.base}/{urllib.parse.quote(name)}", target, limit)


def is_remote(source: str | Path) -> bool:
    """Whether a source is an address rather than a name or a path."""
    return isinstance(source, str) and "://" in source


def parse_source(source: str) -> Source:
    """Parses an address, which may end in `#sha256=<digest>`.

    Raises:
        ValueError: It is neither https:// nor hf://. http:// is allowed for localhost.
    """
    base, _, fragment = source.partition("#")
    pin = _PIN.fullmatch(fragment)
    if base.startswith("hf://"):
        good = parse_place(base) is not None
    else:
        good = _allowed(base) and "?" not in base
    if not good or (fragment and not pin):
        raise ValueError(
            f"{source!r} was given as a preset's address. Expected "
            '"https://host/folder" or "hf://owner/repo[/folder][@revision]", with '
            'optionally with "#sha256=<digest of its preset.json>" at the end. Use '
            "https instead of http."
        )
    return Source(base.rstrip("/"), pin.group(1) if pin else None)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to allowed addresses only."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Rejects redirects to addresses without https."""
        if not _allowed(newurl):
            fp.close()
            raise ConnectionError(f"it redirects to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _allowed(address: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL)
    )


def _from_web(address: str, target: Path, limit: int) -> None:
    opener = urllib.request.build_opener(_Redirects)
    try:
        with (
            opener.open(address, timeout=_TIMEOUT) as answer,
            open(target, "wb") as file,
        ):
            left = limit
            while block := answer.read(min(_CHUNK, left + 1)):
                left -= len(block)
                if left < 0:
                    raise IntegrityError(_too_large(address, limit))
                file.write(block)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise ConnectionError(_failed(address, error)) from error


def _failed(address: str, error: BaseException) -> str:
    return (
        f"{address} could not be fetched ({error}). Expected a file of a preset. Check "
        "the address and the connection, and try again."
    )


def _too_large(address: str, limit: int) -> str:
    return (
        f"{address} has more than {limit} bytes. Expected the size in the preset's "
        "record. Check the address, or report it to the preset's publisher."
    )

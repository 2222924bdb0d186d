"""The Hugging Face hub, through its own library: downloads and uploads of files."""

from __future__ import annotations

import importlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepface_models.core.errors import IntegrityError
from deepface_models.core.extras import need

_ADDRESS = re.compile(r"hf://([^/@]+/[^/@]+)((?:/[^/@]+)*)/?(?:@([^@]+))?")
_MAIN = "main"


@dataclass(frozen=True)
class Place:
    """A folder in a repository of the hub.

    Attributes:
        repository: "owner/name".
        folder: The folder in it, "" for its root.
        revision: A branch, tag or commit; None for the main branch.
    """

    repository: str
    folder: str
    revision: str | None

    def path(self, name: str) -> str:
        """Returns the path of a file in the repository."""
        return f"{self.folder}/{name}" if self.folder else name


def parse_place(address: str) -> Place | None:
    """Parses "hf://owner/name[/folder][@revision]"; None for other texts."""
    found = _ADDRESS.fullmatch(address)
    if found is None or {".", ".."} & set(found[2].split("/")):
        return None
    return Place(found[1], found[2].strip("/"), found[3])


def download(place: Place, name: str, target: Path, limit: int) -> None:
    """Downloads a file; the library resumes a connection that breaks.

    `HF_ENDPOINT` selects a mirror. Nothing goes into the hub's own cache, so that a
    damaged file there does not matter and the file is on the disk once.

    Args:
        place: The repository and folder.
        name: Name of the file.
        target: Path to write to.
        limit: Most bytes; a larger file is not downloaded.

    Raises:
        ConnectionError: The file cannot be fetched.
        IntegrityError: The file is larger than `limit`.
        MissingDependencyError: huggingface-hub is not installed.
    """
    hub = _library()
    path, revision = place.path(name), place.revision
    where = f"hf://{place.repository}/{path}"
    with _quiet(), tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        try:
            url = hub.hf_hub_url(place.repository, path, revision=revision)
            size = hub.get_hf_file_metadata(url).size
            if size is not None and size <= limit:
                found = hub.hf_hub_download(
                    place.repository,
                    path,
                    revision=revision,
                    local_dir=scratch,
                    force_download=True,
                )
                os.replace(found, target)
        except Exception as error:  # including those of its HTTP library
            raise ConnectionError(
                f"{where} could not be fetched ({error}). Expected a file of a preset. "
                "Check the address, the connection and HF_ENDPOINT; for a private "
                "repository, log in with: hf auth login"
            ) from error
    if size is None or size > limit:
        raise IntegrityError(
            f"{where} has {size or 'an unknown number of'} bytes. Expected at most "
            f"{limit}, the size in the preset's record. Check the address, or report "
            "it to the preset's publisher."
        )


def publish(
    place: Place,
    files: Mapping[str, Path],
    superseded: Sequence[str],
    message: str,
    private: bool,
) -> str:
    """Uploads files in one commit, so that nobody meets a mixture of versions.

    Args:
        place: The repository and folder; the repository and the branch are created if
            they do not exist.
        files: Files to upload, by their name in the folder.
        superseded: Names of files of a former version, which are deleted.
        message: Message of the commit.
        private: Whether a new repository is private.

    Returns:
        The hexadecimal id of the commit.

    Raises:
        ConnectionError: The hub refuses it or cannot be reached.
        MissingDependencyError: huggingface-hub is not installed.
    """
    hub = _library()
    api, repository, branch = hub.HfApi(), place.repository, place.revision or _MAIN
    with _quiet():
        try:
            api.create_repo(repository, private=private, exist_ok=True)
            if branch != _MAIN:
                api.create_branch(repository, branch=branch, exist_ok=True)
            present = set(api.list_repo_files(repository, revision=branch))
            changes = [
                hub.CommitOperationDelete(place.path(name))
                for name in superseded
                if place.path(name) in present
            ]
            for name, path in files.items():
                changes.append(hub.CommitOperationAdd(place.path(name), str(path)))
            commit = api.create_commit(
                repository, changes, commit_message=message, revision=branch
            )
            return str(commit.oid)
        except Exception as error:
            raise ConnectionError(
                f"Nothing was published at hf://{repository} ({error}). Expected a "
                "repository that you may write to. Log in with: hf auth login, or set "
                "HF_TOKEN to a token with the right to write."
            ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Holds back the library's own bars; the caller shows one for all files."""
    bars = importlib.import_module("huggingface_hub.utils")
    if bars.are_progress_bars_disabled():
        yield
        return
    bars.disable_progress_bars()
    try:
        yield
    finally:
        bars.enable_progress_bars()


def _library() -> Any:
    return need("huggingface_hub", "huggingface-hub", "hub", "An hf:// address")

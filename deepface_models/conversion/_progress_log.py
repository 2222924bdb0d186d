"""The log of a folder's finished files, from which a conversion can be resumed."""

from __future__ import annotations

import json
import os
from pathlib import Path

from deepface_models.core.checked import decode
from deepface_models.core.errors import MediaError
from deepface_models.core.files import sha256_file


class ProgressLog:
    """Logs which files of a folder are finished, one JSON line each.

    Args:
        path: The log file; it may be missing.
        settings: Digest of the settings. Files finished with other settings are
            converted again.

    Raises:
        MediaError: `path` is a link.
    """

    def __init__(self, path: Path, settings: str) -> None:
        self._path, self._settings = path, settings
        self._known: set[tuple[str, str, str]] = set()
        self._hashes: dict[Path, str] = {}
        if path.is_symlink():
            raise MediaError(
                f"{path} is a link. Expected the log of finished files, to which lines "
                "are added. Delete the link, or choose another folder."
            )
        lines = path.read_bytes().split(b"\n") if path.exists() else []
        for line in filter(None, lines):
            try:
                entry = decode(line, "progress_log")
            except ValueError:
                continue  # the line that was being written when the run was killed
            self._known.add(
                (entry["output"], entry["source_sha256"], entry["settings"])
            )

    def has(self, source: Path, output: Path) -> bool:
        """Whether this source was converted with these settings."""
        return output.exists() and self._key(source, output) in self._known

    def note(self, source: Path, output: Path) -> None:
        """Logs a finished file."""
        name, digest, settings = self._key(source, output)
        entry = {"output": name, "source_sha256": digest, "settings": settings}
        with open(self._path, "a", encoding="utf-8") as handle:
            handle.write(f"\n{json.dumps({'source': source.name, **entry})}")
            handle.flush()
            os.fsync(handle.fileno())

    def _key(self, source: Path, output: Path) -> tuple[str, str, str]:
        if source not in self._hashes:
            self._hashes[source] = sha256_file(source)
        return output.name, self._hashes[source], self._settings

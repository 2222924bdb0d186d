"""The folder that a studio works in: its clips, faces, models and results."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from deepface_models.core.errors import MediaError
from deepface_models.core.names import check_names
from deepface_models.jobs import Queue
from deepface_models.media.kinds import IMAGE_SUFFIXES, VIDEO_SUFFIXES

UPLOADS = ".uploads"  # what a browser has sent, until a page takes it
_KEPT = "clips"
_LONGEST = 80  # characters of a file's name


class Workspace:
    """The files of a studio.

    Args:
        folder: The workspace; created if needed.

    Attributes:
        folder: The workspace, without links.
        queue: Its jobs.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(os.path.realpath(folder))
        for name in (_KEPT, "faces", "models", "swaps", "measures", "previews"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.queue = Queue(self.folder)

    def clips(self) -> list[str]:
        """Returns all clips and images, relative to the workspace."""
        found = sorted((self.folder / _KEPT).rglob("*"))
        return [self._relative(p) for p in found if p.is_file() and is_media(p)]

    def clips_of(self, person: str) -> list[str]:
        """Returns the clips and images of a person, relative to the workspace."""
        return [one for one in self.clips() if one.startswith(f"{_KEPT}/{person}/")]

    def people(self) -> list[str]:
        """Returns the people whose faces were found."""
        return self._holding("faces", "faceset.json")

    def models(self) -> list[str]:
        """Returns the trained models, such as models/ana_ben."""
        return [f"models/{name}" for name in self._holding("models", "model")]

    def swaps(self) -> list[Path]:
        """Returns the converted files, the newest first."""
        found = [p for p in (self.folder / "swaps").iterdir() if is_media(p)]
        return sorted(found, key=lambda path: -path.stat().st_mtime)

    def take(self, uploads: Iterable[str], person: str) -> list[str]:
        """Moves uploaded files to the clips of a person.

        Args:
            uploads: Files in the folder of uploads.
            person: The person's name.

        Returns:
            Their paths, relative to the workspace.

        Raises:
            MediaError: A file is no image or video, by its name.
            ValueError: The name cannot be that of a person.
        """
        check_names([person])
        files = [Path(one) for one in uploads]
        for file in files:
            check_media(file)
        taken = []
        for file in files:
            target = self.free(f"{_KEPT}/{person}/{plain_name(file.name)}")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(file, target)
            taken.append(self._relative(target))
        return taken

    def free(self, path: str) -> Path:
        """Returns a path where nothing is yet, with a number if needed."""
        wanted = self.folder / path
        found, number = wanted, 2
        while found.exists():
            found = wanted.with_name(f"{wanted.stem}_{number}{wanted.suffix}")
            number += 1
        return found

    def inside(self, path: str) -> Path | None:
        """Returns a file of the workspace by its relative path, or None.

        Links are followed first, so that none leads outside. Hidden files, such as the
        uploads of others, are no files of it.
        """
        try:
            found = Path(os.path.realpath(self.folder / path))
            if not (found.is_relative_to(self.folder) and found.is_file()):
                return None
        except (OSError, ValueError):  # too long, or not a path at all
            return None
        parts = found.relative_to(self.folder).parts
        return None if any(part.startswith(".") for part in parts) else found

    def address(self, path: str | Path) -> str:
        """Returns the address of a file in the browser, new when the file is."""
        from urllib.parse import quote

        file = self.folder / path
        state = file.stat()
        name = quote(file.relative_to(self.folder).as_posix())
        return f"files/{name}?v={state.st_mtime_ns:x}"

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _holding(self, folder: str, inside: str) -> list[str]:
        found = sorted((self.folder / folder).iterdir())
        return [path.name for path in found if (path / inside).exists()]


def is_media(path: Path) -> bool:
    """Whether a file's name is that of an image or a video."""
    named = path.suffix.lower() in (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
    return named and not path.name.startswith(".")


def check_media(path: Path) -> None:
    """Refuses a file that is no image or video by its name.

    Raises:
        MediaError: It is none.
    """
    if not is_media(path):
        raise MediaError(
            f"{path.name} was given. Expected an image or a video, such as .jpg, .png, "
            ".mp4 or .mov. Convert it, or rename it if its extension is wrong."
        )


def plain_name(name: str) -> str:
    """Returns a file's name in letters that every file system and shell takes."""
    path = Path(name)
    text = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-") or "file"
    return f"{stem[:_LONGEST]}{path.suffix.lower()}"

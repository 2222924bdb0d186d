"""Which pictures and videos a user means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deepface_models._errors import FaceNotFoundError
from deepface_models.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES, media_kind


def expand(source: str | Path | Sequence[str | Path]) -> list[str]:
    """The pictures and videos of a path, a folder (sorted by name) or a list."""
    listed = [source] if isinstance(source, str | Path) else list(source)
    paths: list[Path] = []
    for item in map(Path, listed):
        if media_kind(item) == "folder":
            known = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
            inside = sorted(p for p in item.iterdir() if p.suffix.lower() in known)
            paths += [p for p in inside if not p.name.startswith(".")]
        else:
            paths.append(item)
    if not paths:
        raise FaceNotFoundError(
            f"{source} holds no picture and no video. Expected at least one. "
            "Name a folder with pictures or videos."
        )
    return list(dict.fromkeys(str(p.resolve()) for p in paths))

"""The images and videos behind a path, a folder or a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deepface_models.core.errors import FaceNotFoundError
from deepface_models.media import media_kind
from deepface_models.media.folders import check_outside, list_media


def expand(
    source: str | Path | Sequence[str | Path], output: str | Path | None
) -> tuple[list[str], dict[str, str]]:
    """Lists the images and videos of a path, a folder or a list of them.

    Args:
        source: One path or several; a folder stands for its files in natural order.
        output: Folder that faces will be written to, or None.

    Returns:
        Resolved paths, each once; and the reason for each entry of a folder that cannot
        be read, by its path.

    Raises:
        FaceNotFoundError: There is no image or video.
        ValueError: `output` lies inside a folder that is read.
    """
    listed = [source] if isinstance(source, str | Path) else list(source)
    paths: list[Path] = []
    unreadable: dict[str, str] = {}
    for item in map(Path, listed):
        if media_kind(item) != "folder":
            paths.append(item)
            continue
        if output is not None:
            check_outside(item, Path(output))
        found = list_media(item)
        paths += found.files
        unreadable |= {str(path): why for path, why in found.unreadable.items()}
    if not paths and not unreadable:
        raise FaceNotFoundError(
            f"{source} holds no image and no video. Expected at least one. "
            "Name a folder with images or videos."
        )
    return list(dict.fromkeys(str(p.resolve()) for p in paths)), unreadable

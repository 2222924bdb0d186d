"""Which images and videos a user means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deepface_models.core.errors import FaceNotFoundError
from deepface_models.media import media_kind
from deepface_models.media.folders import check_outside, list_media


def expand(
    source: str | Path | Sequence[str | Path], output: str | Path | None
) -> tuple[list[str], dict[str, str]]:
    """Finds the images and videos of a path, a folder or a list.

    Args:
        source: A path or several; folders give their files in natural order.
        output: Where faces are to be written.

    Returns:
        Resolved paths, each once, and why entries of folders cannot be read.

    Raises:
        FaceNotFoundError: There is not one image or video.
        ValueError: `output` lies inside a folder that is read.
    """
    listed = [source] if isinstance(source, str | Path) else list(source)
    paths: list[Path] = []
    odd: dict[str, str] = {}
    for item in map(Path, listed):
        if media_kind(item) != "folder":
            paths.append(item)
            continue
        if output is not None:
            check_outside(item, Path(output))
        found = list_media(item)
        paths += found.files
        odd |= {str(path): why for path, why in found.odd.items()}
    if not paths and not odd:
        raise FaceNotFoundError(
            f"{source} holds no image and no video. Expected at least one. "
            "Name a folder with images or videos."
        )
    return list(dict.fromkeys(str(p.resolve()) for p in paths)), odd

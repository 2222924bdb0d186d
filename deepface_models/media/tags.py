"""The text that images and videos carry with them."""

from __future__ import annotations

from pathlib import Path

from deepface_models.media.container import open_video, readable_tags
from deepface_models.media.image import image_metadata
from deepface_models.media.kinds import media_kind


def read_metadata(path: str | Path) -> dict[str, str]:
    """Reads back the text that `write_image` or `VideoWriter` embedded.

    Args:
        path: An image or a video.

    Returns:
        Keys and texts; empty if the file carries none. Videos also carry entries
        that their container writes by itself, such as "encoder".

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file is neither an image nor a video by its extension, or it
            is a damaged video.
    """
    if media_kind(path) == "image":
        return image_metadata(Path(path))
    with open_video(path) as (container, _):
        return readable_tags(container.metadata)

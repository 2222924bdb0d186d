"""Text metadata of images and videos."""

from __future__ import annotations

from pathlib import Path

from deepface_models.media.container import open_video, readable_tags
from deepface_models.media.image import image_metadata
from deepface_models.media.kinds import media_kind


def read_metadata(path: str | Path) -> dict[str, str]:
    """Reads the metadata that `write_image` or `VideoWriter` embedded.

    Args:
        path: An image or a video.

    Returns:
        Keys and texts; empty if the file has none. Videos also have entries of the
        container itself, such as "encoder".

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file's extension is not that of an image or a video, or it is
            a damaged video.

    Example:
        >>> from deepface_models.media import write_image
        >>> black = np.zeros((8, 8, 3), np.uint8)
        >>> write_image("black.png", black, metadata={"comment": "test"})
        >>> read_metadata("black.png")
        {'comment': 'test'}
    """
    if media_kind(path) == "image":
        return image_metadata(Path(path))
    with open_video(path) as (container, _):
        return readable_tags(container.metadata)

"""Opening video containers, and the rotation of their frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError
from deepface_models.core.files import regular
from deepface_models.media.kinds import existing

# Tags that are not UTF-8 keep their bytes as surrogates. PyAV 19 always does that;
# PyAV 18 needs an option.
_STRICT = int(av.__version__.split(".")[0]) < 19
_TAGS: dict[str, Any] = {"metadata_errors": "surrogateescape"} if _STRICT else {}


# Containers that hold their own frames. Playlists, image sequences and devices, which
# make FFmpeg open other files or addresses, are not allowed.
_FORMATS = (
    *("mov", "matroska", "avi", "mpeg", "mpegts", "mpegvideo", "asf", "flv", "ogg"),
    *("mxf", "gif", "apng", "h264", "hevc", "ivf", "m4v", "dv", "nut", "rm", "wtv"),
)
_CLOSED = {"protocol_whitelist": "file", "format_whitelist": ",".join(_FORMATS)}


def open_file(path: str | Path, mode: str = "r", **options: Any) -> Any:
    """Opens a single file with PyAV, in the same way for all PyAV versions.

    Args:
        path: File to read or write. It is never treated as a URL, even if it contains
            colons.
        mode: "r" or "w".
        **options: Further arguments of `av.open`.

    Returns:
        The PyAV container. Tags are str; bytes that are not UTF-8 are surrogates.
    """
    if mode == "r":
        regular(path)
        options["container_options"] = _CLOSED
    opened: Any = av.open
    return opened(str(Path(path).absolute()), mode, **_TAGS, **options)


def readable_tags(metadata: Any) -> dict[str, str]:
    """Returns PyAV's tags as text; bytes that are not UTF-8 become U+FFFD."""
    return {_readable(key): _readable(value) for key, value in metadata.items()}


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@contextmanager
def open_video(path: str | Path) -> Iterator[tuple[Any, Any]]:
    """Opens a video; yields the PyAV container and its video stream.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file is not a video.
    """
    place = existing(path)
    try:
        container = open_file(place)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _no_video(place, _reason(place, error)) from error
    with container:
        stream = _video_stream(container)
        if stream is None:
            raise _no_video(place, f"its content is {container.format.long_name!r}")
        stream.thread_type = "AUTO"
        yield container, stream


def _video_stream(container: Any) -> Any:
    """Returns the first video stream; None for a still image, cover art or text."""
    kind = container.format.name
    if kind in ("image2", "tty") or kind.endswith("_pipe"):
        return None
    cover = av.stream.Disposition.attached_pic
    moving = [s for s in container.streams.video if not s.disposition & cover]
    usable = [s for s in moving if s.codec_context is not None and s.time_base]
    return usable[0] if usable else None


def orientation(frame: Any) -> tuple[bool, bool, bool]:
    """Returns (swap axes, flip left-right, flip up-down) from the rotation flag."""
    side = frame.side_data.get("DISPLAYMATRIX")
    if side is None:
        return False, False, False
    # Rows (a b u), (c d v), ...: x' = a x + c y, y' = b x + d y.
    a, b, _, c, d = np.frombuffer(bytes(side), dtype=np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


class Upright:
    """Rotates the images of one video by its frames' rotation flags."""

    def __init__(self) -> None:
        # Reading the side data makes PyAV 18 keep the frame until a full garbage
        # collection (12 MB per 4K frame), so it is read once for each angle.
        self._orientations: dict[int, tuple[bool, bool, bool]] = {}

    def __call__(self, image: Array, frame: Any) -> Array:
        """Returns the upright image of a frame, as a contiguous array."""
        swap, left_right, up_down = self._of(frame)
        if swap:
            image = image.swapaxes(0, 1)
        image = image[:, ::-1] if left_right else image
        return np.ascontiguousarray(image[::-1] if up_down else image)

    def is_stored(self, frame: Any) -> bool:
        """Whether a frame is stored upright."""
        return not any(self._of(frame))

    def _of(self, frame: Any) -> tuple[bool, bool, bool]:
        angle = int(frame.rotation)
        if angle not in self._orientations:
            self._orientations[angle] = orientation(frame)
        return self._orientations[angle]


def _reason(path: Path, error: Exception) -> str:
    """Returns the reason why a file cannot be opened."""
    try:
        with open(regular(path), "rb") as handle:
            head = handle.read(256).decode("utf-8-sig")
    except (OSError, ValueError):
        return str(error)
    if head and all(c.isprintable() or c.isspace() for c in head):
        return "it holds text, such as a playlist"
    return str(error)


def _no_video(path: Path, reason: str) -> MediaError:
    return MediaError(
        f"{path} cannot be read as a video ({reason}). Expected a complete video "
        "file such as mp4, mov, mkv, avi or mpg. Copy or download the file again, or "
        "use another video."
    )

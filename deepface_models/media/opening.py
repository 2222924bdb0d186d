"""Opening of image files: known formats, bounded size, one image per file."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from PIL import Image, UnidentifiedImageError

from deepface_models.core.errors import MediaError, MissingDependencyError
from deepface_models.media.kinds import existing

# Pillow supports more formats, some of which start other programs (EPS: Ghostscript).
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "JPEG2000", "AVIF", "HEIF")
MAX_PIXELS = 110_000_000  # phones take 108 million
MAX_PIXELS_VARIABLE = "DEEPFACE_MODELS_MAX_PIXELS"

# These decoders need 16 to 24 bytes of memory per pixel, others about 8.
_LAYERS = {"JPEG2000": 2, "WEBP": 2}

# Pillow's errors for damaged files.
BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, struct.error, zlib.error, MemoryError, RuntimeError),
    Image.DecompressionBombError,
)
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx")
_SUBFILE_TYPE, _SMALLER_OR_MASK = 254, 1 | 4


@contextmanager
def open_image(
    path: str | Path,
    max_pixels: int | None = None,
    formats: tuple[str, ...] = FORMATS,
) -> Iterator[Image.Image]:
    """Opens an image without decoding its pixels.

    Args:
        path: The file; its extension does not matter.
        max_pixels: Most pixels; by default `default_max_pixels`.
        formats: Pillow's names of the accepted formats.

    Yields:
        The Pillow image; it is closed afterwards.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file cannot be opened, has too many pixels or several images.
        MissingDependencyError: It is HEIC and the extra `heif` is not installed.
        UnidentifiedImageError: It has none of the formats.
        SyntaxError: Its header is damaged, or its sample format is unknown.
    """
    place = existing(path)
    limit = default_max_pixels() if max_pixels is None else max_pixels
    with _file(place) as file:
        image = _identified(file, place, formats)
        try:
            layers = _LAYERS.get(str(image.format), 1)
            check_pixels(place, *image.size, limit, layers)
            _check_single(place, image)
            yield image
        finally:
            image.close()


@contextmanager
def _file(place: Path) -> Iterator[IO[bytes]]:
    try:
        if not place.is_file():  # opening a pipe could wait forever
            raise OSError(0, "it is a folder, a pipe or a device")
        file = open(place, "rb")
    except OSError as error:
        raise MediaError(
            f"{place} cannot be opened ({error.strerror}). Expected a readable image "
            "file. Check the path and its permissions."
        ) from error
    with file:
        yield file


def _identified(file: IO[bytes], place: Path, formats: tuple[str, ...]) -> Image.Image:
    """Opens an image like `PIL.Image.open`, but without Pillow's limit of pixels."""
    Image.init()
    head = file.read(16)
    if "HEIF" in formats and head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        _add_heif(place)
    for name in formats:
        make, accept = Image.OPEN.get(name, (None, None))
        accepted = make is not None and accept is not None and accept(head)
        if isinstance(accepted, str):
            raise UnidentifiedImageError(accepted)
        if make is not None and accepted:
            file.seek(0)
            return make(file, str(place))
    raise UnidentifiedImageError("its format is another one")


def _add_heif(place: Path) -> None:
    """Registers a HEIC plugin for Pillow, unless there is one."""
    if "HEIF" in Image.OPEN:
        return
    try:
        import pi_heif
    except ImportError as error:
        raise MissingDependencyError(
            f"{place} is a HEIC image. Expected the package pi-heif to read it. "
            'Run: pip install "deepface_models[heif]"'
        ) from error
    pi_heif.register_heif_opener()


def default_max_pixels() -> int:
    """Returns the default limit of pixels per image.

    It is the environment variable DEEPFACE_MODELS_MAX_PIXELS, or 110 million.

    Raises:
        ValueError: The variable is not a whole number above 0.
    """
    text = os.environ.get(MAX_PIXELS_VARIABLE)
    if text is None:
        return MAX_PIXELS
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError(
            f"The environment variable {MAX_PIXELS_VARIABLE} is {text!r}. Expected a "
            f"whole number above 0, such as {MAX_PIXELS}. Correct it or unset it."
        )
    return int(text)


def check_pixels(
    place: Path, width: int, height: int, limit: int, layers: int = 1
) -> None:
    """Rejects an image with too many pixels.

    Args:
        place: Its path, for the message.
        width: Its width in px, according to the header.
        height: Its height in px, according to the header.
        limit: Most pixels.
        layers: Factor on the number of pixels, for decoders that need more memory.

    Raises:
        MediaError: There are more pixels than `limit`.
    """
    count = width * height * layers
    if count <= limit:
        return
    wide = "" if layers == 1 else f", each of which counts as {layers}"
    raise MediaError(
        f"{place} states {width} x {height} pixels{wide}: {count:,}. Expected at most "
        f"{limit:,}, because a small file can fill the memory. Make it smaller. If you "
        f"trust it, set the environment variable {MAX_PIXELS_VARIABLE}={count} (needs "
        f"about {count * 8 / 2**30:.1f} GiB), or pass max_pixels= to read_image."
    )


def _check_single(place: Path, image: Image.Image) -> None:
    """Rejects animations and files with several pages.

    MPO and HEIC files are accepted: their other images are previews, depth maps or
    other views of the first.
    """
    if image.format in ("MPO", "HEIF") or not getattr(image, "is_animated", False):
        return
    if image.format == "TIFF" and not _has_page(image):
        return
    raise several(place)


def several(place: Path) -> MediaError:
    """Returns the error for a file with several images."""
    return MediaError(
        f"{place} holds several images (an animation or pages). Expected one image "
        "per file. Convert an animation to a video (mp4), or save pages separately."
    )


def _has_page(image: Any) -> bool:
    """Whether a TIFF has more images than smaller copies and masks of the first."""
    try:
        for number in range(1, image.n_frames):
            image.seek(number)
            if not image.tag_v2.get(_SUBFILE_TYPE, 0) & _SMALLER_OR_MASK:
                return True
    finally:
        image.seek(0)
    return False

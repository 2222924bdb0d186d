"""Reading and writing of images as RGB arrays."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from deepface_models.core.arrays import Array, as_uint8
from deepface_models.core.checked import decode
from deepface_models.core.errors import MediaError
from deepface_models.core.files import atomic_path
from deepface_models.core.whole import whole_numbers
from deepface_models.media.kinds import existing
from deepface_models.media.opening import BROKEN, default_max_pixels, open_image
from deepface_models.media.pixels import to_layers
from deepface_models.media.wide_png import encode_wide
from deepface_models.media.wide_tiff import read_wide_tiff

# In a PNG, nothing but runs of equal bytes is looked for: photographs become about as
# small, in two thirds of the time.
_WRITERS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG", "compress_level": 4, "compress_type": zlib.Z_RLE},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
}
_EXIF_DESCRIPTION, _EXIF_SOFTWARE = 0x010E, 0x0131


@whole_numbers(max_pixels=1)
def read_image(
    path: str | Path, *, alpha: bool = False, max_pixels: int | None = None
) -> Array:
    """Reads an image as RGB, as an image viewer displays it.

    The EXIF orientation is applied, colors are converted to sRGB by the file's color
    profile, and grayscale becomes three equal channels. 16-bit samples are scaled to 8
    bits. 32-bit integers and floats are scaled from the smallest of these ranges that
    includes their maximum: 0..1 (floats only), 0..255, 0..65535 or 32 bits.

    Args:
        path: A PNG, JPEG, WebP, BMP, TIFF, JPEG 2000, AVIF or (extra `heif`) HEIC
            image. The extension does not matter.
        alpha: Whether to return the alpha channel too. By default transparent
            images are blended with white.
        max_pixels: Most pixels (width x height) of the image; by default the
            environment variable DEEPFACE_MODELS_MAX_PIXELS or 110 million. A pixel of
            WebP or JPEG 2000 counts as two, one of a float color TIFF as three.

    Returns:
        uint8 array, (height, width, 3), RGB, 0..255; with `alpha`
        (height, width, 4), the last channel from 0 (transparent) to 255.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file is not an image, is truncated or damaged, is animated or
            has several pages, or has more than `max_pixels`.
        MissingDependencyError: It is HEIC and the extra `heif` is not installed.

    Example:
        >>> read_image("ana.png").shape
        (288, 360, 3)
    """
    image, layer = _read(existing(path), alpha, max_pixels)
    if not alpha:
        return image
    if layer is None:
        layer = np.full(image.shape[:2], 255, np.uint8)
    return np.dstack([image, layer])


def read_layers(path: str | Path) -> tuple[Array, Array | None]:
    """Reads an image's colors and its alpha channel; see `read_image`.

    Returns:
        uint8 (height, width, 3), RGB without blending, and uint8 (height, width) from
        0 (transparent) to 255, or None for an image without alpha.
    """
    return _read(existing(path), keep_alpha=True, max_pixels=None)


def _read(
    place: Path, keep_alpha: bool, max_pixels: int | None
) -> tuple[Array, Array | None]:
    limit = default_max_pixels() if max_pixels is None else max_pixels
    try:
        (image, alpha), turned = _decoded(place, keep_alpha, limit)
        image = _upright(image, turned)
        return image, None if alpha is None else _upright(alpha, turned)
    except (MediaError, FileNotFoundError):
        raise
    except BROKEN as error:
        raise MediaError(
            f"{place} cannot be read as an image ({error}). Expected a complete PNG, "
            "JPEG, WebP, BMP, TIFF, JPEG 2000, AVIF or HEIC file. Copy or download the "
            "file again, or leave it out."
        ) from error


def _decoded(
    place: Path, keep_alpha: bool, limit: int
) -> tuple[tuple[Array, Array | None], int]:
    """Returns colors and alpha as stored, and the EXIF orientation."""
    try:
        with open_image(place, limit) as pil:
            return to_layers(pil, keep_alpha), _orientation(pil)
    except SyntaxError:  # a sample format that Pillow does not support
        found = read_wide_tiff(place, limit)
        if found is None:
            raise
    pil, orientation = found
    return to_layers(pil, keep_alpha), orientation


def _orientation(pil: Image.Image) -> int:
    """Returns the EXIF orientation; 1 if the EXIF data are damaged."""
    try:
        return int(pil.getexif().get(ExifTags.Base.Orientation, 1))
    except BROKEN:
        return 1


def _upright(image: Array, orientation: int) -> Array:
    """Applies an EXIF orientation (1 to 8); returns a contiguous array."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def write_image(
    path: str | Path, image: Array, metadata: dict[str, str] | None = None
) -> None:
    """Writes an image; after an error, an existing file is unchanged.

    Args:
        path: File to write: `.png` (lossless), `.jpg`, `.jpeg` or `.webp`.
        image: (height, width, 3), RGB, or (height, width, 4), RGBA; uint8 0..255 or
            float [0, 1]. For JPEG, which has no alpha channel, transparent images are
            blended with white. A PNG also takes uint16 0..65535, gray (height, width)
            among them, and has 16 bits then.
        metadata: Text to embed: as text entries in PNG; in JPEG and WebP as a JSON
            object in the EXIF image description, and "software" in its own field too.

    Raises:
        MediaError: The extension is another one, or the format does not support the
            image's size.
        ValueError: `image` has another shape or type.

    Example:
        >>> image = np.zeros((48, 64, 3), np.uint8)
        >>> write_image("black.png", image)
        >>> read_image("black.png").shape
        (48, 64, 3)
    """
    place = Path(path)
    options = _WRITERS.get(place.suffix.lower())
    if options is None:
        raise MediaError(
            f"An image cannot be written to {place}. Expected one of the extensions "
            f"{' '.join(_WRITERS)}. Use .png, which is lossless."
        )
    if np.asarray(image).dtype == np.uint16 and options["format"] == "PNG":
        with atomic_path(place) as temporary:
            temporary.write_bytes(encode_wide(image, metadata))
        return
    pil = Image.fromarray(as_uint8(image, channels=(3, 4)))
    if options["format"] == "JPEG" and pil.mode == "RGBA":
        pil = Image.fromarray(to_layers(pil, keep_alpha=False)[0])
    extra = embedded(options["format"], metadata) if metadata else {}
    try:
        with atomic_path(place) as temporary:
            pil.save(temporary, **options, **extra)
    except ValueError as error:
        raise MediaError(
            f"An image of shape {np.shape(image)} cannot be written to {place} "
            f"({error}). Expected a size that the format supports. Write a .png."
        ) from error


def embedded(kind: str, metadata: dict[str, str]) -> dict[str, Any]:
    """Returns the PIL save options that embed `metadata`."""
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        for key, value in metadata.items():
            text.add_itxt(key, str(value))
        return {"pnginfo": text}
    exif = Image.Exif()
    exif[_EXIF_DESCRIPTION] = json.dumps(metadata)  # ASCII, which EXIF requires
    exif[_EXIF_SOFTWARE] = metadata.get("software", "deepface_models")
    return {"exif": exif}


def image_metadata(path: Path) -> dict[str, str]:
    """Returns the text that `write_image` embedded; empty if there is none."""
    try:
        with open_image(path) as pil:
            texts: dict[str, Any] = getattr(pil, "text", {})
            if texts:
                return {str(key): str(value) for key, value in texts.items()}
            found = decode(str(pil.getexif().get(_EXIF_DESCRIPTION, "{}")))
    except BROKEN:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): str(value) for key, value in found.items()}

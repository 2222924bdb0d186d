"""Pictures as RGB arrays: reading whatever PIL opens, writing whole files or none."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin

from deepface_models._errors import MediaError
from deepface_models._files import atomic_path
from deepface_models.media.kinds import existing

Array = NDArray[Any]

_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, struct.error, zlib.error, MemoryError),
    Image.DecompressionBombError,
)
_WRITERS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG", "compress_level": 4},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
}
_EXIF_DESCRIPTION, _EXIF_SOFTWARE = 0x010E, 0x0131


def read_image(path: str | Path) -> Array:
    """Reads a picture the way a viewer shows it.

    The EXIF rotation is applied, grey becomes three equal channels, 16-bit samples
    are scaled to 8 bits, transparent pixels are laid over white.

    Args:
        path: A picture in any format PIL opens.

    Returns:
        uint8 array, (height, width, 3), RGB, 0..255.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: The file is no picture, is truncated or is damaged.
    """
    place = existing(path)
    try:
        with Image.open(place) as picture:
            picture.load()
            return _to_rgb(_upright(picture))
    except _BROKEN as error:
        raise MediaError(
            f"{place} cannot be read as a picture ({error}). Expected a complete PNG, "
            "JPEG, WebP, BMP or TIFF file. Copy or download the file again, or leave "
            "it out."
        ) from error


def _upright(picture: Image.Image) -> Image.Image:
    """Applies the EXIF rotation; damaged EXIF data does not cost the picture."""
    try:
        return ImageOps.exif_transpose(picture) or picture
    except _BROKEN:
        return picture


def _to_rgb(picture: Image.Image) -> Array:
    """Brings any PIL mode to uint8 RGB."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return np.repeat(_wide_samples(picture)[:, :, None], 3, axis=2)
    if (
        picture.mode in ("RGBA", "LA", "PA", "La", "RGBa")
        or picture.has_transparency_data
    ):
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, layer)
    return np.array(picture.convert("RGB"), dtype=np.uint8)


def _wide_samples(picture: Image.Image) -> Array:
    """Scales 16-bit integers or floats in [0, 1] to 0..255."""
    values = np.asarray(picture).astype(np.float64)
    values = values * 255 if picture.mode == "F" else values / 257
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def as_uint8(image: Array) -> Array:
    """Returns an RGB picture as contiguous uint8.

    Args:
        image: (height, width, 3), uint8 0..255 or float [0, 1].

    Returns:
        uint8 array of the same shape; floats are rounded and clipped.

    Raises:
        ValueError: Another shape or type.
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or not all(image.shape):
        raise ValueError(
            f"An image of shape {image.shape} was given. Expected (height, width, 3), "
            "RGB. Pass one picture at a time, without alpha."
        )
    if np.issubdtype(image.dtype, np.floating):
        image = np.rint(np.clip(np.nan_to_num(image), 0, 1) * 255).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(
            f"An image of type {image.dtype} was given. Expected uint8 in 0..255 or "
            "float in [0, 1]. Convert it, for example with `image.astype('uint8')`."
        )
    return np.ascontiguousarray(image)


def write_image(
    path: str | Path, image: Array, metadata: dict[str, str] | None = None
) -> None:
    """Writes a picture, whole or not at all.

    Args:
        path: File to write; `.png` (lossless), `.jpg`, `.jpeg` or `.webp`.
        image: (height, width, 3), RGB, uint8 0..255 or float [0, 1].
        metadata: Text to embed: PNG text entries; in JPEG and WebP one JSON object
            in the EXIF image description, and "software" also in its own field.

    Raises:
        MediaError: Another extension, or the format cannot hold the picture.
        ValueError: `image` has another shape or type.
    """
    place = Path(path)
    options = _WRITERS.get(place.suffix.lower())
    if options is None:
        raise MediaError(
            f"A picture cannot be written to {place}. Expected one of the extensions "
            f"{' '.join(_WRITERS)}. Use .png to keep every pixel as it is."
        )
    picture = Image.fromarray(as_uint8(image))
    extra = embedded(options["format"], metadata) if metadata else {}
    try:
        with atomic_path(place) as temporary:
            picture.save(temporary, **options, **extra)
    except ValueError as error:
        raise MediaError(
            f"A picture of shape {np.shape(image)} cannot be written to {place} "
            f"({error}). Expected a size that the format allows. Write a .png."
        ) from error


def embedded(kind: str, metadata: dict[str, str]) -> dict[str, Any]:
    """Returns the PIL save options that embed `metadata`."""
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        for key, value in metadata.items():
            text.add_itxt(key, str(value))
        return {"pnginfo": text}
    exif = Image.Exif()
    exif[_EXIF_DESCRIPTION] = json.dumps(metadata)  # ASCII, as EXIF text has to be
    exif[_EXIF_SOFTWARE] = metadata.get("software", "deepface_models")
    return {"exif": exif}


def image_metadata(path: Path) -> dict[str, str]:
    """Returns the text that `write_image` embedded; empty if there is none."""
    try:
        with Image.open(path) as picture:
            texts: dict[str, Any] = getattr(picture, "text", {})
            if texts:
                return {str(key): str(value) for key, value in texts.items()}
            found = json.loads(picture.getexif().get(_EXIF_DESCRIPTION, "{}"))
    except _BROKEN:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): str(value) for key, value in found.items()}

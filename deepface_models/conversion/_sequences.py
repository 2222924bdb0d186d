"""Image sequences as sources and as results of a conversion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Self, TypeAlias

from deepface_models.conversion._outputs import (
    IMAGES,
    check_apart,
    check_extension,
    result_name,
)
from deepface_models.conversion.converter import Converter
from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError
from deepface_models.core.files import atomic_path
from deepface_models.media import VIDEO_SUFFIXES, ImageSequence, media_kind, probe
from deepface_models.media.codecs import encoder_of
from deepface_models.media.formats import bits_of, format_of
from deepface_models.media.kinds import is_pattern
from deepface_models.media.sequence import Source, name_of

# Writes the image of a frame: its temporary path, the image, the frame's number.
WriteImage: TypeAlias = Callable[[Path, Array, int], None]


def resolve(
    source: Source, output: Path, fps: float | Fraction | None
) -> tuple[str, Path | ImageSequence, Path]:
    """Returns the kind of a source, the source, and the output.

    A pattern is an image sequence, and so is a folder if `fps` is given or the output
    is a video or a pattern. Its kind is "video".

    Raises:
        ValueError: `fps` is missing, or given for another source.
        MediaError: The output of an image sequence has no place for the number.
    """
    if not _is_sequence(source, output, fps):
        kind = media_kind(str(source))
        if fps is not None:
            raise ValueError(
                f"fps={fps} was given for the {kind} {source}. Expected it for an "
                "image sequence only, as videos keep their frame rate. Leave out fps."
            )
        return kind, Path(str(source)), output
    sequence = _opened(source, fps)
    if _is_video(output):
        if sequence.fps is None:
            raise ValueError(
                f"{source} was given without fps= for the video {output}. Expected "
                "the frames per second of the image sequence. Pass fps=24, or --fps 24."
            )
    elif not is_pattern(output):
        if output.suffix.lower() in IMAGES:
            raise MediaError(
                f"The output {output} was given for the image sequence {source}. "
                "Expected a pattern, a folder or a video. Pass "
                f"{str(output.with_name(f'{output.stem}.%04d{output.suffix}'))!r}."
            )
        output = output / result_name(sequence.name)
    return "video", sequence, output


def check_images(source: Path | ImageSequence, output: Path) -> None:
    """Refuses to write an image sequence that cannot be signed, or over the source.

    Raises:
        MediaError: `output` has another extension, or an image of it is the source's.
    """
    check_extension(source, output, "image")
    if isinstance(source, ImageSequence):
        for frame, number in enumerate(source.numbers):
            check_apart(source.file(frame), name_of(output, number))


def check_storable(
    kind: str, output: Path, writer: Mapping[str, Any], converter: Converter
) -> None:
    """Refuses more bits or transparency than an output can store.

    Raises:
        MediaError: The codec or the image format cannot store it.
        ValueError: A view of the result is to be transparent.
    """
    bits, alpha, codec = writer["bits"], writer["alpha"], writer["codec"]
    if alpha and (converter.side_by_side or converter.debug):
        raise ValueError(
            "alpha=True was given with side_by_side or debug. Expected only one of "
            "them, as alpha=True writes faces alone. Leave out the others."
        )
    if kind == "video" and not is_pattern(output):
        if output.suffix.lower() in VIDEO_SUFFIXES:
            encoder = encoder_of(codec, writer["lossless"], output)
            format_of(codec, encoder, (2, 2), bits_of(codec, bits), alpha)
        return
    suffix = output.suffix.lower()
    if alpha and suffix not in (".png", ".webp"):
        raise MediaError(
            f"The output {output} was given with alpha=True. Expected .png or .webp, "
            f"which store it. Pass {str(output.with_suffix('.png'))!r}."
        )
    deep = suffix == ".png" and (kind == "video" or alpha)
    if bits not in (None, 8) and not (bits == 16 and deep):
        raise MediaError(
            f"The output {output} was given with bits={bits}. Expected 8, or 16 for "
            "PNG images of a sequence or with alpha=True. Leave out bits."
        )


class ImageWriter:
    """Writes the frames of a conversion as numbered images; a context manager.

    Each image appears under its name when it is finished. The images of an image
    sequence keep their numbers; those of a video have the number of their frame.

    Args:
        output: The pattern of the images.
        like: The source.
        cut: Not used; a part of a source keeps its numbers.
        first: Number of the first frame that is written.
        write: Writes the image of a frame.

    Attributes:
        notes: A sentence for each property of the source that the images lack.
    """

    def __init__(
        self, output: Path, like: Source, *, cut: bool, first: int, write: WriteImage
    ) -> None:
        self._output, self._next, self._write = output, first, write
        self._sequence = like if isinstance(like, ImageSequence) else None
        sound = self._sequence is None and probe(like).has_audio
        self.notes = ["Sound left out: images have none."] if sound else []

    def write(self, image: Array, pts: int, duration: int) -> None:
        """Writes the image of the next frame."""
        frame, numbers = self._next, self._sequence and self._sequence.numbers
        place = name_of(self._output, numbers[frame] if numbers else frame)
        with atomic_path(place, wait=None, apart=True) as temporary:
            self._write(temporary, image, frame)
        self._next += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Does nothing: the images written so far are complete."""


def _is_sequence(source: Source, output: Path, fps: Any) -> bool:
    if isinstance(source, ImageSequence) or is_pattern(source):
        return True
    asked = fps is not None or _is_video(output) or is_pattern(output)
    return asked and media_kind(source) == "folder"


def _opened(source: Source, fps: float | Fraction | None) -> ImageSequence:
    if not isinstance(source, ImageSequence):
        return ImageSequence.open(source, fps)
    if fps is None:
        return source
    return ImageSequence.open(source.pattern, fps)


def _is_video(output: Path) -> bool:
    return output.suffix.lower() in VIDEO_SUFFIXES

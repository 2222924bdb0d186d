"""Image sequences: numbered images that are the frames of a video."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from deepface_models.core.arrays import Array, as_float
from deepface_models.core.errors import MediaError
from deepface_models.core.files import sha256_file
from deepface_models.core.whole import whole_numbers
from deepface_models.media.image import read_image
from deepface_models.media.kinds import IMAGE_SUFFIXES, NUMBER, existing, is_pattern
from deepface_models.media.wide_png import read_wide

USUAL_FPS = Fraction(25)
_LAST_NUMBER = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)


@dataclass(frozen=True)
class ImageSequence:
    """Numbered images that are the frames of a video, such as shot.%04d.png.

    Attributes:
        pattern: The path with the place of the number, as in printf: %d, or %04d for
            numbers of four digits or more.
        numbers: The numbers of the images, without a gap.
        fps: Frames per second; None if it was not given.

    Example:
        >>> from deepface_models.media import write_image
        >>> for number in (1, 2, 3):
        ...     write_image(f"shot.{number:04}.png", np.zeros((8, 8, 3), np.uint8))
        >>> ImageSequence.open("shot.%04d.png", fps=24).numbers
        range(1, 4)
    """

    pattern: Path
    numbers: range
    fps: Fraction | None = None

    @classmethod
    def open(
        cls, path: str | Path, fps: float | Fraction | None = None
    ) -> ImageSequence:
        """Finds the images of a pattern or of a folder.

        Args:
            path: A pattern such as "shot.%04d.png", or a folder whose images have the
                same name except for the last number in it.
            fps: Frames per second.

        Raises:
            FileNotFoundError: There is no such folder.
            MediaError: There is no image, or a number is missing.
            ValueError: `fps` is not above 0.
        """
        rate = None if fps is None else frame_rate_of(fps)
        pattern = Path(path) if is_pattern(path) else _pattern_of(existing(path))
        numbers = sorted(_numbers(pattern))
        if not numbers:
            raise MediaError(
                f"No image is at {pattern}. Expected numbered images such as "
                f"{name_of(pattern, 1).name}. Check the name and the number of digits."
            )
        whole = range(numbers[0], numbers[-1] + 1)
        if len(numbers) != len(whole):
            missing = next(n for n in whole if n not in set(numbers))
            raise MediaError(
                f"{name_of(pattern, missing)} is missing. Expected all images from "
                f"{whole[0]} to {whole[-1]}. Render it, or move what follows away."
            )
        return cls(pattern, whole, rate)

    def __len__(self) -> int:
        return len(self.numbers)

    def __str__(self) -> str:
        return str(self.pattern)

    @property
    def name(self) -> str:
        """The pattern without its folder."""
        return self.pattern.name

    @property
    def rate(self) -> Fraction:
        """Frames per second; 25 if they were not given."""
        return self.fps or USUAL_FPS

    @whole_numbers(frame=0)
    def file(self, frame: int) -> Path:
        """Returns the path of the image of a frame, counted from 0."""
        return name_of(self.pattern, self.numbers[frame])

    def sha256(self) -> str:
        """Returns the SHA-256 of what `sha256sum` prints for all images in order."""
        digest = hashlib.sha256()
        for frame in range(len(self)):
            path = self.file(frame)
            digest.update(f"{sha256_file(path)}  {path.name}\n".encode())
        return digest.hexdigest()

    def images(self, frames: range, deep: bool = False) -> Iterator[tuple[int, Array]]:
        """Yields the number and the image of frames, which must be of one size.

        Args:
            frames: The numbers, from 0.
            deep: Whether images are float32 in [0, 1], with all bits of PNG and TIFF.
        """
        shape: tuple[int, ...] | None = None
        for frame in frames:
            image = _deep(self.file(frame)) if deep else read_image(self.file(frame))
            shape = shape or image.shape
            if image.shape != shape:
                raise MediaError(
                    f"{self.file(frame)} has {image.shape[1]}x{image.shape[0]} px, but "
                    f"the images before it {shape[1]}x{shape[0]}. Expected images of "
                    "one size. Resize it, or convert it by itself."
                )
            yield frame, image


Source: TypeAlias = str | Path | ImageSequence


def as_sequence(source: Source) -> ImageSequence | None:
    """Returns the image sequence that a source is or names, else None."""
    if isinstance(source, ImageSequence):
        return source
    return ImageSequence.open(source) if is_pattern(source) else None


def as_source(source: Source) -> Path | ImageSequence:
    """Returns a source as a path, or an image sequence if it is one."""
    return as_sequence(source) or Path(str(source))


def source_sha256(source: Source) -> str:
    """Returns the SHA-256 of a file or of an image sequence."""
    sequence = as_sequence(source)
    return sha256_file(str(source)) if sequence is None else sequence.sha256()


def name_of(pattern: Path, number: int) -> Path:
    """Returns the path of the image with a number."""
    digits = NUMBER.search(pattern.name)
    width = int(digits[1] or 0) if digits else 0
    return pattern.with_name(NUMBER.sub(f"{number:0{width}d}", pattern.name, 1))


def frame_rate_of(fps: float | Fraction) -> Fraction:
    """Returns frames per second as a fraction, such as 24000/1001 for 23.976.

    Raises:
        ValueError: They are not above 0.
    """
    try:
        rate = Fraction(fps).limit_denominator(1001)
    except (TypeError, ValueError, OverflowError):
        rate = Fraction(0)
    if rate <= 0:
        raise ValueError(
            f"fps={fps} was given. Expected frames per second above 0. Leave it out to "
            "keep the source's."
        )
    return rate


def _deep(path: Path) -> Array:
    wide = read_wide(path)
    return as_float(read_image(path) if wide is None else wide)


def _numbers(pattern: Path) -> Iterator[int]:
    """Yields the numbers of the existing images of a pattern."""
    digits = NUMBER.search(pattern.name)
    if digits is None or not pattern.parent.is_dir():
        return
    before, after = pattern.name[: digits.start()], pattern.name[digits.end() :]
    for path in pattern.parent.iterdir():
        middle = path.name[len(before) : len(path.name) - len(after)]
        if middle.isascii() and middle.isdigit():
            if name_of(pattern, int(middle)).name == path.name:
                yield int(middle)


def _pattern_of(folder: Path) -> Path:
    """Returns the pattern of a folder's images."""
    found: Counter[tuple[str, str]] = Counter()
    digits: set[str] = set()
    for path in folder.iterdir():
        parts = _LAST_NUMBER.fullmatch(path.stem)
        usable = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
        if parts is not None and usable:
            before, number, after = parts.groups()
            found[before, after + path.suffix] += 1
            digits.add(number)
    if len(found) != 1:
        names = ", ".join(f"{a}...{b} ({n})" for (a, b), n in sorted(found.items())[:4])
        raise MediaError(
            f"{folder} holds {names or 'no numbered images'}. Expected the images of "
            "one sequence, such as shot.0001.png, shot.0002.png. Pass a pattern such "
            f"as {folder / 'shot.%04d.png'}."
        )
    (before, after) = next(iter(found))
    width = min(map(len, digits))
    padded = width > 1 and any(one.startswith("0") for one in digits)
    return folder / f"{before}{f'%0{width}d' if padded else '%d'}{after}"

"""What a preset is trained on, in memory and as one file for another machine.

The file holds the pictures to train on as JPEG, and no pickled objects. Neither dlib
nor PyAV is imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepface_models._files import atomic_path

if TYPE_CHECKING:
    from pretrain_data import Face

Array = NDArray[Any]

QUALITY = 98  # a mean error of about one level of 255


@dataclass
class Data:
    """What a recipe is trained on and what is held out."""

    wide: Array  # to train on, with a border
    border: int
    text: str  # for the card
    test: Array | None = None  # without a border; None if it is elsewhere
    faces: list[Face] = field(default_factory=list)  # of the test; none for digits
    commit: str = "unknown"  # of the code that gathered it

    @property
    def images(self) -> Array:
        """What is trained on, without the border."""
        end = self.wide.shape[1] - self.border
        return self.wide[:, self.border : end, self.border : end]

    @property
    def people(self) -> list[str]:
        count = 0 if self.test is None else len(self.test)
        return [f.person for f in self.faces] or [str(i) for i in range(count)]


def gather(path: Path, data: Data, commit: str) -> None:
    """Writes what is to be trained on, whole or not at all."""
    jpegs = [jpeg(picture, QUALITY) for picture in data.wide]
    with atomic_path(path) as new, new.open("wb") as file:
        np.savez(
            file,
            jpegs=np.concatenate(jpegs),
            ends=np.cumsum([len(one) for one in jpegs]),
            border=data.border,
            text=data.text,
            commit=commit,
        )


def gathered(path: Path, size: int) -> Data:
    """Reads what `gather` wrote.

    Args:
        path: The file.
        size: Side of the pictures in pixels, without the border.
    """
    with np.load(path, allow_pickle=False) as arrays:
        border = int(arrays["border"])
        wide = pictures(np.split(arrays["jpegs"], arrays["ends"][:-1]), path)
        text, commit = str(arrays["text"]), str(arrays["commit"])
    found = wide.shape[1] - 2 * border
    if found != size:
        raise ValueError(
            f"{path} holds pictures of {found} px. Expected {size} px. Gather them "
            "again, with the preset that is to be trained."
        )
    return Data(wide, border, text, commit=commit)


def jpeg(picture: Array, quality: int) -> Array:
    """A picture's bytes, its colours in full."""
    how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    how += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return np.asarray(cv2.imencode(".jpg", picture[..., ::-1], how)[1])


def pictures(jpegs: Iterable[Array], path: Path) -> Array:
    """What `jpeg` packed, (N, H, W, 3)."""
    found = [cv2.imdecode(one, cv2.IMREAD_COLOR) for one in jpegs]
    if any(one is None for one in found):
        raise ValueError(
            f"{path} holds something that is no JPEG. Expected what --gather writes. "
            "Copy the file again."
        )
    return np.stack(found)[..., ::-1]

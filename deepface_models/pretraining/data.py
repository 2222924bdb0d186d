"""Training and test images of autoencoders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError
from deepface_models.data import load_digits, load_fashion_mnist, load_mnist
from deepface_models.pretraining.aligned import Faces, inside, read
from deepface_models.pretraining.facts import FASHION, MNIST, SOURCES, TITLES
from deepface_models.pretraining.machine import commit
from deepface_models.pretraining.people import Face, folders_of
from deepface_models.pretraining.storage import load_faces, save_faces

MOST_DIGITS = 2000  # test images
_QUALITY = 98  # of JPEG; the mean error is about one level of 255
_FOLDERS = {MNIST: "mnist", FASHION: "fashion-mnist"}


@dataclass
class Data:
    """Training and test images.

    Attributes:
        wide: Training images with border.
        border: Width of the border in pixels.
        text: Description for the model card.
        test: Test images without border; None for gathered data.
        faces: Person, source and groups of each test image; empty for digits.
        commit: Commit of the code that gathered the data.
    """

    wide: Array
    border: int
    text: str
    test: Array | None = None
    faces: list[Face] = field(default_factory=list)
    commit: str = field(default_factory=commit)

    @property
    def images(self) -> Array:
        """Training images without border."""
        return inside(self.wide, self.border)

    def save(self, path: Path) -> None:
        """Writes the training images to a file, for training on another machine."""
        facts = {"border": self.border, "text": self.text, "commit": self.commit}
        save_faces(path, self.wide, _QUALITY, **facts)

    @classmethod
    def open(cls, path: Path, size: int) -> Data:
        """Reads a file of `save`.

        Args:
            path: The file.
            size: Expected side of the images in pixels, without the border.

        Raises:
            MediaError: The file has other contents.
        """
        wide, more = load_faces(path)
        found = wide.shape[1] - 2 * int(more.get("border", 0))
        if "text" not in more or found != size:
            raise MediaError(
                f"{path} has other images, of {found} px. Expected {size} px. Gather "
                "them again for this preset."
            )
        border, text = int(more["border"]), str(more["text"])
        return cls(wide, border, text, commit=str(more["commit"]))


def read_digits(data: str, folder: Path | None, limit: int | None) -> Data:
    """Returns MNIST or Fashion-MNIST.

    Args:
        data: "mnist" or "fashion".
        folder: DATA, or the folder of the IDX files; None downloads them.
        limit: Most training images.
    """
    if folder is not None and (folder / _FOLDERS[data]).is_dir():
        folder = folder / _FOLDERS[data]
    training, test = split_digits(data, folder, limit)
    count, test = len(training) + len(test), test[:MOST_DIGITS]
    part = ", of its 10,000 test images" if count == 10_000 else ""
    text = f"{TITLES[data]}: {len(training):,} images{part}"
    return Data(training, 0, f"{text}; {len(test):,} others held out", test)


def split_digits(
    data: str, folder: str | Path | None, limit: int | None
) -> tuple[Array, Array]:
    """Returns training and test images in [0, 1], float32 (N, 28, 28, 1).

    Args:
        data: "mnist", "fashion", or "digits" for those of scikit-learn.
        folder: Folder of the IDX files; None downloads them. If it has the test files
            only, they are split 4 to 1.
        limit: Most training images; a quarter of it is the most test images.
    """
    if data == "digits":
        (train, _), (test, _) = load_digits(image_size=28)
    else:
        loader: Any = {FASHION: load_fashion_mnist, MNIST: load_mnist}[data]
        try:
            (train, _), (test, _) = loader(folder)
        except FileNotFoundError:
            images, _ = loader(folder, subset="test")
            train, test = np.split(images, [len(images) * 4 // 5])
    if limit:
        train, test = train[:limit], test[: max(limit // 4, 1)]
    scaled = [one[..., None].astype("float32") / 255.0 for one in (train, test)]
    return scaled[0], scaled[1]


def read_faces(data: Path, size: int, cache: Path, limit: int | None) -> Data:
    """Returns aligned faces, split by person.

    Args:
        data: DATA, or a folder with a folder of images for each person.
        size: Side of the faces in pixels.
        cache: Folder of cached aligned faces.
        limit: Most images.

    Raises:
        FileNotFoundError: There are no images.
        ValueError: There are too few people.
    """
    found = read(folders_of(data), size, cache, limit)
    training, out = found.split()
    if not (training.faces and out.faces):
        raise ValueError(
            f"{data} has {len(found.faces)} images of "
            f"{len({f.person for f in found.faces})} people, too few to split into "
            "training and test people. Expected about twenty people or more. Put the "
            "images into one folder per person."
        )
    text = f"{_described(training)} Held out: {_described(out)}"
    return Data(training.wide, training.border, text, out.images, out.faces)


def counted(names: Sequence[str]) -> str:
    """Returns "12 of a, 3 of b"."""
    return ", ".join(f"{n:,} of {name}" for name, n in Counter(names).items())


def _described(faces: Faces) -> str:
    people = len({face.person for face in faces.faces})
    names = [SOURCES.get(face.source, face.source) for face in faces.faces]
    return f"{len(names):,} images of {people:,} people: {counted(names)}."

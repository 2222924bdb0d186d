"""What an autoencoder is trained on and what is held out of it."""

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

MOST_DIGITS = 2000  # to measure with
_QUALITY = 98  # of JPEG: a mean error of about one level of 255
_FOLDERS = {MNIST: "mnist", FASHION: "fashion-mnist"}


@dataclass
class Data:
    """Images to train on and held out.

    Attributes:
        wide: To train on, with a border.
        border: Its width in pixels.
        text: What they are, for the card.
        test: Held out, without a border; None if they are elsewhere.
        faces: What is known of those held out; nothing of digits.
        commit: Of the code that gathered them.
    """

    wide: Array
    border: int
    text: str
    test: Array | None = None
    faces: list[Face] = field(default_factory=list)
    commit: str = field(default_factory=commit)

    @property
    def images(self) -> Array:
        """What is trained on, without the border."""
        return inside(self.wide, self.border)

    def save(self, path: Path) -> None:
        """Writes what is to be trained on, for another machine."""
        facts = {"border": self.border, "text": self.text, "commit": self.commit}
        save_faces(path, self.wide, _QUALITY, **facts)

    @classmethod
    def open(cls, path: Path, size: int) -> Data:
        """Reads what `save` wrote.

        Args:
            path: The file.
            size: Side of the images in pixels, without the border.

        Raises:
            MediaError: It holds something else.
        """
        wide, more = load_faces(path)
        found = wide.shape[1] - 2 * int(more.get("border", 0))
        if "text" not in more or found != size:
            raise MediaError(
                f"{path} holds other images, of {found} px. Expected {size} px. "
                "Gather them again, with the preset that is to be trained."
            )
        border, text = int(more["border"]), str(more["text"])
        return cls(wide, border, text, commit=str(more["commit"]))


def read_digits(data: str, folder: Path | None, limit: int | None) -> Data:
    """Returns MNIST or Fashion-MNIST.

    Args:
        data: "mnist" or "fashion".
        folder: DATA, or the folder of the IDX files; None downloads them.
        limit: Images to train on at most.
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
    """Returns images in [0, 1] to train on and held out, (N, 28, 28, 1).

    Args:
        data: "mnist", "fashion" or "digits", which are scikit-learn's.
        folder: Of the IDX files; one with the test files alone is split 4 to 1. None
            downloads them.
        limit: Images to train on at most, and a quarter to test.
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
        data: DATA, or a folder of images of one's own, one folder a person.
        size: Side of the faces in pixels.
        cache: Folder to keep aligned faces in.
        limit: Images to take at most.

    Raises:
        FileNotFoundError: There are no images.
        ValueError: There are too few people.
    """
    found = read(folders_of(data), size, cache, limit)
    training, out = found.split()
    if not (training.faces and out.faces):
        raise ValueError(
            f"{data} has {len(found.faces)} images of "
            f"{len({f.person for f in found.faces})} people, which leave nobody to "
            "train on or to hold out. Expected about twenty people or more. Put the "
            "images into one folder a person."
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

"""MNIST, Fashion-MNIST and scikit-learn's digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, overload

import cv2
import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError, MissingDependencyError
from deepface_models.core.whole import whole_numbers
from deepface_models.data.idx import read_idx

Pair = tuple[Array, Array]
Subset = Literal["both", "train", "test"]

FASHION_NAMES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
"""Names of Fashion-MNIST's labels 0 to 9."""

_PREFIXES = {"train": "train", "test": "t10k"}
_DEBIAN = "/usr/share/datasets/fashion-mnist"
_DIGITS_TO_TRAIN_ON = 1500  # of scikit-learn's 1,797


@overload
def load_mnist(
    folder: str | Path | None = None, subset: Literal["both"] = "both"
) -> tuple[Pair, Pair]: ...
@overload
def load_mnist(
    folder: str | Path | None = None, *, subset: Literal["train", "test"]
) -> Pair: ...
def load_mnist(folder: str | Path | None = None, subset: Subset = "both") -> Any:
    """Loads MNIST: 60,000 handwritten digits for training and 10,000 for testing.

    Reference: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning
    applied to document recognition", 1998.

    Args:
        folder: Folder of the IDX files (`train-images-idx3-ubyte`, ..., with or
            without `.gz`); by default Keras downloads the digits once.
        subset: "both", "train" or "test"; a folder needs only the files of these.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, or one of the two pairs: images
        uint8 (N, 28, 28), 0..255, white on black, and labels uint8 (N,), 0..9.

    Raises:
        ConnectionError: The download failed; the message names the other ways.
        FileNotFoundError: The folder lacks a file.
        MediaError: A file is damaged, or images and labels do not belong together.

    Example:
        >>> (x, y), (x_test, y_test) = load_mnist()  # doctest: +SKIP
        >>> x.shape  # doctest: +SKIP
        (60000, 28, 28)
    """
    return _load("MNIST", keras.datasets.mnist, folder, subset)


@overload
def load_fashion_mnist(
    folder: str | Path | None = None, subset: Literal["both"] = "both"
) -> tuple[Pair, Pair]: ...
@overload
def load_fashion_mnist(
    folder: str | Path | None = None, *, subset: Literal["train", "test"]
) -> Pair: ...
def load_fashion_mnist(
    folder: str | Path | None = None, subset: Subset = "both"
) -> Any:
    """Loads Fashion-MNIST: 60,000 images of clothes for training, 10,000 for testing.

    Debian's package `dataset-fashion-mnist` contains it: pass the folder
    `/usr/share/datasets/fashion-mnist`. `FASHION_NAMES` has the names of the labels.

    Reference: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset
    for Benchmarking Machine Learning Algorithms", 2017.

    Args:
        folder: As in `load_mnist`.
        subset: As in `load_mnist`.

    Returns:
        As `load_mnist`.

    Raises:
        ConnectionError: The download failed; the message names the other ways.
        FileNotFoundError: The folder lacks a file.
        MediaError: A file is damaged, or images and labels do not belong together.

    Example:
        >>> folder = "/usr/share/datasets/fashion-mnist"
        >>> (x, y), (x_test, y_test) = load_fashion_mnist(folder)  # doctest: +SKIP
        >>> FASHION_NAMES[y[0]]  # doctest: +SKIP
        'ankle boot'
    """
    return _load("Fashion-MNIST", keras.datasets.fashion_mnist, folder, subset)


@overload
def load_digits(
    image_size: int = 8, subset: Literal["both"] = "both"
) -> tuple[Pair, Pair]: ...
@overload
def load_digits(image_size: int = 8, *, subset: Literal["train", "test"]) -> Pair: ...
@whole_numbers(image_size=1)
def load_digits(image_size: int = 8, subset: Subset = "both") -> Any:
    """Loads scikit-learn's 1,797 small digits, which need no network.

    They are a substitute for MNIST without a network connection. Losses are not
    comparable: images have 8 x 8 px and 17 gray levels, and there are far fewer.

    Args:
        image_size: Side in px; 28 enlarges them (bicubic) for models built for
            MNIST, without adding detail.
        subset: "both", "train" (the first 1,500) or "test" (the other 297).

    Returns:
        As `load_mnist`, with images uint8 (N, image_size, image_size).

    Raises:
        MissingDependencyError: scikit-learn is not installed.
        ValueError: `image_size` is less than 8.

    Example:
        >>> (x_train, _), (x_test, _) = load_digits(28)
        >>> x_train.shape, x_test.shape
        ((1500, 28, 28), (297, 28, 28))
    """
    _check_subset(subset)
    if image_size < 8:
        raise ValueError(
            f"image_size={image_size} was given. Expected 8 or more: the digits have "
            "8 x 8 px. Pass 8, or 28 for models built for MNIST."
        )
    try:
        from sklearn import datasets
    except ImportError as error:
        raise MissingDependencyError(
            "scikit-learn is not installed. Expected it for its digits. Install it "
            "with: pip install 'deepface_models[digits]'"
        ) from error
    found = datasets.load_digits()
    images = np.rint(found.images * (255.0 / 16.0)).astype("uint8")
    if image_size != 8:
        size = (image_size, image_size)
        larger = [cv2.resize(i, size, interpolation=cv2.INTER_CUBIC) for i in images]
        images = np.stack(larger)
    labels, middle = found.target.astype("uint8"), _DIGITS_TO_TRAIN_ON
    both = (images[:middle], labels[:middle]), (images[middle:], labels[middle:])
    return both if subset == "both" else both[subset == "test"]


def _load(name: str, online: Any, folder: str | Path | None, subset: Subset) -> Any:
    _check_subset(subset)
    expected = ("train", "test") if subset == "both" else (subset,)
    if folder is not None:
        pairs = _read(Path(folder), expected)
    else:
        both = dict(zip(("train", "test"), _download(name, online), strict=True))
        pairs = [both[one] for one in expected]
    return tuple(pairs) if subset == "both" else pairs[0]


def _download(name: str, online: Any) -> Any:
    try:
        return online.load_data()
    except Exception as error:  # Keras raises no narrower one when offline.
        raise ConnectionError(
            f"{name} cannot be downloaded ({error}). Expected a connection to "
            "storage.googleapis.com, or local files. Pass a folder with "
            "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
            "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz. Without a "
            "network: `apt install dataset-fashion-mnist` and "
            f'load_fashion_mnist("{_DEBIAN}"), or load_digits() with scikit-learn '
            "(pip install 'deepface_models[digits]')."
        ) from error


def _read(folder: Path, expected: tuple[str, ...]) -> list[Pair]:
    stems = [f"{_PREFIXES[w]}-{k}" for w in expected for k in ("images", "labels")]
    places = {stem: _find(folder, stem) for stem in stems}
    missing = [f"{_file_name(s)}.gz" for s, place in places.items() if place is None]
    if missing:
        raise FileNotFoundError(
            f"{folder} has no {', '.join(missing)}. Expected IDX files, with or "
            'without .gz. Check the path, or pass subset="test" (or "train") if only '
            "those files exist."
        )
    arrays = [read_idx(place) for place in places.values() if place is not None]
    pairs = list(zip(arrays[::2], arrays[1::2], strict=True))
    for one, (images, labels) in zip(expected, pairs, strict=True):
        _check_pair(folder, one, images, labels)
    return pairs


def _file_name(stem: str, dot: str = "-") -> str:
    return f"{stem}{dot}idx{3 if stem.endswith('images') else 1}-ubyte"


def _find(folder: Path, stem: str) -> Path | None:
    """Returns the file of a name; some unpackers replace the second dash by a dot."""
    names = (_file_name(stem), _file_name(stem, "."))
    places = [folder / f"{name}{end}" for name in names for end in (".gz", "")]
    return next((place for place in places if place.is_file()), None)


def _check_pair(folder: Path, one: str, images: Array, labels: Array) -> None:
    good = images.ndim == 3 and images.dtype == labels.dtype == np.uint8
    if not good or images.shape[:1] != labels.shape:
        raise MediaError(
            f"The {one} files in {folder} hold images {images.dtype} {images.shape} "
            f"and labels {labels.dtype} {labels.shape}. Expected uint8 (N, H, W) and "
            "uint8 (N,). Take both files from the same source."
        )


def _check_subset(subset: str) -> None:
    if subset not in ("both", "train", "test"):
        raise ValueError(
            f"subset={subset!r} was given. Expected 'both', 'train' or 'test'. Check "
            "the spelling."
        )

"""Reads weights files of Keras 2, which list layers and their arrays in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import ModelFileError

# Errors of h5py for damaged files, and ValueError of this module.
_UNREADABLE = (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError)


@dataclass
class SavedLayer:
    """A layer with weights.

    Attributes:
        name: The layer's name in the file.
        weights: Its arrays, float32, in the order of Keras.
    """

    name: str
    weights: list[Array]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of its weights."""
        return [array.shape for array in self.weights]


def read_layers(path: str | Path) -> list[SavedLayer]:
    """Reads a file that `save_weights` or `save` of Keras 2 wrote.

    Links to other files, and arrays larger than the file, are rejected.

    Args:
        path: The file, such as "encoder.h5".

    Returns:
        The layers with weights, in the model's order.

    Raises:
        FileNotFoundError: There is no such file.
        ModelFileError: It is not an HDF5 file, damaged, or has another layout.
    """
    import h5py

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {path}. Expected weights that Keras 2 saved. Check the "
            "path."
        )
    try:
        with h5py.File(path, "r") as file:
            group = _child(file, "model_weights") if "model_weights" in file else file
            return list(_layers(group, path.stat().st_size))
    except _UNREADABLE as error:
        raise ModelFileError(
            f"{path} cannot be read as weights of Keras 2 ({_first_line(error)}). "
            "Expected a complete HDF5 file of save_weights() of Keras 2. Copy it again "
            "from its source."
        ) from error


def _layers(group: Any, size: int) -> Iterator[SavedLayer]:
    import h5py

    if _text(group.attrs.get("backend", b"tensorflow")) == "theano":
        raise ValueError("it was saved on Theano, whose convolutions are mirrored")
    names = _names(group, "layer_names")
    if not names:
        raise ValueError("it has no layer_names")
    for name in names:
        layer = _child(group, name)
        weights = []
        for weight in _names(layer, "weight_names"):
            data = _child(layer, weight)
            if not isinstance(data, h5py.Dataset) or data.dtype.kind != "f":
                raise ValueError(f"{name}/{weight} is not an array of floats")
            if data.external or data.is_virtual or data.nbytes > size:
                raise ValueError(f"the values of {name}/{weight} are not in it")
            weights.append(data[()].astype("float32", copy=False))
            if not np.isfinite(weights[-1]).all():
                raise ValueError(f"{name}/{weight} has values that are not finite")
        if weights:
            yield SavedLayer(name, weights)


def _child(group: Any, name: str) -> Any:
    """Returns the object at a path of groups, without following links."""
    import h5py

    for part in name.split("/"):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} is missing, or a link")
        group = group[part]
    return group


def _names(group: Any, key: str) -> list[str]:
    """Returns a list of names; Keras splits long lists into key0, key1, ..."""
    if key in group.attrs:
        return [_text(name) for name in group.attrs[key]]
    pieces = itertools.takewhile(
        lambda piece: piece in group.attrs, (f"{key}{n}" for n in itertools.count())
    )
    return [_text(name) for piece in pieces for name in group.attrs[piece]]


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")

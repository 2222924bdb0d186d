"""Weights files of Keras 2, which lists layers and their arrays in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import ModelFileError

# What h5py raises on files that are damaged, besides our own ValueError.
_UNREADABLE = (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError)


@dataclass
class SavedLayer:
    """A layer that has weights, by its name in the file."""

    name: str
    weights: list[Array]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of its weights."""
        return [array.shape for array in self.weights]


def read_layers(path: str | Path) -> list[SavedLayer]:
    """Reads what `save_weights("x.h5")` or `save("x.h5")` of Keras 2 wrote.

    Arrays come from this one file only: links to other files are refused, and so is
    an array that claims to be larger than the file.

    Args:
        path: The file.

    Returns:
        The layers with weights, in the model's order; float32.

    Raises:
        FileNotFoundError: There is no such file.
        ModelFileError: It is no HDF5 file, damaged, or of another layout.
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
            "Expected a whole HDF5 file as save_weights() of Keras 2 wrote it. Copy it "
            "again from where it came."
        ) from error


def _layers(group: Any, room: int) -> Iterator[SavedLayer]:
    import h5py

    if _text(group.attrs.get("backend", b"tensorflow")) == "theano":
        raise ValueError("it was saved on Theano, whose convolutions are mirrored")
    names = _names(group, "layer_names")
    if not names:
        raise ValueError("no layer_names in it")
    for name in names:
        layer = _child(group, name)
        weights = []
        for weight in _names(layer, "weight_names"):
            data = _child(layer, weight)
            if not isinstance(data, h5py.Dataset) or data.dtype.kind != "f":
                raise ValueError(f"{name}/{weight} is no array of floats")
            if data.external or data.is_virtual or data.nbytes > room:
                raise ValueError(f"the values of {name}/{weight} are not in it")
            weights.append(data[()].astype("float32", copy=False))
            if not np.isfinite(weights[-1]).all():
                raise ValueError(f"{name}/{weight} has values that are not finite")
        if weights:
            yield SavedLayer(name, weights)


def _child(group: Any, name: str) -> Any:
    """Goes down a path of groups, never along a link."""
    import h5py

    for part in name.split("/"):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} is missing, or a link")
        group = group[part]
    return group


def _names(group: Any, key: str) -> list[str]:
    """Returns a list of names; Keras cuts long ones into key0, key1, ..."""
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

"""Weights files in float16."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from deepface_models.core.files import atomic_path

_FEW = 1024  # values; smaller arrays are not compressed


def to_float16(path: str | Path) -> None:
    """Converts the float32 arrays of a `.weights.h5` to float16.

    Keras converts them to the model's dtype when it loads the file. Counters and seeds
    are unchanged. The same weights give the same bytes.

    Raises:
        ValueError: A weight is too large for float16.
    """
    with atomic_path(path) as new:
        with h5py.File(path, "r") as source, h5py.File(new, "w") as target:
            _copy(source, target, Path(path).name)


def _copy(source: Any, target: Any, where: str) -> None:
    target.attrs.update(source.attrs)
    for name, value in source.items():
        if isinstance(value, h5py.Group):
            _copy(value, target.create_group(name), f"{where}/{name}")
        else:
            data = _rounded(value[()], f"{where}/{name}")
            kept = target.create_dataset(name, data=data, **_small(data))
            kept.attrs.update(value.attrs)


def _small(value: Any) -> dict[str, Any]:
    """Returns the compression options of an array."""
    if value.size < _FEW:
        return {}
    return {"compression": "gzip", "compression_opts": 9, "shuffle": True}


def _rounded(value: Any, where: str) -> Any:
    if value.dtype != np.float32:
        return value
    with np.errstate(over="ignore"):
        half = value.astype(np.float16)
    if (np.isfinite(value) != np.isfinite(half)).any():
        raise ValueError(
            f"{where} has the value {np.abs(value).max():g}. Expected values up to "
            '65504, the largest of float16. Save the preset with dtype="float32".'
        )
    return half

"""Weights that presets of the package have in common; `weights/` stores them once.

`swift_256` encodes as `swift_128` does, for example, and needs 13 MB less for it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from deepface_models.presets import registry
from deepface_models.presets.record import (
    Record,
    check_files,
    has_record,
    read_record,
)


def borrowed(folder: Path, record: Record) -> dict[str, Path]:
    """Returns the files that a shipped preset lacks, as names and equal files' paths.

    Raises:
        IntegrityError: A file is missing, and no other preset has the same.
    """
    missing = [name for name in record["files"] if not (folder / name).is_file()]
    found = {name: _equal(folder, name, record["files"][name]) for name in missing}
    if None in found.values():
        check_files(folder, record)  # says which one is missing
    return {name: path for name, path in found.items() if path is not None}


def delete_borrowed(folder: Path) -> None:
    """Deletes the weights of a shipped preset that another one stores, too."""
    for name, file in read_record(folder)["files"].items():
        if name.endswith(".h5") and _equal(folder, name, file) is not None:
            (folder / name).unlink()


def copy_unchanged(folder: Path, origin: str | None) -> None:
    """Replaces weights by the bytes of the preset they came from, if values are equal.

    Keras also writes the names of layers, which depend on what was built before.

    Args:
        folder: Where the weights of a new preset lie.
        origin: `started_from` of its model.
    """
    known = registry.shipped(str(origin).partition("#")[0])
    if known is None:
        return
    for path in folder.glob("*.h5"):
        former = known / path.name
        if former.is_file() and _same_values(path, former):
            shutil.copyfile(former, path)


def _equal(folder: Path, name: str, file: Record) -> Path | None:
    """Returns a file of another shipped preset with the same name, size and SHA-256."""
    others = [one for one in sorted(folder.parent.iterdir()) if one != folder]
    for other in filter(has_record, others):
        path = other / name
        if path.is_file() and read_record(other)["files"].get(name) == file:
            return path
    return None


def _same_values(one: Path, other: Path) -> bool:
    import h5py
    import numpy as np

    with h5py.File(one, "r") as first, h5py.File(other, "r") as second:
        mine, theirs = _arrays(first), _arrays(second)
        return mine.keys() == theirs.keys() and all(
            value.dtype == theirs[name].dtype
            and np.array_equal(value[()], theirs[name][()])
            for name, value in mine.items()
        )


def _arrays(file: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    file.visititems(lambda name, item: found.update({name: item}))
    return {name: item for name, item in found.items() if hasattr(item, "dtype")}

"""The presets that have a name: in `weights/`, or to be fetched.

A preset in `weights/` is described by its own `preset.json`. `presets.json` contains
the records of presets to fetch, so that the hashes of their files are known.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepface_models.core.checked import read
from deepface_models.core.choices import suggestion
from deepface_models.core.errors import IntegrityError
from deepface_models.core.files import write_json
from deepface_models.core.shipped import weights_folder
from deepface_models.presets.hub import parse_place
from deepface_models.presets.record import (
    FORMAT,
    Record,
    check_files,
    check_record,
    has_record,
    is_name,
    read_record,
)
from deepface_models.presets.sources import parse_source

REGISTRY = Path(__file__).with_name("presets.json")
_STATED = ("description", "license", "data", "commit", "command", "results", "limits")


def list_models(pattern: str = "*") -> list[str]:
    """Returns the sorted names of the presets, without importing Keras.

    Args:
        pattern: Pattern of the names, such as "swift*"; case does not matter.

    Example:
        >>> list_models("vae*")
        ['vae_faces_128', 'vae_faces_64', 'vae_fashion', 'vae_mnist']
    """
    expected = pattern.lower()
    return sorted(n for n in _names() if fnmatch.fnmatchcase(n, expected))


def describe(source: str | Path) -> dict[str, Any]:
    """Returns the description of a preset, without importing Keras or fetching it.

    Args:
        source: The preset's name or folder.

    Returns:
        The values of its `preset.json` (name, architecture, config, parameters,
        bytes, files with SHA-256, license, data, seed, commit, command, results and
        others), the addresses `sources`, and its `folder`, or None if it has to be
        fetched.

    Raises:
        FileNotFoundError: There is no such preset.
        IntegrityError: Its record was changed.

    Example:
        >>> describe("vae_mnist")["license"]
        'CC-BY-SA-3.0'
    """
    entry = find(source)
    if entry is not None:
        record, sources = entry
        folder = shipped(record["name"])
        return {**record, "sources": sources, "folder": folder and str(folder)}
    if not Path(source).exists():
        raise FileNotFoundError(nothing(source))
    return {**read_record(source), "sources": [], "folder": str(source)}


def find(source: str | Path) -> tuple[Record, list[str]] | None:
    """Returns record and sources of a preset's name; None for other values.

    A name may include the digest as in `started_from`: "swift_128#sha256=<digest>".

    Raises:
        IntegrityError: The record was changed, or its digest is another one.
    """
    name, pinned, pin = str(source).partition("#sha256=")
    if not isinstance(source, str) or not is_name(name):
        return None
    folder = shipped(name)
    entry = None if folder is not None else _entries().get(name)
    if folder is not None:
        record, sources = read_record(folder), []
    elif entry is not None:
        record = check_record(entry["record"], f"{name!r} of {REGISTRY}")
        sources = list(entry["sources"])
    else:
        return None
    if pinned and pin != record["digest"]:
        raise IntegrityError(
            f"{source} was given. Expected the digest of {name!r} in this version, "
            f"{record['digest']}. Use the version with the other digest."
        )
    return record, sources


def shipped(name: str) -> Path | None:
    """Returns the folder of a preset in `weights/`, or None."""
    home = weights_folder()
    found = home is not None and has_record(home / name)
    return home / name if home is not None and found else None


def register(
    folder: str | Path, sources: Sequence[str], registry: str | Path | None = None
) -> Path:
    """Adds a preset to the registry, so that `load(name)` fetches it.

    Presets in `weights/` need no entry.

    Args:
        folder: The folder that `save_preset` wrote.
        sources: Addresses of the preset, "https://..." or "hf://...".
        registry: File of the registry; that of the package by default.

    Returns:
        The file of the registry.

    Raises:
        IntegrityError: A file of the preset was changed.
        ValueError: The record is incomplete, or no address was given.

    Example:
        >>> where = "hf://ana/presets/my_digits"
        >>> register("my_digits", [where], "presets.json")  # doctest: +SKIP
    """
    record = read_record(folder)
    check_files(folder, record)
    check_stated(record)
    if not sources:
        raise ValueError(
            f"sources={sources!r} was given. Expected one or more addresses of the "
            "preset. Copy it to weights/ to ship it with the package instead."
        )
    for source in sources:
        parse_source(source)
    path = Path(REGISTRY if registry is None else registry)
    presets = _entries(path) if path.exists() else {}
    presets[record["name"]] = {"sources": list(sources), "record": record}
    write_json(path, {"format": FORMAT, "presets": dict(sorted(presets.items()))})
    return path


def check_stated(record: Record) -> None:
    """Checks that a record is complete enough to be published.

    Raises:
        ValueError: A value is missing.
    """
    missing = [key for key in _STATED if not record[key]]
    missing += ["seed"] * (record["seed"] is None)
    if missing:
        raise ValueError(
            f"The preset {record['name']!r} does not state {', '.join(missing)}. "
            "Expected all values that others need to assess and reproduce it. Pass "
            "them to save_preset(...)."
        )


def repository(origin: str | None) -> str:
    """Returns the hub's repository, "owner/name", of a preset by `started_from`, or "".

    Only presets that are fetched from the hub have one.
    """
    name = str(origin).partition("#")[0]
    entry = _entries().get(name) if is_name(name) else None
    sources = entry["sources"] if entry else ()
    places = (parse_place(source.partition("#")[0]) for source in sources)
    return next((place.repository for place in places if place), "")


def nothing(source: str | Path) -> str:
    """Returns the error message for an unknown name or path."""
    return (
        f"Nothing is at {source}, and no preset has that name. Expected a name of "
        "deepface_models.presets.list_models(), the folder of a model, a .keras file, "
        f"https://... or hf://... Check the path.{suggestion(source, _names())}"
    )


def _names() -> set[str]:
    home = weights_folder()
    folders = [] if home is None else home.iterdir()
    return {folder.name for folder in folders if has_record(folder)} | set(_entries())


def _entries(path: Path | None = None) -> dict[str, Any]:
    place = path or REGISTRY
    try:
        content = read(place, "registry")
    except ValueError as error:
        raise IntegrityError(
            f"{place} is damaged ({error}). Expected the registry of presets. Install "
            "deepface_models again."
        ) from error
    return dict(content["presets"])

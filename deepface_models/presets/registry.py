"""The presets that this version knows by name: in `weights/`, or fetched.

A preset that ships is described by its own `preset.json` alone. `presets.json` holds
the records of those that are fetched, so that their bytes are known beforehand.
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
    """Returns the names of the presets, sorted; imports no Keras.

    Args:
        pattern: Which ones, such as "swift*"; small and capital letters are equal.
    """
    expected = pattern.lower()
    return sorted(n for n in _names() if fnmatch.fnmatchcase(n, expected))


def describe(source: str | Path) -> dict[str, Any]:
    """Returns what is known of a preset; loads no Keras and fetches nothing.

    Args:
        source: Its name, or the folder of one.

    Returns:
        The values of its `preset.json` (name, architecture, config, parameters,
        bytes, files with SHA-256, license, data, seed, commit, command, results and
        more), `sources`, where it can be fetched, and `folder`, where it is, or None
        for one that ships elsewhere.

    Raises:
        FileNotFoundError: There is no such preset.
        IntegrityError: Its record was changed.
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
    """Returns record and sources of a name; None if it is no preset's name.

    A name may be pinned as in `started_from`: "swift_128#sha256=<digest>".

    Raises:
        IntegrityError: The record was changed, or the pin is another one's.
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
            f"{source} was asked for. Expected the digest that {name!r} has in this "
            f"version, {record['digest']}. Use the version that has the other one."
        )
    return record, sources


def shipped(name: str) -> Path | None:
    """Returns the folder of a preset that came with the package."""
    home = weights_folder()
    found = home is not None and has_record(home / name)
    return home / name if home is not None and found else None


def register(
    folder: str | Path, sources: Sequence[str], registry: str | Path | None = None
) -> Path:
    """Enters a packed preset under its name, so that `load(name)` fetches it.

    One in `weights/` is known by its folder and needs no entry.

    Args:
        folder: What `save_preset` wrote.
        sources: Where to fetch it, "https://..." or "hf://...".
        registry: The file; that of the package by default.

    Returns:
        The registry.

    Raises:
        IntegrityError: A file of the preset was changed.
        ValueError: Its record leaves open how it was made or what it is good for, or
            no source was given.
    """
    record = read_record(folder)
    check_files(folder, record)
    check_stated(record)
    if not sources:
        raise ValueError(
            f"sources={sources!r} was given. Expected one address or more, from which "
            "the preset is fetched. Copy it to weights/ if it is to ship instead."
        )
    for source in sources:
        parse_source(source)
    path = Path(REGISTRY if registry is None else registry)
    presets = _entries(path) if path.exists() else {}
    presets[record["name"]] = {"sources": list(sources), "record": record}
    write_json(path, {"format": FORMAT, "presets": dict(sorted(presets.items()))})
    return path


def check_stated(record: Record) -> None:
    """Refuses a record that says too little to be published.

    Raises:
        ValueError: It leaves open how it was made or what it is good for.
    """
    missing = [key for key in _STATED if not record[key]]
    missing += ["seed"] * (record["seed"] is None)
    if missing:
        raise ValueError(
            f"The preset {record['name']!r} does not state {', '.join(missing)}. "
            "Expected everything that others need to judge it and to make it again. "
            "Give it to save_preset(...)."
        )


def nothing(source: str | Path) -> str:
    """Returns the message for what is neither a preset's name nor a folder."""
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
            f"{place} is damaged ({error}). Expected the presets that this version "
            "knows by name. Install deepface_models again."
        ) from error
    return dict(content["presets"])

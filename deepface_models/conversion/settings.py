"""Settings of a conversion: saved beside its output as JSON, and used again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion.converter import Converter, aligner_of
from deepface_models.core.checked import read_versioned
from deepface_models.core.errors import ModelFileError
from deepface_models.core.files import write_json
from deepface_models.core.synthetic import software_name
from deepface_models.faces.analysis import settings_of
from deepface_models.faces.faceset import FaceSet
from deepface_models.media import ImageSequence
from deepface_models.media.kinds import NUMBER, is_pattern

VERSION = 1
LOOK = (
    *("mask", "color", "blend", "feather", "erode", "sharpen", "reshape"),
    *("batch_size", "side_by_side", "debug"),
)
_PATHS = ("source", "output", "person", "tracks", "patches")


def settings_path(output: Path) -> Path:
    """Returns where the settings of an output are saved: out.mp4, out.settings.json."""
    stem = output.name if output.is_dir() else output.stem
    if is_pattern(output):
        stem = NUMBER.sub("", stem).rstrip("._-") or "images"
    return output.with_name(f"{stem}.settings.json")


def places(source: Path | ImageSequence, output: Path) -> dict[str, Any]:
    """Returns source and output as arguments of `convert`."""
    if isinstance(source, ImageSequence):
        return {"source": source.pattern, "output": output, "fps": source.fps}
    return {"source": source, "output": output, "fps": None}


def save_settings(
    path: Path, converter: Converter, model_sha256: str, given: Mapping[str, Any]
) -> None:
    """Writes the settings of a conversion.

    Args:
        path: The file; paths in it are relative to its folder.
        converter: Has the options of the appearance.
        model_sha256: Hash of the model's weights.
        given: The other arguments of `convert`, with the certificate.
    """
    arguments = {**given, **_options(converter)}
    unsaved = [name for name, value in arguments.items() if not _is_plain(value)]
    for name in unsaved:
        arguments.pop(name)
    folder = path.parent.resolve()
    model = converter.model
    origin = getattr(model, "loaded_from", None)
    value = {
        "version": VERSION,
        "software": software_name(),
        "model": {
            "name": str(getattr(model, "name", "model")),
            "sha256": model_sha256,
            "loaded_from": origin if origin is None else _relative(origin, folder),
        },
        "arguments": {
            name: _stored(name, value, folder) for name, value in arguments.items()
        },
        "unsaved": sorted(unsaved),
    }
    write_json(path, value)


def read_settings(path: str | Path) -> dict[str, Any]:
    """Reads settings that `convert` saved.

    Returns:
        "model": its name, SHA-256 and where it was loaded from; "arguments": those of
        `convert` and `landmarks`, with paths that work from here; "unsaved": the names
        of arguments that JSON cannot hold.

    Raises:
        FileNotFoundError: Nothing is at `path`.
        MediaError: It is not such a file, or from a later version.
    """
    path = Path(path)
    value: dict[str, Any] = read_versioned(
        path,
        "settings",
        VERSION,
        "Expected settings that convert saved beside its output. Check the path.",
    )
    folder = path.parent
    arguments = {
        name: _restored(name, one, folder) for name, one in value["arguments"].items()
    }
    origin = value["model"].get("loaded_from")
    if origin is not None:
        value["model"]["loaded_from"] = _found(origin, folder)
    return {**value, "arguments": arguments}


def load_model(settings: Mapping[str, Any], path: Path) -> Any:
    """Loads the model of settings and checks that it has the same weights.

    Raises:
        ModelFileError: It is not known where the model is, or its weights differ.
    """
    from deepface_models.conversion._outputs import model_sha256
    from deepface_models.presets.loading import load

    known = settings["model"]
    if known.get("loaded_from") is None:
        raise ModelFileError(
            f"{path} does not say where the model {known['name']!r} is, because it was "
            "not loaded from a file. Expected the model itself. Pass model=."
        )
    model = load(known["loaded_from"])
    found = model_sha256(model)
    if found != known["sha256"]:
        raise ModelFileError(
            f"{known['loaded_from']} has weights with SHA-256 {found}. Expected those "
            f"of {path}, {known['sha256']}. Pass model= to convert with other weights."
        )
    return model


def _options(converter: Converter) -> dict[str, Any]:
    """Returns a converter's options; those that cannot be saved as they are."""
    aligner = converter.aligner
    usual = aligner_of(converter.model, aligner.landmarks)
    same = settings_of(aligner) == settings_of(usual)
    options = {name: getattr(converter, name) for name in LOOK}
    options["source_identity"] = converter._source_identity
    options["landmarks"] = aligner.landmarks
    for name in ("latent_mean", "neutral", "target_neutral"):
        if getattr(converter, name) is not None:
            options[name] = getattr(converter, name)
    return options if same else {**options, "aligner": aligner}


def _is_plain(value: Any) -> bool:
    """Whether a value can be saved: no array, aligner or certificate."""
    if isinstance(value, FaceSet):
        return value.folder is not None
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    kinds = (str, Path, bool, int, float, Fraction, np.integer, np.floating)
    return value is None or isinstance(value, kinds)


def _stored(name: str, value: Any, folder: Path) -> Any:
    if isinstance(value, FaceSet):
        value = value.folder
    if name == "people" and value is not None:
        return [
            [who if isinstance(who, int) else _relative(who, folder), identity]
            for who, identity in value.items()
        ]
    if name in _PATHS and isinstance(value, str | Path):
        return _path_from(folder, Path(value))
    if isinstance(value, Fraction):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


def _restored(name: str, value: Any, folder: Path) -> Any:
    if name == "people" and value is not None:
        return {
            who if isinstance(who, int) else _found(who, folder): identity
            for who, identity in value
        }
    if name in _PATHS and isinstance(value, str):
        return os.path.normpath(folder / value)
    if name == "frames" and value is not None:
        return tuple(value)
    return Fraction(value) if name == "fps" and value is not None else value


def _relative(text: Any, folder: Path) -> str:
    """Returns a path relative to a folder; other texts, such as a name, as they are."""
    path = Path(text)
    return _path_from(folder, path) if path.exists() else str(text)


def _path_from(folder: Path, path: Path) -> str:
    return os.path.relpath(path.resolve(), folder).replace(os.sep, "/")


def _found(text: str, folder: Path) -> str:
    """Returns a path that is relative to a folder; other texts as they are."""
    path = folder / text
    return os.path.normpath(path) if path.exists() else text

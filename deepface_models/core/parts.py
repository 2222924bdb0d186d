"""Saves models as folders with a config and a weights file for each part.

Keras stores weights by class and position, so that a single file could give one
person's decoder to another without an error. Here every part has its own file, such as
`encoder.weights.h5` or `decoder.ana.weights.h5`, with a digest of its structure and a
SHA-256. It works for every model with `parts` and `get_config`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

from deepface_models.core.checked import first_line, read
from deepface_models.core.errors import IntegrityError, ModelFileError
from deepface_models.core.files import check_bytes, measure, write_json
from deepface_models.core.folders import atomic_folder, recover_folder
from deepface_models.core.guards import (
    MAX_PARAMETERS,
    at_most,
    check_weights,
)
from deepface_models.core.names import CONFIG, weights_file
from deepface_models.core.plugins import load_plugins
from deepface_models.core.poses import PoseRange, as_poses
from deepface_models.core.version import PACKAGE, __version__

FORMAT = 1
# Importing them registers every model class of the package.
_PACKAGES = ("deepface_models.models.autoencoders", "deepface_models.models.swap")


def save_parts(
    model: keras.Model, folder: str | Path, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Saves a model as a folder of `config.json` and `<part>.weights.h5` files.

    The folder is written atomically: after a crash it still has the old model, or the
    next save or load restores it. Other files in the folder of an old model are kept.

    Args:
        model: A model whose class is registered in package "deepface_models".
        folder: The folder; a model in it is replaced.
        metadata: Other JSON values for `config.json`, such as measures.

    Returns:
        The folder.

    Raises:
        ValueError: The folder contains something else, the model's class is not
            registered, or a weight belongs to none of its parts.
    """
    config = _describe(model, metadata)
    with atomic_folder(folder) as new:
        _keep_others(Path(folder), new)
        for name, part in model.parts.items():
            path = new / weights_file(name)
            part.save_weights(path)
            config["parts"][name] = {
                "structure": structure_digest(part),
                **measure(path),
            }
        write_json(new / CONFIG, config)
    return Path(folder)


def build(
    model_class: type[keras.Model],
    arguments: Mapping[str, Any],
    where: str | Path,
    version: str | None,
    max_parameters: int = MAX_PARAMETERS,
) -> Any:
    """Builds a model from saved arguments, with fresh weights.

    Args:
        model_class: The model's class, from `registered`.
        arguments: The constructor arguments.
        where: The file or folder, for the message.
        version: Version of the package that saved it.
        max_parameters: Most parameters.

    Raises:
        ModelFileError: The arguments are not valid, or the model is too large.
    """
    try:
        with at_most(max_parameters):
            return model_class.from_config(dict(arguments))
    except Exception as error:  # untrusted arguments cause errors of many types
        name = keras.saving.get_registered_name(model_class)
        raise ModelFileError(
            f"{where} holds a {name} that cannot be built "
            f"({first_line(error)}). Expected the arguments of this version's class, "
            f"and at most {max_parameters:,} parameters. Load it with the "
            f"version that saved it, {version}, or with a larger max_parameters=."
        ) from error


def restore_parts(model: keras.Model, folder: str | Path) -> dict[str, Any]:
    """Loads a folder's weights into an existing model.

    All files are checked before the first weight is changed.

    Args:
        model: A model of the saved class and structure. It can have fewer people.
        folder: The folder that `save_parts` wrote.

    Returns:
        The metadata given to `save_parts`.

    Raises:
        FileNotFoundError: There is no such folder.
        IntegrityError: A weights file is missing, damaged or changed.
        ModelFileError: A part is missing or its structure differs.
    """
    config = read_config(folder)
    for name, part in model.parts.items():
        record = config["parts"].get(name)
        if record is None:
            raise ModelFileError(
                f"{folder} contains the parts {', '.join(config['parts'])}. Expected "
                f"{name!r} too. Use a model with the same people and settings."
            )
        if record["structure"] != structure_digest(part):
            raise ModelFileError(
                f"The part {name!r} in {folder} has other layers or weights than this "
                f"{type(model).__name__}. Expected the same structure. Load it with "
                f"the version that saved it, {config.get('version')}, or train again."
            )
        remedy = "Copy the folder again from where it came, or train again."
        check_bytes(
            Path(folder) / weights_file(name), record, "that were saved", remedy
        )
    _load_weights(model, Path(folder))
    return dict(config.get("metadata") or {})


def _load_weights(model: keras.Model, folder: Path) -> None:
    """Loads every part's file, or none of them."""
    former = {name: part.get_weights() for name, part in model.parts.items()}
    for name, part in model.parts.items():
        path = folder / weights_file(name)
        try:
            check_weights(path, part.count_params())
            part.load_weights(path)
        except Exception as error:  # h5py and Keras raise errors of many types
            for changed, weights in former.items():
                model.parts[changed].set_weights(weights)
            raise IntegrityError(
                f"{path} cannot be read as weights ({first_line(error)}). Expected "
                f"those of the part {name!r}. Copy the folder again from where it came."
            ) from error


def read_config(folder: str | Path) -> dict[str, Any]:
    """Returns the validated `config.json` of a saved model.

    Raises:
        FileNotFoundError: There is no such folder.
        ModelFileError: It is not a saved model, or has another format.
    """
    recover_folder(folder)
    path = Path(folder) / CONFIG
    if not Path(folder).exists():
        raise FileNotFoundError(_nothing(folder))
    try:
        config = read(path, "model")
        if config["format"] != FORMAT:
            raise ValueError(f"it has format {config['format']}")
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"{folder} holds no saved model of format {FORMAT} ({error}). Expected "
            f"{CONFIG} and *.weights.h5 files as model.save_parts(folder) writes them. "
            "Check the path, or copy the folder again."
        ) from error
    return dict(config)


def structure_digest(part: keras.Model) -> str:
    """Returns a SHA-256 of layer classes and of the weights' shapes and dtypes.

    Names are not included, because Keras numbers them by creation.
    """
    weights = [[list(weight.shape), str(weight.dtype)] for weight in part.weights]
    text = json.dumps([list(_classes(part)), weights])
    return hashlib.sha256(text.encode()).hexdigest()


def _describe(model: keras.Model, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    name = keras.saving.get_registered_name(type(model))
    if not name.startswith(f"{PACKAGE}>") or not hasattr(model, "parts"):
        raise ValueError(
            f"A model of class {type(model).__name__} was given. Expected one with "
            f'`parts` whose class is registered in package "{PACKAGE}". Decorate it '
            f'with @keras.saving.register_keras_serializable("{PACKAGE}").'
        )
    owned = {id(w) for part in model.parts.values() for w in part.weights}
    if owned != {id(w) for w in model.weights}:
        raise ValueError(
            f"A {type(model).__name__} was given with weights that belong to none of "
            "its parts, or with unused parts. Expected each weight in a part. Return "
            "every network from its `parts`."
        )
    return {
        "format": FORMAT,
        "class": name,
        "config": model.get_config(),
        **_people(model),
        "version": __version__,
        "keras": keras.__version__,
        "parts": {},
        "metadata": {**_started(model), **dict(metadata or {})},
    }


def origin(metadata: Any) -> str | None:
    """Returns the preset that a saved model started from, or None."""
    found = metadata.get("started_from") if isinstance(metadata, dict) else None
    return found if isinstance(found, str) else None


def poses(metadata: Any) -> dict[str, PoseRange]:
    """Returns the range of poses that each person of a saved model was trained on."""
    return as_poses(metadata.get("poses") if isinstance(metadata, dict) else None)


def _started(model: keras.Model) -> dict[str, Any]:
    values = {name: getattr(model, name, None) for name in ("started_from", "poses")}
    found = {name: value for name, value in values.items() if value}
    if "poses" in found:
        found["poses"] = {name: list(one) for name, one in found["poses"].items()}
    return found


def _people(model: keras.Model) -> dict[str, list[str]]:
    return (
        {"identities": list(model.identities)} if hasattr(model, "identities") else {}
    )


def registered(name: Any, where: str | Path) -> type[keras.Model]:
    """Returns a model class by its name; only registered classes can be loaded."""
    found = None
    if isinstance(name, str) and name.startswith(f"{PACKAGE}>"):
        for package in _PACKAGES:
            importlib.import_module(package)
        found = keras.saving.get_registered_object(name)
        if found is None:
            load_plugins()
            found = keras.saving.get_registered_object(name)
    if not (isinstance(found, type) and hasattr(found, "parts")):
        raise ModelFileError(
            f"{where} contains a model of class {name!r}. Expected a class registered "
            f'in package "{PACKAGE}". Use a newer version, install the package that '
            "the class is from, or import its module before loading."
        )
    return found


def _classes(layer: Any) -> Iterator[str]:
    yield type(layer).__name__
    for inner in getattr(layer, "layers", ()):
        yield from _classes(inner)


def weights_size(folder: str | Path, parts: Iterable[str]) -> int:
    """Returns the size in bytes of the weights files of these parts."""
    paths = [Path(folder) / weights_file(part) for part in parts]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _keep_others(former: Path, new: Path) -> None:
    """Copies other files from the old folder; rejects a folder without a model."""
    if not former.exists() or (former.is_dir() and not any(former.iterdir())):
        return
    try:
        ours = {CONFIG, *map(weights_file, read_config(former)["parts"])}
    except ModelFileError as error:
        raise ValueError(
            f"{former} was given, which is not a saved model. Expected a new or empty "
            "folder, or one that save_parts wrote. Choose another folder."
        ) from error
    for path in former.iterdir():
        # Links are copied as links: their targets may be large.
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, new / path.name, symlinks=True)
        elif path.name not in ours:
            shutil.copy2(path, new / path.name, follow_symlinks=False)


def _nothing(path: str | Path) -> str:
    return (
        f"Nothing is at {path}. Expected a folder that model.save_parts(folder) wrote "
        "or a .keras file. Check the path."
    )

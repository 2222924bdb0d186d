"""Loading of presets and saved models: check, build, then load the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepface_models.core.errors import ModelFileError
from deepface_models.core.folders import recover_folder
from deepface_models.core.guards import MAX_PARAMETERS
from deepface_models.core.names import CONFIG
from deepface_models.core.whole import whole_numbers
from deepface_models.presets import registry
from deepface_models.presets.fetching import fetch
from deepface_models.presets.record import (
    Record,
    check_files,
    has_record,
    read_record,
)
from deepface_models.presets.sources import is_remote

if TYPE_CHECKING:
    import keras


def load(
    source: str | Path,
    *,
    identities: Sequence[str] | None = None,
    load_weights: bool = True,
    max_parameters: int = MAX_PARAMETERS,
) -> Any:
    """Loads a preset by its name or address, or a saved model.

    Args:
        source: A name of `presets.list_models()`, "https://host/folder" or
            "hf://owner/repo[/folder][@revision]"; a folder of `model.save_parts` or
            `presets.save_preset`; a file of `model.save("x.keras")`; or what `export`
            wrote, and DFM files of DeepFaceLive. A preset's name has priority over a
            folder of that name: use "./name" for the folder.
        identities: The people of a face swap. A preset of shared parts needs them and
            initializes their own parts. Of a model with people, only those named here
            are loaded, in this order; all of them by default.
        load_weights: False for the architecture with random weights. Then a preset
            given by its name is not fetched.
        max_parameters: Most parameters to allocate memory for, 2**26 by default. A
            model with larger weights files is loaded in any case.

    Returns:
        The model, not compiled: it can predict; call `compile()` before training. Of
        an exported network, an `engines.ExportedNetwork`, which only predicts.

    Raises:
        FileNotFoundError: There is no such preset, folder or file.
        ConnectionError: The preset cannot be fetched.
        IntegrityError: A file is missing or has other bytes.
        ModelFileError: It is not a model of this package and version.
        ValueError: `identities` is missing, or has a person that the model does not
            have.

    Example:
        >>> model = load("vae_mnist")
        >>> model.sample(2, seed=0).shape
        (2, 28, 28, 1)
    """
    return load_as(
        None,
        source,
        identities=identities,
        load_weights=load_weights,
        max_parameters=max_parameters,
    )


@whole_numbers(max_parameters=1)
def load_as(
    expected: type[keras.Model] | None,
    source: str | Path,
    *,
    identities: Sequence[str] | None,
    load_weights: bool,
    max_parameters: int,
) -> Any:
    """Loads a model of a class, or of any class for None; see `load`."""
    # Here, because listing presets imports no NumPy.
    from deepface_models.engines import is_exported

    if Path(source).suffix == ".keras" and not is_remote(source):
        model = _from_keras(Path(source), identities, load_weights, max_parameters)
        model.loaded_from = str(Path(source).absolute())
        _check_class(type(model), expected, source)
        return model
    if not is_remote(source) and is_exported(source):
        return _exported(source, expected, identities, load_weights)
    record, folder = _find(source, load_weights)
    limit = _limit(folder, record, max_parameters)
    model = _build(record, identities, expected, source, limit)
    known = registry.find(source) is not None or is_remote(source)
    if not record["shared"]:  # people are new: no file has this model
        model.loaded_from = str(source if known else Path(source).absolute())
    if load_weights and folder is not None:
        _restore(model, folder, record)
        model.started_from = _origin(record)
        if "poses" in record:
            model.poses = record["poses"]
    return model


def _exported(
    source: str | Path,
    expected: type[keras.Model] | None,
    identities: Sequence[str] | None,
    load_weights: bool,
) -> Any:
    if expected is not None:
        raise ModelFileError(
            f"{source} is an exported network. Expected weights of a "
            f"{expected.__name__}, which an export has no more. Use "
            "deepface_models.load to convert with it."
        )
    if identities is not None or not load_weights:
        raise ValueError(
            f"identities={identities!r} and load_weights={load_weights} were given "
            f"with {source}, an exported network. Expected neither. Leave them out."
        )
    from deepface_models.engines import load_exported

    return load_exported(source)


class SharedParts:
    """A face swap's shared parts and decoder initializers."""

    def __init__(self, model: Any) -> None:
        owners = model._owners()
        shared = {n: part for n, part in model.parts.items() if n not in owners}
        self.parts = {**shared, **model.decoder_initializers}


def stored_parts(model: Any, shared: bool) -> Any:
    """Returns the parts that a preset stores: those of the model, or shared ones."""
    return SharedParts(model) if shared else model


def _find(source: str | Path, load_weights: bool) -> tuple[Record, Path | None]:
    """Returns a checked record and the folder of its files."""
    entry = registry.find(source)
    if entry is not None and not load_weights:
        return entry[0], None
    if entry is not None or is_remote(source):
        folder = fetch(source)
        record = read_record(folder)
    else:
        folder = Path(source)
        recover_folder(folder)
        if not folder.exists():
            raise FileNotFoundError(registry.nothing(source))
        if not has_record(folder):
            return _plain(folder), folder
        record = read_record(folder)
        check_files(folder, record, None if load_weights else [CONFIG])
    _check_config(folder, record)
    return record, folder


def _plain(folder: Path) -> Record:
    """Returns the values of a record that a folder of `save_parts` contains."""
    from deepface_models.core import parts

    config = parts.read_config(folder)
    return {
        "architecture": config.get("class"),
        "config": config["config"],
        "identities": config.get("identities"),
        "shared": False,
        "parts": list(config["parts"]),
        "version": config.get("version"),
        "started_from": parts.origin(config.get("metadata")),
        "poses": parts.poses(config.get("metadata")),
    }


def _limit(folder: Path | None, record: Record, max_parameters: int) -> int:
    """Returns the most parameters: the limit, or the bytes of the weights files."""
    from deepface_models.core import parts

    size = 0 if folder is None else parts.weights_size(folder, record["parts"])
    return max(max_parameters, size)


def _origin(record: Record) -> str | None:
    """Returns a preset's name and digest, or the origin of a saved model."""
    if "digest" in record:
        return f"{record['name']}#sha256={record['digest']}"
    started_from: str | None = record["started_from"]
    return started_from


def _check_config(folder: Path, record: Record) -> None:
    """Checks that record and weights belong to the same model."""
    from deepface_models.core import parts

    config = parts.read_config(folder)
    found = (config.get("class"), config["config"], list(config["parts"]))
    if found != (record["architecture"], record["config"], record["parts"]):
        raise ModelFileError(
            f"{folder} contains weights of a {config.get('class')} and a record of a "
            f"{record['architecture']}. Expected the same model, settings and parts. "
            "Copy the preset again from its source."
        )


def _build(
    record: Record,
    identities: Sequence[str] | None,
    expected: type[keras.Model] | None,
    source: str | Path,
    max_parameters: int,
) -> Any:
    from deepface_models.core import parts

    model_class = parts.registered(record["architecture"], source)
    _check_class(model_class, expected, source)
    people = _people(record, identities, source, model_class)
    arguments = {**record["config"], **people}
    return parts.build(
        model_class, arguments, source, record["version"], max_parameters
    )


def _check_class(found: type, expected: type | None, source: str | Path) -> None:
    if expected is not None and not issubclass(found, expected):
        raise ModelFileError(
            f"{source} contains a {found.__name__}. Expected a {expected.__name__}. "
            f"Use {found.__name__}.from_preset, or deepface_models.load for any."
        )


def _from_keras(
    path: Path,
    identities: Sequence[str] | None,
    load_weights: bool,
    max_parameters: int,
) -> Any:
    from deepface_models.core.saving import load_keras

    if not path.is_file():
        raise FileNotFoundError(registry.nothing(path))
    if identities is not None:
        raise ValueError(
            f"identities={tuple(identities)!r} was given with {path}, a single file "
            "for all people. Expected None. Leave out `identities`, or save with "
            "model.save_parts(folder), which writes a file for each person."
        )
    return load_keras(path, load_weights, max_parameters)


def _people(
    record: Mapping[str, Any],
    identities: Sequence[str] | None,
    source: str | Path,
    model_class: Any,
) -> dict[str, list[str]]:
    """Returns the argument `identities`, if the model takes one."""
    own = record["identities"]
    if record["shared"]:
        return {"identities": _new_people(identities, source, model_class)}
    if own is None and identities is None:
        return {}
    if own is None:
        raise ValueError(
            f"identities={tuple(identities or ())!r} was given with {source}, whose "
            "model has no people. Expected None. Leave out `identities`."
        )
    chosen = own if identities is None else list(identities)
    if not set(chosen) <= set(own):
        raise ValueError(
            f"identities={tuple(chosen)!r} was given with {source}, whose people are "
            f"{', '.join(map(repr, own))}. Expected some of these. Load it without "
            "`identities`, and use model.add_identity(...) for a new person."
        )
    return {"identities": chosen}


def _new_people(
    identities: Sequence[str] | None, source: str | Path, model_class: Any
) -> list[str]:
    if identities is None:
        raise ValueError(
            f"{source} contains shared parts only. Expected the names of the people to "
            "train. Use "
            f"{model_class.__name__}.from_preset({str(source)!r}, identities="
            f'("ana", "ben")), or train(..., preset={str(source)!r}).'
        )
    return list(model_class.check_identities(identities))


def _restore(model: Any, folder: Path, record: Record) -> None:
    from deepface_models.core import parts

    if record["shared"]:
        model.build_decoder_initializers(set(record["parts"]) - set(model.parts))
    target = stored_parts(model, record["shared"])
    stored, own = set(record["parts"]), record["identities"] or ()
    # Parts of people who are not loaded stay in the folder.
    some = len(own) > len(getattr(model, "identities", own))
    if not (set(target.parts) <= stored if some else set(target.parts) == stored):
        raise ModelFileError(
            f"{folder} contains the parts {', '.join(record['parts'])}. Expected "
            f"{', '.join(target.parts)} of this {type(model).__name__}. Load it with "
            f"the version that saved it, {record['version']}."
        )
    parts.restore_parts(target, folder)

"""Saving of trained models as presets, which can be published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepface_models.core.choices import choose
from deepface_models.core.files import measure, write_json
from deepface_models.core.folders import atomic_folder
from deepface_models.core.locks import hold
from deepface_models.core.names import CONFIG, weights_file
from deepface_models.core.version import __version__
from deepface_models.core.whole import whole_numbers
from deepface_models.presets import registry
from deepface_models.presets.card import write_card
from deepface_models.presets.common_files import copy_unchanged
from deepface_models.presets.hub_header import check_base_model
from deepface_models.presets.loading import stored_parts
from deepface_models.presets.record import (
    CARD,
    GOLDEN,
    RECORD,
    Record,
    check_name,
    has_record,
    read_record,
    sign,
    to_bytes,
)

if TYPE_CHECKING:
    from deepface_models.core.model import PartModel

DTYPES = ("float32", "float16")
_SAME = 1e-4  # tolerance of repeated predictions


@whole_numbers(seed=0)
def save_preset(
    model: PartModel,
    folder: str | Path,
    *,
    license: str,
    data: str,
    name: str | None = None,
    description: str = "",
    use: str = "",
    limits: str = "",
    not_for: str = "",
    seed: int | None = None,
    commit: str = "",
    command: str = "",
    results: Mapping[str, Any] | None = None,
    base_model: str = "",
    shared: bool = False,
    dtype: str = "float32",
    images: Any = None,
) -> Path:
    """Saves a model as a preset: config, parts, record, card and golden values.

    The folder is written atomically. Before that, the model is loaded back and its
    outputs are compared; the difference due to float16 is `rounding` in the record.

    Args:
        model: A trained model of this package.
        folder: The folder: a new or empty one, or a preset, which is replaced.
        license: License of the weights, such as "Apache-2.0" or "CC-BY-4.0".
        data: The training data with their licenses.
        name: Name of the preset; that of the folder by default.
        description: A one-sentence description.
        use: The intended use.
        limits: Known limitations, and the faces they concern.
        not_for: Uses that are not allowed.
        seed: Seed of the training.
        commit: Commit of the training code.
        command: Command line of the training.
        results: Measures, which are numbers or texts, or dictionaries of them for
            groups of faces. The card lists them as the hub's `model-index`.
        base_model: Repository on the Hugging Face hub, "owner/name", of the model that
            training started from; by default that of the preset it started from.
        shared: Whether to save only the shared parts, as a start for face swaps of
            other people.
        dtype: Dtype of the weights on disk, "float32" or "float16".
        images: Two inputs of the model. They are stored in the preset, and so
            published, with the outputs for them (the golden values), by which
            `check_golden` tests that the model still gives the same. Noise by default.

    Returns:
        The folder.

    Raises:
        InUseError: Another thread or process is writing the folder.
        ValueError: The folder contains something else, `license` or `data` is empty,
            a weight is too large for float16, or predictions are not repeatable.

    Example:
        >>> terms = {"license": "Apache-2.0", "data": "noise, made here"}
        >>> save_preset(autoencoder, "my_noise", **terms).name
        'my_noise'
    """
    target = Path(folder)
    _check(model, target, license, data, shared, dtype)
    base = check_base_model(base_model) or registry.repository(model.started_from)
    facts: Record = {
        "name": check_name(target.resolve().name if name is None else name),
        "description": description,
        "license": license,
        "data": data,
        "use": use,
        "limits": limits,
        "not_for": not_for,
        "seed": seed,
        "commit": commit,
        "command": command,
        "results": json.loads(json.dumps(dict(results or {}))),
    }
    with hold(target), atomic_folder(target) as new:
        facts |= _write_parts(model, new, shared, dtype)
        facts["rounding"] = _write_golden(model, new, shared, dtype, images)
        facts["files"] = {path.name: measure(path) for path in sorted(new.iterdir())}
        write_card(new / CARD, facts, model.started_from, base)
        facts["files"][CARD] = measure(new / CARD)
        (new / RECORD).write_bytes(to_bytes(sign(facts)))
        read_record(new)
    return target


def _check(
    model: Any, folder: Path, license: str, data: str, shared: bool, dtype: str
) -> None:
    if not license or not data:
        raise ValueError(
            f"license={license!r} and data={data!r} were given. Expected the license "
            "of the weights and a description of the training data. Use, for example, "
            'license="CC-BY-4.0", data="...".'
        )
    choose("dtype", dtype, DTYPES, 'Use "float16" for half the size.')
    if shared and not getattr(model, "identities", ()):
        raise ValueError(
            f"shared=True was given with a {type(model).__name__}, which has no "
            "people. Expected a face swap. Leave out `shared`."
        )
    _check_folder(folder)


def _check_folder(folder: Path) -> None:
    """Rejects a folder that is not a preset, or that contains other files."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    ours = {RECORD}
    if has_record(folder):
        ours |= set(read_record(folder)["files"])
        others = sorted({path.name for path in folder.iterdir()} - ours)
    if ours == {RECORD} or others:
        raise ValueError(
            f"{folder} was given, which contains other files than a preset's. Expected "
            "a new or empty folder, or a preset to replace. Choose another folder."
        )


def _write_parts(
    model: PartModel, folder: Path, shared: bool, dtype: str
) -> dict[str, Any]:
    """Writes config and weights; returns their entries in the record."""
    from deepface_models.core import parts

    parts.save_parts(model, folder)
    config = parts.read_config(folder)
    stored = stored_parts(model, shared).parts
    for name in [part for part in config["parts"] if part not in stored]:
        (folder / weights_file(name)).unlink()
        del config["parts"][name]
    for name in stored.keys() - config["parts"].keys():
        stored[name].save_weights(folder / weights_file(name))
        config["parts"][name] = {"structure": parts.structure_digest(stored[name])}
    people = config.pop("identities", None)
    if shared:
        config["config"].pop("identities", None)
    elif people is not None:
        config["identities"] = people
    if dtype == "float16":
        from deepface_models.presets.half import to_float16

        for name in config["parts"]:
            to_float16(folder / weights_file(name))
    copy_unchanged(folder, model.started_from)
    for name, record in config["parts"].items():
        record |= measure(folder / weights_file(name))
    write_json(folder / CONFIG, config)
    return {
        "architecture": config["class"],
        "config": parts.read_config(folder)["config"],
        "identities": config.get("identities"),
        "shared": shared,
        "parts": list(config["parts"]),
        "parameters": sum(part.count_params() for part in stored.values()),
        "dtype": dtype,
        "bytes": sum(record["size"] for record in config["parts"].values()),
        "version": __version__,
        "keras": config["keras"],
    }


def _write_golden(
    model: Any, folder: Path, shared: bool, dtype: str, images: Any
) -> float:
    """Writes outputs of the stored weights; returns their difference to the model's."""
    from deepface_models.core import parts
    from deepface_models.presets import golden

    copy = type(model).from_config(model.get_config())
    if shared:
        copy.build_decoder_initializers(model.decoder_initializers)
    stored = stored_parts(copy, shared)
    parts.restore_parts(stored, folder)
    inputs = golden.make_inputs(copy, stored.parts if shared else None, images)
    outputs = golden.predict(copy, inputs, shared)
    golden.write_golden(folder, inputs, outputs)
    lost = golden.differences(golden.predict(model, inputs, shared), outputs)
    rounding = max(lost.values())
    if not rounding < (_SAME if dtype == "float32" else 1.0):
        raise ValueError(
            f"The loaded model differs by {rounding:.2g} in "
            f"{max(lost, key=lambda name: lost[name])!r} of {GOLDEN}. Expected equal "
            'outputs. Use dtype="float32", and a model with repeatable predictions.'
        )
    return rounding

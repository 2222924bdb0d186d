"""Weights of parts, taken from one model to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from deepface_models.core.model import PartModel
from deepface_models.core.parts import structure_digest
from deepface_models.presets.loading import load


def take_parts(
    model: PartModel,
    source: keras.Model | str | Path,
    parts: str | Sequence[str] | Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Copies weights of parts; see `StoredModel.take_parts`."""
    given = load(source) if isinstance(source, str | Path) else source
    if not isinstance(given, PartModel):
        raise ValueError(
            f"A {type(given).__name__} was given to take parts from. Expected a model "
            "of this package, or the folder of one. Save it with "
            "model.save_parts(folder)."
        )
    pairs = _pairs(model, given, parts)
    for mine, theirs in pairs.items():
        _check(mine, model._part(mine), theirs, given._part(theirs))
    # All are read first: a model may trade parts with itself.
    weights = {m: given.parts[t].get_weights() for m, t in pairs.items()}
    for name, values in weights.items():
        model.parts[name].set_weights(values)
    if parts is None:
        take_initializer(model, given)
    return tuple(pairs)


def take_initializer(model: Any, source: Any) -> None:
    """Copies what new people start from, if the source has it and is of this class."""
    theirs = getattr(source, "decoder_initializers", {})
    if theirs and isinstance(model, type(source)):
        model.build_decoder_initializers(theirs)
        for name, network in theirs.items():
            _check(name, model.decoder_initializers[name], name, network)
            model.decoder_initializers[name].set_weights(network.get_weights())


def _pairs(
    model: PartModel,
    source: PartModel,
    parts: str | Sequence[str] | Mapping[str, str] | None,
) -> dict[str, str]:
    """Returns the source's part for each part of the model that is to be taken."""
    if isinstance(parts, Mapping):
        return dict(parts)
    owners, others = model._owners(), source._owners()
    if parts is None:
        return _shared(model, source, {*owners, *others})
    names = (parts,) if isinstance(parts, str) else tuple(parts)
    for name in names:
        mine, theirs = owners.get(name), others.get(name)
        if name in model.parts and name in source.parts and mine != theirs:
            raise ValueError(
                f"The part {name!r} is {_whose(mine)} here and {_whose(theirs)} there. "
                "Expected parts of the same person, as faces would be swapped. If that "
                f"is what you want, give a dictionary: {{{name!r}: {name!r}}}."
            )
    return {name: name for name in names}


def _shared(model: PartModel, source: PartModel, owned: set[str]) -> dict[str, str]:
    """Returns nobody's own parts that both have in the same structure."""
    found = {
        name: name
        for name, part in model.parts.items()
        if name in source.parts
        and name not in owned
        and structure_digest(part) == structure_digest(source.parts[name])
    }
    if not found:
        raise ValueError(
            f"None of this model's parts {_list(model)} fits one of the source's "
            f"{_list(source)} that is nobody's own. Expected models of equal "
            "settings. Name the parts to see what differs: parts=('encoder',)."
        )
    return found


def _check(mine: str, part: keras.Model, theirs: str, other: keras.Model) -> None:
    """Says where two parts differ in structure."""
    if structure_digest(part) == structure_digest(other):
        return
    here, there = part.weights, other.weights
    pairs = zip(here, there, strict=False)
    first = next(((a, b) for a, b in pairs if a.shape != b.shape), None)
    if len(here) != len(there):
        differ = f"it has {len(there)} weights there and {len(here)} here"
    elif first is not None:
        one, two = first
        differ = f"{one.path} is {tuple(two.shape)} there and {tuple(one.shape)} here"
    else:
        differ = "its layers are of other kinds or types"
    raise ValueError(
        f"The source's part {theirs!r} does not fit the part {mine!r}: {differ}. "
        "Expected the same structure. Build both models with the same sizes and widths."
    )


def _whose(owner: str | None) -> str:
    return "shared" if owner is None else f"{owner}'s own"


def _list(model: PartModel) -> str:
    return ", ".join(map(repr, model.parts))

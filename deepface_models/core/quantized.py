"""Quantized layers in a model's config, so that its weights find their place again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

KEY = "quantized"
# Those that a layer can be brought to without data; others are calibrated.
_MODES = ("int8", "int4", "float8")


def describe(model: Any) -> dict[str, Any]:
    """Returns which layers `model.quantize` changed and how; empty if none.

    Raises:
        ValueError: Layers were quantized in a way that cannot be built again.
    """
    found = {
        part: {str(i): _entry(layer) for i, layer in _layers(network) if _mode(layer)}
        for part, network in model.parts.items()
    }
    used = {part: layers for part, layers in found.items() if layers}
    return {KEY: used} if used else {}


def restore(model: Any, record: Mapping[str, Any] | None) -> None:
    """Quantizes the layers of a new model as `describe` says.

    Args:
        model: The model, whose weights are about to be loaded.
        record: What `describe` returned under `KEY`; parts of people whom the model
            does not have are left out.

    Raises:
        ValueError: The record does not fit the model.
    """
    for part, entries in (record or {}).items():
        if part in model.parts:
            layers = dict(_layers(model.parts[part]))
            for index, entry in entries.items():
                _quantize(layers.get(int(index)), part, entry)


def _quantize(layer: Any, part: str, entry: Mapping[str, Any]) -> None:
    if not hasattr(layer, "quantize") or entry["mode"] not in _MODES:
        raise ValueError(
            f"The part {part!r} was saved with {entry!r} for a layer that cannot have "
            f"it. Expected one of {', '.join(_MODES)}. Save the model again."
        )
    if _mode(layer):  # a face swap inside another model has done it
        return
    config = entry.get("config")
    options = {}
    if config is not None:
        options["config"] = keras.saving.deserialize_keras_object(config)
    layer.quantize(entry["mode"], **options)


def _layers(network: Any) -> list[tuple[int, Any]]:
    """Returns a part's layers and those inside of them, numbered."""
    return list(enumerate(network._flatten_layers(include_self=False)))


def _mode(layer: Any) -> str | None:
    return getattr(layer, "quantization_mode", None)


def _entry(layer: Any) -> dict[str, Any]:
    mode = _mode(layer)
    if mode not in _MODES:
        raise ValueError(
            f"The layer {layer.name} is quantized as {mode!r}, which cannot be saved. "
            f"Expected one of {', '.join(_MODES)}. Quantize after loading, or use "
            'model.export("folder").'
        )
    config = getattr(layer, "quantization_config", None)
    packed = None if config is None else keras.saving.serialize_keras_object(config)
    return {"mode": mode, "config": packed}

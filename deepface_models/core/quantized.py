"""Stores in a model's config which layers are quantized."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

KEY = "quantized"
# Modes that need no calibration data.
_MODES = ("int8", "int4", "float8")


def describe(model: Any) -> dict[str, Any]:
    """Returns the quantized layers of a model and their modes; empty if none.

    Raises:
        ValueError: A mode cannot be restored without data.
    """
    found = {
        part: {str(i): _entry(layer) for i, layer in _layers(network) if _mode(layer)}
        for part, network in model.parts.items()
    }
    used = {part: layers for part, layers in found.items() if layers}
    return {KEY: used} if used else {}


def restore(model: Any, record: Mapping[str, Any] | None) -> None:
    """Quantizes the layers of a new model by the record of `describe`.

    Args:
        model: The model, before its weights are loaded.
        record: The value of `describe` under `KEY`. Parts that the model does not
            have are ignored.

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
            f"The part {part!r} was saved with {entry!r} for a layer that does not "
            f"support it. Expected one of {', '.join(_MODES)}. Save the model again."
        )
    if _mode(layer):  # already quantized, as part of another model
        return
    config = entry.get("config")
    options = {}
    if config is not None:
        options["config"] = keras.saving.deserialize_keras_object(config)
    layer.quantize(entry["mode"], **options)


def _layers(network: Any) -> list[tuple[int, Any]]:
    """Returns a part's layers at any depth, numbered."""
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

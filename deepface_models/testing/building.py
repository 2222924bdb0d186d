"""Checks of a model's config, precision and saved files."""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.models.autoencoders.base import check_shape
from deepface_models.presets import loading
from deepface_models.testing.case import Case, as_unit, forward, named, numbers, rows

_POLICIES = ("mixed_float16", "mixed_bfloat16")


def check_config(case: Case) -> None:
    """Checks that `get_config` has every constructor argument."""
    try:
        config = _config(case.model)
    except TypeError as error:
        case.fail(
            f"get_config() is not JSON ({error})",
            "numbers, texts, lists and dictionaries",
            "Use keras.saving.serialize_keras_object for objects.",
        )
    for name, value in _arguments(case).items():
        if name not in config:
            case.fail(
                f"get_config() has no {name!r}",
                "every argument of the constructor",
                f"Name it in `_arguments` and store it: self.{name} = {name}.",
            )
        if _canonical(name, config[name]) != _canonical(name, value):
            case.fail(
                f"get_config() has {name}={config[name]!r}, but {value!r} was given",
                "the given value",
                f"Store the argument unchanged: self.{name} = {name}.",
            )
    _check_copy(case, config)


def _config(model: Any) -> dict[str, Any]:
    return dict(json.loads(json.dumps(model.get_config())))


def _check_copy(case: Case, config: dict[str, Any]) -> None:
    copy = _config(case.cls.from_config(dict(config)))
    changed = [key for key in {*config, *copy} if config.get(key) != copy.get(key)]
    for key in sorted(changed):
        case.fail(
            f"from_config(get_config()) has {key}={copy.get(key)!r}, not "
            f"{config.get(key)!r}",
            "an equal config",
            "Use every argument, and pass **kwargs to super().__init__.",
        )


def _arguments(case: Case) -> dict[str, Any]:
    """Returns the named constructor arguments, given or by default."""
    found = {}
    for name, parameter in inspect.signature(case.cls).parameters.items():
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            found[name] = parameter.default
    return {**found, **case.kwargs}


def _canonical(name: str, value: Any) -> Any:
    if name == "image_shape":  # (28, 28) is stored as (28, 28, 1)
        value = check_shape(value)
    if not _is_json(value):
        value = keras.saving.serialize_keras_object(value)
    return json.loads(json.dumps(value))


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


def check_precision(case: Case) -> None:
    """Checks that mixed precision is used in layers, trains, and outputs float32."""
    for policy in _POLICIES:
        model = case.cls(**{**case.kwargs, "dtype": policy})
        half = policy.removeprefix("mixed_")
        if all(layer.compute_dtype != half for layer in _layers(model)):
            case.fail(
                f"dtype={policy!r} gave a model without a layer that computes in "
                f"{half}",
                "layers of that dtype",
                'Build them inside `with precision(kwargs.get("dtype")):`.',
            )
        found = model.get_config().get("dtype")
        if found != policy:
            case.fail(
                f"dtype={policy!r} gave a model of dtype {found!r}",
                f"the model's dtype to be {policy!r}",
                "Call super().__init__ inside the block of `precision` too.",
            )
        _check_float32(case, model, policy)
        case.compile(model)
        x, y = rows(case.x, case.batch), rows(case.y, case.batch)
        size = {"batch_size": case.batch, "shuffle": False, "verbose": 0}
        loss = model.fit(x, y, **size).history["loss"][0]
        if not np.isfinite(loss):
            case.fail(
                f"training with dtype={policy!r} has a loss of {loss}",
                "a finite loss",
                "Compute sums, exponentials and the loss in float32.",
            )


def _check_float32(case: Case, model: Any, policy: str) -> None:
    for name, output in named(forward(model, as_unit(case.x))).items():
        dtype = keras.backend.standardize_dtype(output.dtype)
        if dtype != "float32":
            case.fail(
                f"dtype={policy!r} gives outputs in {dtype} ({name})",
                "outputs in float32",
                'Use dtype="float32" in the last layer, such as the last activation.',
            )
        if not np.isfinite(ops.convert_to_numpy(output)).all():
            case.fail(
                f"dtype={policy!r} gives values that are not finite ({name})",
                "finite values",
                "Compute sums and exponentials in float32: float16 has up to 65504.",
            )


def _layers(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _layers(layer)


def check_saving(case: Case) -> None:
    """Checks that a saved and loaded model is bitwise equal."""
    case.restore()
    x = as_unit(case.x)
    expected = numbers(forward(case.model, x))
    with tempfile.TemporaryDirectory() as folder:
        whole, parted = Path(folder) / "model.keras", Path(folder) / "model"
        case.model.save(whole)
        _check_loaded(case, whole, 'save("x.keras")', x, expected)
        whole.unlink()  # large models would fill the disk
        case.model.save_parts(parted)
        _check_loaded(case, parted, "save_parts", x, expected)


def _check_loaded(case: Case, path: Path, way: str, x: Any, expected: Any) -> None:
    loaded = loading.load(path)
    found, built = map(_config, (loaded, case.model))
    if type(loaded) is not case.cls or found != built:
        case.fail(
            f"a model saved by {way} loads as {type(loaded).__name__} with {found}",
            f"a {case.cls.__name__} with {built}",
            "Register the class under its own name; see also the check 'config'.",
        )
    for kept, variable in zip(loaded.weights, case.model.weights, strict=True):
        if not np.array_equal(*map(ops.convert_to_numpy, (kept, variable))):
            case.fail(
                f"a model saved by {way} loads with other values of {variable.path}",
                "bitwise equal weights",
                "Check the layer's save_own_variables and load_own_variables.",
            )
    for name, values in numbers(forward(loaded, x)).items():
        if not np.array_equal(values, expected[name]):
            gap = np.abs(values - expected[name]).max()
            case.fail(
                f"a model saved by {way} has outputs that differ by up to {gap:.3g} "
                f"after loading, with equal weights ({name})",
                "bitwise equal outputs",
                "Store what the constructor samples or counts as weights or arguments.",
            )

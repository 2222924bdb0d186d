"""Checks of how a model is built, of its precision and its files."""

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
    """Every constructor argument survives `get_config`."""
    try:
        config = _config(case.model)
    except TypeError as error:
        case.fail(
            f"get_config() is no JSON ({error})",
            "numbers, texts, lists and dictionaries",
            "Use keras.saving.serialize_keras_object for what is an object.",
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
                f"get_config() says {name}={config[name]!r} where {value!r} was given",
                "the value given",
                f"Store what the constructor was given: self.{name} = {name}.",
            )
    _check_copy(case, config)


def _config(model: Any) -> dict[str, Any]:
    return dict(json.loads(json.dumps(model.get_config())))


def _check_copy(case: Case, config: dict[str, Any]) -> None:
    again = _config(case.cls.from_config(dict(config)))
    changed = [key for key in {*config, *again} if config.get(key) != again.get(key)]
    for key in sorted(changed):
        case.fail(
            f"from_config(get_config()) has {key}={again.get(key)!r}, not "
            f"{config.get(key)!r}",
            "an equal config",
            "Pass every argument on, **kwargs to super().__init__ too.",
        )


def _arguments(case: Case) -> dict[str, Any]:
    """Returns the named constructor arguments, given or by default."""
    found = {}
    for name, parameter in inspect.signature(case.cls).parameters.items():
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            found[name] = parameter.default
    return {**found, **case.kwargs}


def _canonical(name: str, value: Any) -> Any:
    if name == "image_shape":  # (28, 28) is kept as (28, 28, 1)
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
    """Mixed precision reaches the layers, trains and ends in float32."""
    for policy in _POLICIES:
        model = case.cls(**{**case.kwargs, "dtype": policy})
        half = policy.removeprefix("mixed_")
        said = model.get_config().get("dtype")
        if said != policy or all(n.compute_dtype != half for n in _layers(model)):
            case.fail(
                f"dtype={policy!r} gave a model of dtype {said!r} without a layer that "
                f"computes in {half}",
                "layers of the dtype asked for",
                'Build them inside `with precision(kwargs.get("dtype")):`.',
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
                f"dtype={policy!r} gives {dtype} ({name})",
                "float32 out of every model",
                'End in a layer with dtype="float32", such as the last activation.',
            )
        if not np.isfinite(ops.convert_to_numpy(output)).all():
            case.fail(
                f"dtype={policy!r} gives values that are not finite ({name})",
                "finite values",
                "Compute sums and exponentials in float32: float16 ends at 65504.",
            )


def _layers(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _layers(layer)


def check_saving(case: Case) -> None:
    """A model that was saved and loaded is the same to the bit."""
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
            f"what {way} wrote loads as {type(loaded).__name__} with {found}",
            f"a {case.cls.__name__} with {built}",
            "Register the class under its own name; see also the check 'config'.",
        )
    for kept, variable in zip(loaded.weights, case.model.weights, strict=True):
        if not np.array_equal(*map(ops.convert_to_numpy, (kept, variable))):
            case.fail(
                f"what {way} wrote loads other values of {variable.path}",
                "the weights that were saved, to the bit",
                "See the layer's save_own_variables and load_own_variables.",
            )
    for name, values in numbers(forward(loaded, x)).items():
        if not np.array_equal(values, expected[name]):
            gap = np.abs(values - expected[name]).max()
            case.fail(
                f"what {way} wrote draws values up to {gap:.3g} away once loaded, of "
                f"equal weights ({name})",
                "the same to the bit",
                "Keep in weights or arguments what the constructor draws or counts.",
            )

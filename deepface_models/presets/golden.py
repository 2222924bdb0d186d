"""`golden.npz`: a few inputs and the outputs of a preset's model for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.checked import first_line
from deepface_models.core.errors import IntegrityError
from deepface_models.core.guards import read_arrays
from deepface_models.presets.fetching import fetch
from deepface_models.presets.record import GOLDEN

Arrays = dict[str, Array]
_IN, _OUT = "in.", "out."
_AS = "predict."
_LARGEST = 2**28  # bytes
# Values from which inputs are in blocks of so many pixels, and outputs rounded.
_WIDE, _BLOCK = 2**14, 16
_MANY, _DIGITS = 2**16, 2**14
_STEPS = 8  # length of an axis that the model leaves open


def write_golden(folder: Path, inputs: Mapping[str, Array], outputs: Arrays) -> None:
    """Writes inputs and outputs to the preset's folder."""
    values = {f"{_IN}{name}": value for name, value in inputs.items()}
    values |= {f"{_OUT}{name}": _rounded(value) for name, value in outputs.items()}
    np.savez_compressed(folder / GOLDEN, **values)  # type: ignore[arg-type]


def check_golden(model: Any, folder: str | Path) -> dict[str, float]:
    """Compares a loaded model's outputs with those stored in the preset.

    Args:
        model: The model that `load(folder)` returned.
        folder: The preset's name or folder.

    Returns:
        For each output the largest difference, relative to the largest of its values
        or to 1; about 1e-6 on another computer or backend.

    Raises:
        IntegrityError: A file of the preset was changed, or has other contents.

    Example:
        >>> from deepface_models import load
        >>> differences = check_golden(load("vae_mnist"), "vae_mnist")
        >>> max(differences.values()) < 1e-3
        True
    """
    path = fetch(folder, progress=False) / GOLDEN
    try:
        values = read_arrays(path, _LARGEST)
    except ValueError as error:
        raise IntegrityError(
            f"{path} cannot be read ({error}). Expected arrays of at most "
            f"{_LARGEST:,} bytes. Ask for it where the preset came from."
        ) from error
    inputs = {n[len(_IN) :]: v for n, v in values.items() if n.startswith(_IN)}
    expected = {n[len(_OUT) :]: v for n, v in values.items() if n.startswith(_OUT)}
    shared = not any(name.startswith(_AS) for name in expected)
    try:
        return differences(predict(model, inputs, shared), expected)
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(
            f"{path} does not fit a {type(model).__name__} ({first_line(error)}). "
            "Expected inputs and outputs of this model. Ask for it where the preset "
            "came from."
        ) from error


def differences(found: Arrays, expected: Arrays) -> dict[str, float]:
    """Returns the largest relative difference of each expected output."""
    return {
        name: float(np.max(np.abs(found[name] - value)) / max(1, np.abs(value).max()))
        for name, value in expected.items()
    }


def make_inputs(
    model: Any, stored: Mapping[str, Any] | None = None, images: Any = None
) -> Arrays:
    """Returns two inputs for the model, and one for each part if only some are stored.

    Args:
        model: The model.
        stored: The stored parts; None for all.
        images: Inputs of the model (N, ...), of which the first two are used; noise by
            default.
    """
    rng = np.random.default_rng(0)
    if images is None:
        shape = getattr(model, "data_shape", None) or model.encoder.inputs[0].shape[1:]
        images = _noise(shape, rng)
    inputs = {"images": np.asarray(images)[:2]}
    for name in sorted((stored or {}).keys() - {"encoder"}):
        for number, tensor in enumerate(_part(model, name).inputs):
            shape = (1, *(n or _STEPS for n in tensor.shape[1:]))
            inputs[f"{name}/{number}"] = _normal(shape, rng)
    return inputs


def predict(model: Any, inputs: Mapping[str, Array], shared: bool) -> Arrays:
    """Returns a model's outputs for the inputs, by name.

    Args:
        model: The model.
        inputs: The result of `make_inputs`.
        shared: Whether to return the outputs of shared parts only.
    """
    images = inputs["images"]
    outputs: Arrays = {"encode": model.encode(images)}
    if shared:
        names = {name.partition("/")[0] for name in inputs} - {"images"}
        for name in sorted(names):
            outputs |= _alone(_part(model, name), name, inputs)
        return outputs
    if hasattr(model, "identities"):
        people = model.identities
        return outputs | {
            f"{_AS}{name}": model.predict(images, identity=name) for name in people
        }
    found = model.predict(images, verbose=0)
    found = found if isinstance(found, dict) else {"image": found}
    return outputs | {f"{_AS}{name}": value for name, value in found.items()}


def _rounded(values: Array) -> Array:
    """Returns many values with few digits, which take less space when compressed."""
    if values.size < _MANY:
        return values
    return np.asarray(np.round(values * _DIGITS) / _DIGITS)


def _normal(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Returns noise; that of a large image is in blocks, which take less space."""
    if len(shape) < 4 or np.prod(shape) < _WIDE:
        return rng.normal(0, 1, shape).astype("float32")
    sides = [-(-side // _BLOCK) for side in shape[1:3]]
    small = rng.normal(0, 1, (shape[0], *sides, shape[3])).astype("float32")
    large = small.repeat(_BLOCK, 1).repeat(_BLOCK, 2)
    return np.asarray(large[:, : shape[1], : shape[2]])


def _part(model: Any, name: str) -> Any:
    return {**model.parts, **getattr(model, "decoder_initializers", {})}[name]


def _alone(part: Any, name: str, inputs: Mapping[str, Array]) -> Arrays:
    values = [inputs[f"{name}/{number}"] for number in range(len(part.inputs))]
    given = keras.tree.pack_sequence_as(part.input, values)
    found = keras.tree.flatten(part.predict(given, verbose=0))
    if len(found) == 1:
        return {name: np.asarray(found[0])}
    return {f"{name}/{number}": np.asarray(one) for number, one in enumerate(found)}


def _noise(shape: tuple[int | None, ...], rng: np.random.Generator) -> Array:
    whole = (2, *(size or _STEPS for size in shape))
    if len(whole) == 4 and whole[-1] in (1, 3):
        return rng.integers(0, 256, whole, dtype="uint8")
    return rng.uniform(0, 1, whole).astype("float32")

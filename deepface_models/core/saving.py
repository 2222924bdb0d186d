"""Loading of `.keras` files, and errors for whole models in HDF5 files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from deepface_models.core import parts
from deepface_models.core.checked import decode, first_line
from deepface_models.core.errors import ModelFileError
from deepface_models.core.guards import at_most, check_archive
from deepface_models.core.names import CONFIG

# Uncompressed bytes of a .keras file: the config; and for each parameter, its value and
# three of the optimizer, in float32.
_BESIDES, _STATES = 2**24, 4 * 4
_ENDINGS = (".h5", ".hdf5")


def refuse_h5(path: Any, model: Any) -> None:
    """Rejects the name of an HDF5 file for a whole model.

    Raises:
        ValueError: It ends in `.h5` or `.hdf5`.
    """
    if str(path).lower().endswith(_ENDINGS):
        raise ValueError(_advice(str(path), model))


def refuse_legacy(model: Any) -> None:
    """Raises an error if Keras is writing an HDF5 file.

    It is called by `get_config`, which `keras.saving.save_model` calls first.

    Raises:
        ValueError: Keras is writing such a file.
    """
    from keras.src.backend.common import global_state

    if global_state.get_global_attribute("use_legacy_config", False):
        raise ValueError(_advice("an HDF5 file", model))


def check_callbacks(callbacks: Any, model: Any) -> None:
    """Rejects a `ModelCheckpoint` that saves whole models as HDF5, before training.

    Raises:
        ValueError: There is one.
    """
    for callback in _each(callbacks):
        if (
            isinstance(callback, keras.callbacks.ModelCheckpoint)
            and not callback.save_weights_only
        ):
            refuse_h5(callback.filepath, model)


def _each(callbacks: Any) -> Iterator[Any]:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    yield from callbacks if isinstance(callbacks, list | tuple) else (callbacks,)


def _advice(path: str, model: Any) -> str:
    return (
        f"{path} was given to save a {type(model).__name__}. Expected a name ending in "
        ".keras, because an HDF5 file does not store the class. Use "
        'model.save("model.keras"), model.save_parts("folder"), or '
        'model.save_weights("model.weights.h5") for the weights only.'
    )


def load_keras(path: Path, load_weights: bool, max_parameters: int) -> Any:
    """Returns the model in a `.keras` file of this package, not compiled.

    Args:
        path: The file.
        load_weights: False for the architecture with random weights.
        max_parameters: Most parameters to allocate memory for, unless the file has
            more bytes.

    Raises:
        ModelFileError: The file is damaged, or not a model of this package.
    """
    limit = max(max_parameters, path.stat().st_size)
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, _BESIDES + _STATES * limit)
            config = decode(archive.read(CONFIG), "keras")
        model_class = parts.registered(config["registered_name"], path)
        if not load_weights:
            return parts.build(model_class, config["config"], path, None, limit)
        with at_most(limit):
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except ModelFileError:
        raise
    except Exception as error:  # zipfile, h5py and Keras raise errors of many types
        raise ModelFileError(
            f"{path} cannot be read as a model ({first_line(error)}). Expected a "
            "complete .keras file of this package. Copy it again, save it again with "
            "model.save(), or pass a larger max_parameters=."
        ) from error

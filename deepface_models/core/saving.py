"""`.keras` files: safe to load; and HDF5 files, which keep no model of ours."""

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

# Bytes of a .keras file once unpacked: config, and for each parameter its value and
# an optimizer's, in float32.
_BESIDES, _STATES = 2**24, 4 * 4
_ENDINGS = (".h5", ".hdf5")


def refuse_h5(path: Any, model: Any) -> None:
    """Refuses the name of an HDF5 file for a whole model.

    Raises:
        ValueError: It ends in `.h5` or `.hdf5`.
    """
    if str(path).lower().endswith(_ENDINGS):
        raise ValueError(_advice(str(path), model))


def refuse_legacy(model: Any) -> None:
    """Refuses to give a config to Keras' writer of HDF5 files.

    `keras.saving.save_model` asks the model for nothing else before it writes.

    Raises:
        ValueError: Keras is writing such a file.
    """
    from keras.src.backend.common import global_state

    if global_state.get_global_attribute("use_legacy_config", False):
        raise ValueError(_advice("an HDF5 file", model))


def check_callbacks(callbacks: Any, model: Any) -> None:
    """Refuses a `ModelCheckpoint` to HDF5 before training, not after its first epoch.

    Raises:
        ValueError: There is one that keeps whole models in such a file.
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
        ".keras: HDF5 files keep layers by position and no class, so the model could "
        'not be loaded. Use model.save("model.keras"), model.save_parts("folder"), or '
        'model.save_weights("model.weights.h5") for the weights alone.'
    )


def load_keras(path: Path, load_weights: bool, max_parameters: int) -> Any:
    """Returns the model of a `.keras` file of this package; it is not compiled.

    Args:
        path: The file.
        load_weights: False for the architecture alone, with fresh weights.
        max_parameters: The most parameters to allocate memory for, unless the file
            has as many bytes.

    Raises:
        ModelFileError: It cannot be read, or holds no model of this package.
    """
    room = max(max_parameters, path.stat().st_size)
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive, _BESIDES + _STATES * room)
            config = decode(archive.read(CONFIG), "keras")
        model_class = parts.registered(config["registered_name"], path)
        if not load_weights:
            return parts.build(model_class, config["config"], path, None, room)
        with at_most(room):
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    except ModelFileError:
        raise
    except Exception as error:  # zipfile, h5py and Keras raise all kinds
        raise ModelFileError(
            f"{path} cannot be read as a model ({first_line(error)}). Expected a "
            "complete .keras file of this package. Copy it again, save it again with "
            "model.save(), or pass a larger max_parameters=."
        ) from error

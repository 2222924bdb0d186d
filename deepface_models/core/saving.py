"""Files that `model.save` cannot write: HDF5, which keeps no model of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

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

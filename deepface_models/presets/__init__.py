"""Trained models by name, address or folder.

Hashes of all files are checked before use. A preset consists of JSON, `.weights.h5`
files, a model card and a `golden.npz`; no objects are unpickled and no code of a preset
is run. Listing, describing and fetching do not import Keras.
"""

from typing import TYPE_CHECKING

from deepface_models.core.shipped import weights_folder
from deepface_models.presets.fetching import cache_folder, fetch
from deepface_models.presets.packing import save_preset
from deepface_models.presets.registry import (
    describe,
    list_models,
    register,
)
from deepface_models.presets.uploading import upload

if TYPE_CHECKING:
    from deepface_models.presets.golden import check_golden

__all__ = [
    "cache_folder",
    "check_golden",
    "describe",
    "fetch",
    "list_models",
    "register",
    "save_preset",
    "upload",
    "weights_folder",
]


def __getattr__(name: str) -> object:
    if name == "check_golden":  # needs Keras
        from deepface_models.presets.golden import check_golden

        return check_golden
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

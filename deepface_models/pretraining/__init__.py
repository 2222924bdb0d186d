"""Pretraining of the presets: `pretrain("vae_mnist", DATA)`.

`RECIPES` has the model and the training settings of each preset; `command` returns the
command line in its model card. Importing this package does not import Keras.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deepface_models.pretraining.recipes import RECIPES, Recipe, command

if TYPE_CHECKING:
    from deepface_models.pretraining.making import pretrain

__all__ = ["RECIPES", "Recipe", "command", "pretrain"]


def __getattr__(name: str) -> Any:
    if name != "pretrain":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.making")
    return home.pretrain

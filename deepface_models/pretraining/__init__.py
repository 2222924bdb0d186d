"""How the presets are made, by anybody again: `pretrain("vae_mnist", DATA)`.

`RECIPES` says of each preset what it is built of and trained on; `command` is the
command line in its card. Importing this imports no Keras.
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

"""The model zoo: autoencoders and face swaps, each architecture by its name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepface_models.models import autoencoders, swap
    from deepface_models.models.registry import (
        Architecture,
        Form,
        architectures,
        create,
        list_architectures,
        register_architecture,
    )

__all__ = [
    "Architecture",
    "Form",
    "architectures",
    "autoencoders",
    "create",
    "list_architectures",
    "register_architecture",
    "swap",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("autoencoders", "swap"):
        return importlib.import_module(f"{__name__}.{name}")
    return getattr(importlib.import_module(f"{__name__}.registry"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

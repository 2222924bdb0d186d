"""The names of the architectures, known without importing Keras."""

from __future__ import annotations

from pathlib import Path

from deepface_models.core.registry import names_in


def architecture_names(family: str) -> list[str]:
    """Returns the names of this package's architectures, sorted; without plugins.

    Args:
        family: "swap" or "autoencoders".
    """
    return names_in(Path(__file__).parent / family, "register_architecture")

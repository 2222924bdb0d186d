"""Packages that only some functions need, which pip installs as extras."""

from __future__ import annotations

import importlib
from typing import Any

from deepface_models.core.errors import MissingDependencyError


def need(module: str, package: str, extra: str, what: str) -> Any:
    """Imports and returns a module of an optional package.

    Args:
        module: The module.
        package: The package of it, as pip knows it.
        extra: The extra of this package that has it.
        what: What needs it, as the start of a sentence.

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{what} needs {package}, which is not installed ({error}). Expected it "
            f'beside this package. Run: pip install "deepface_models[{extra}]"'
        ) from error

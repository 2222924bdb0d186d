"""Every public name is documented, with all of its arguments."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import deepface_models

# Layers, optimizers and other subclasses take these arguments of Keras.
KERAS = {"args", "kwargs", "name", "dtype", "reduction"}


def packages() -> list[str]:
    """Names of the packages and modules that list public names in `__all__`."""
    found = ["deepface_models"]
    for module in pkgutil.walk_packages(
        deepface_models.__path__, "deepface_models.", onerror=lambda name: None
    ):
        private = any(part.startswith("_") for part in module.name.split("."))
        if module.ispkg and not private and ".weights" not in module.name:
            found.append(module.name)
    return found


def public_names() -> Iterator[tuple[str, Any]]:
    seen: set[int] = set()
    for name in packages():
        package = importlib.import_module(name)
        for public in getattr(package, "__all__", ()):
            value = getattr(package, public)
            own = getattr(value, "__module__", "").startswith("deepface_models")
            if callable(value) and own and id(value) not in seen:
                seen.add(id(value))
                yield f"{name}.{public}", value


def methods(value: Any) -> Iterator[tuple[str, Any]]:
    """Public methods and properties that a class itself defines."""
    for name, member in vars(value).items() if inspect.isclass(value) else ():
        function = inspect.unwrap(getattr(member, "__func__", member))
        if not name.startswith("_") and (
            inspect.isfunction(function) or isinstance(member, property)
        ):
            yield name, function


def documented(text: str) -> set[str]:
    """Names in the sections of arguments and attributes of a docstring."""
    lines = re.findall(r"^ {4}\*{0,2}(\w+):", text, re.MULTILINE)
    return set(lines) | set(re.findall(r"`(\w+)`", text))


NAMES = dict(public_names())


def test_public_names_are_found():
    assert {"deepface_models.convert", "deepface_models.losses.SSIMLoss"} <= set(NAMES)
    assert len(NAMES) > 150


@pytest.mark.parametrize("name", NAMES)
def test_name_and_methods_have_docstrings(name):
    value = NAMES[name]
    assert inspect.getdoc(value), name
    missing = [method for method, member in methods(value) if not member.__doc__]
    assert not missing


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_documented(name):
    value = NAMES[name]
    text = inspect.getdoc(value) or ""
    if isinstance(value, type) and issubclass(value, BaseException):
        return  # errors take a message
    parameters = set(inspect.signature(value).parameters) - KERAS
    if inspect.isclass(value):
        for base in value.__mro__[1:]:
            if base.__module__.startswith("deepface_models"):
                text += f"\n{inspect.getdoc(base)}"
    assert not parameters - documented(text)

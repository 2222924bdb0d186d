"""Copies of objects with other constructor arguments."""

from __future__ import annotations

import copy
import inspect
from typing import Any, TypeVar

from deepface_models.core.choices import choose

T = TypeVar("T")


def known(kind: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Returns the options, if all of them are constructor arguments of a class.

    Raises:
        ValueError: There is no such argument; the message suggests a similar one.
    """
    names = list(inspect.signature(kind).parameters)
    for name in options:
        choose("option", name, names)
    return options


def replaced(one: T, kind: Any, changes: dict[str, Any]) -> T:
    """Returns a copy of an object with other constructor arguments.

    The constructor checks the arguments. All other attributes are shared.

    Args:
        one: The object, which is not changed.
        kind: Its class, whose constructor arguments are attributes of `one`.
        changes: The arguments to change.

    Raises:
        ValueError: There is no such argument, or its value is not valid.
    """
    changes = known(kind, changes)
    names = inspect.signature(kind).parameters
    made = copy.copy(one)
    kind.__init__(made, **{name: getattr(one, name) for name in names} | changes)
    return made

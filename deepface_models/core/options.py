"""Copies of objects with other constructor arguments."""

from __future__ import annotations

import copy
import inspect
from typing import Any, TypeVar

from deepface_models.core.choices import choose

T = TypeVar("T")


def known(kind: Any, options: dict[str, Any], caller: Any = None) -> dict[str, Any]:
    """Returns the options, if all of them are constructor arguments of a class.

    Args:
        kind: The class.
        options: The arguments.
        caller: The function that was called with them, whose own arguments by name the
            message suggests too.

    Raises:
        ValueError: There is no such argument; the message suggests a similar one.
    """
    names = list(inspect.signature(kind).parameters)
    own = inspect.signature(caller).parameters.values() if caller else ()
    others = [one.name for one in own if one.kind is one.KEYWORD_ONLY]
    for name in options:
        if name not in names:
            choose("option", name, dict.fromkeys([*others, *names]))
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

"""Objects that keep their constructor's arguments as attributes."""

from __future__ import annotations

import copy
import inspect
from typing import Any, TypeVar

from deepface_models.core.choices import choose

T = TypeVar("T")


def replaced(one: T, kind: Any, changes: dict[str, Any]) -> T:
    """Returns a copy of an object with other constructor arguments.

    They are checked as by the constructor. Everything else is shared.

    Args:
        one: The object; it is not changed.
        kind: Its class, whose constructor's arguments are attributes of `one`.
        changes: The arguments that change.

    Raises:
        ValueError: The constructor has no such argument, or refuses its value.
    """
    names = list(inspect.signature(kind).parameters)
    for name in changes:
        choose("option", name, names)
    made = copy.copy(one)
    kind.__init__(made, **{name: getattr(one, name) for name in names} | changes)
    return made

"""Checks of arguments that select one of several options by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


def choose(argument: str, value: Any, options: Iterable[str], advice: str = "") -> Any:
    """Returns `value` if it is one of the options.

    Args:
        argument: The argument's name, for the message.
        value: The given value.
        options: The valid names.
        advice: Sentences for the end of the message.

    Raises:
        ValueError: It is not one of them; the message suggests a similar one.
    """
    known = list(options)
    if isinstance(value, str) and value in known:
        return value
    listed = ", ".join(map(repr, known))
    hint = suggestion(value, known) + (f" {advice}" if advice else "")
    raise ValueError(f"{argument}={value!r} was given. Expected one of {listed}.{hint}")


def suggestion(value: Any, options: Iterable[str]) -> str:
    """Returns " Did you mean 'x'?" for the most similar option, or ""."""
    plain = {_plain(option): option for option in options}
    near = difflib.get_close_matches(_plain(value), plain, 1)
    return f" Did you mean {plain[near[0]]!r}?" if near else ""


def _plain(value: Any) -> str:
    return str(value).lower().replace("_", "")

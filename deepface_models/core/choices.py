"""One way to choose something by its name, and one home for what has names."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def choose(argument: str, value: Any, options: Iterable[str], advice: str = "") -> Any:
    """Returns `value` if it is one of the options.

    Args:
        argument: The argument's name, for the message.
        value: What was given.
        options: What may be given.
        advice: Sentences for the end of the message.

    Raises:
        ValueError: It is none of them; the message names the nearest one.
    """
    known = list(options)
    if isinstance(value, str) and value in known:
        return value
    listed = ", ".join(map(repr, known))
    hint = suggestion(value, known) + (f" {advice}" if advice else "")
    raise ValueError(f"{argument}={value!r} was given. Expected one of {listed}.{hint}")


def suggestion(value: Any, options: Iterable[str]) -> str:
    """Returns " Did you mean 'x'?" for the option most like `value`, or ""."""
    plain = {_plain(option): option for option in options}
    near = difflib.get_close_matches(_plain(value), plain, 1)
    return f" Did you mean {plain[near[0]]!r}?" if near else ""


def _plain(value: Any) -> str:
    return str(value).lower().replace("_", "")


class Registry(Mapping[str, T], Generic[T]):
    """Things by name, each registered where it is defined.

    Args:
        argument: What the argument that takes a name is called, such as "mask".
    """

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self._known: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Returns a decorator that registers what it decorates under `name`.

        Raises:
            ValueError: Something else has that name.
        """

        def add(value: T) -> T:
            if self._known.setdefault(name, value) is not value:
                raise ValueError(
                    f"The {self.argument} {name!r} is registered twice. Expected a "
                    "name of its own for each. Choose another name."
                )
            return value

        return add

    def choose(self, name: Any) -> T:
        """Returns what has that name.

        Raises:
            ValueError: Nothing has. The message names the nearest.
        """
        return self._known[choose(self.argument, name, self._known)]

    def __getitem__(self, name: str) -> T:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

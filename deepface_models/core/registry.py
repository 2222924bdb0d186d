"""Things that are found by name, added by a decorator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_NAME = re.compile("[a-z0-9_]+")


class Registry(Mapping[str, T]):
    """The entries of one kind by name, in the order in which they were added.

    Args:
        kind: What they are, for messages, such as "mask".
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._known: dict[str, tuple[str, T]] = {}

    def add(self, name: str, entry: T, registered: Any) -> None:
        """Adds an entry; one of the same class or function is replaced.

        Args:
            name: Small letters, digits and "_".
            entry: What is found under the name.
            registered: The class or function that the entry is about.

        Raises:
            ValueError: Another class or function has the name, or it is no name.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"The name {name!r} was given for {registered.__qualname__}. Expected "
                f'small letters, digits and "_". Choose another name for the '
                f"{self.kind}."
            )
        whose = f"{registered.__module__}.{registered.__qualname__}"
        if self._known.get(name, (whose,))[0] != whose:
            raise ValueError(
                f"The {self.kind} {name!r} is registered twice, by "
                f"{self._known[name][0]} and {whose}. Expected a name of its own for "
                "each. Choose another name."
            )
        self._known[name] = whose, entry

    def function(self: Registry[Any], name: str) -> Callable[[F], F]:
        """Returns a decorator that adds a function, which is itself the entry."""

        def add(function: F) -> F:
            self.add(name, function, function)
            return function

        return add

    def __getitem__(self, name: str) -> T:
        return self._known[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def names_in(folder: Path, decorator: str) -> list[str]:
    """Returns the names that a decorator registers in the files of a folder, sorted.

    The decorators are read and not run, so that the help of a command, which lists
    them, answers at once.

    Args:
        folder: Of the package, subfolders included.
        decorator: Such as "register_mask".
    """
    pattern = re.compile(rf"^@{decorator}\(\s*\"(\w+)\"", re.MULTILINE)
    texts = [file.read_text(encoding="utf-8") for file in folder.rglob("*.py")]
    return sorted(name for text in texts for name in pattern.findall(text))

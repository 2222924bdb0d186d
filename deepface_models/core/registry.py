"""Registries of classes and functions by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_NAME = re.compile("[a-z0-9_]+")


class Registry(Mapping[str, T]):
    """Entries of one kind by name, in the order in which they were added.

    Args:
        kind: The kind, for messages, such as "mask".
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._known: dict[str, tuple[str, T]] = {}

    def add(self, name: str, entry: T, registered: Any) -> None:
        """Adds an entry; an entry of the same class or function is replaced.

        Args:
            name: Lower-case letters, digits and "_".
            entry: The value of the entry.
            registered: The class or function of the entry.

        Raises:
            ValueError: The name is not valid, or another class or function has it.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"The name {name!r} was given for {registered.__qualname__}. Expected "
                f'lower-case letters, digits and "_". Choose another name for the '
                f"{self.kind}."
            )
        whose = f"{registered.__module__}.{registered.__qualname__}"
        if self._known.get(name, (whose,))[0] != whose:
            raise ValueError(
                f"The {self.kind} {name!r} is registered twice, by "
                f"{self._known[name][0]} and {whose}. Expected different names. Choose "
                "another name."
            )
        self._known[name] = whose, entry

    def function(self: Registry[Any], name: str) -> Callable[[F], F]:
        """Returns a decorator that adds a function as the entry."""

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
    """Returns the sorted names that a decorator registers in the files of a folder.

    The files are read and not imported, which is fast enough for `--help`.

    Args:
        folder: The folder; its subfolders are included.
        decorator: The decorator's name, such as "register_mask".
    """
    pattern = re.compile(rf"^@{decorator}\(\s*\"(\w+)\"", re.MULTILINE)
    texts = [file.read_text(encoding="utf-8") for file in folder.rglob("*.py")]
    return sorted(name for text in texts for name in pattern.findall(text))

"""Numbers of things in sentences."""

from __future__ import annotations


def many(number: int, noun: str) -> str:
    """Returns a number of things, such as "1 face" or "3 faces"."""
    return f"{number} {noun}{'s' * (number != 1)}"

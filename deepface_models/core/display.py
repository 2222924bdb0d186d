"""Makes text from untrusted sources safe to show in a terminal."""

from __future__ import annotations

import unicodedata

_LONGEST = 400  # characters per value
_LONGEST_MESSAGE = 4000


def one_line(value: object, longest: int = _LONGEST) -> str:
    r"""Returns a value as one short line without control characters.

    Control characters, line ends, bidirectional marks, invisible characters and
    undecodable bytes become escapes such as `\x1b`. All kinds of spaces become plain
    ones.

    Args:
        value: The value, shown as `str(value)`.
        longest: Most characters; the middle of a longer text is replaced by "...".
    """
    # Shortened before escaping too, because the text may be gigabytes long.
    return _shorten(_escape(_shorten(str(value), longest)), longest)


def message(problem: object) -> str:
    """Returns the text of an error or a log as one line."""
    return one_line(problem, _LONGEST_MESSAGE)


def layout(text: str) -> str:
    """Returns a text of several lines, such as a table, without control characters.

    Line ends and tabs are kept, so untrusted values in it have to be converted by
    `one_line` before.
    """
    return _escape(text, kept="\n\t")


def _escape(text: str, kept: str = "") -> str:
    if text.isprintable() and text.isascii():
        return text
    return "".join(char if char in kept else _shown(char) for char in text)


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    if unicodedata.category(char) == "Zs":
        return " "
    return char.encode("unicode_escape").decode()


def _shorten(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    head = (longest - 3) // 2
    return f"{text[:head]}...{text[len(text) - (longest - 3 - head) :]}"

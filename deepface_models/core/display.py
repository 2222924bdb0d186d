"""Text of strangers, made safe to show: names of files, records, tags, messages."""

from __future__ import annotations

import unicodedata

_LONGEST = 400  # characters of one value
_LONGEST_MESSAGE = 4000


def one_line(value: object, longest: int = _LONGEST) -> str:
    r"""Returns a value as one short line that cannot steer a terminal.

    Control characters, line ends, marks that turn the direction of writing, invisible
    characters and undecodable bytes are shown as escapes such as `\x1b`. Spaces of
    every width become plain ones.

    Args:
        value: Shown as `str(value)`.
        longest: Most characters; the middle of a longer text gives way to "...".
    """
    # Shortened before as well: the text of a stranger may be gigabytes long.
    return _shorten(_escape(_shorten(str(value), longest)), longest)


def message(problem: object) -> str:
    """Returns an error's or a log's text as one line, its advice at the end kept."""
    return one_line(problem, _LONGEST_MESSAGE)


def layout(text: str) -> str:
    """Returns a whole output, such as a table, with its line ends and tabs kept.

    A stranger's text within it has to pass `one_line` beforehand: here nobody can
    tell its line ends from those of the table.
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

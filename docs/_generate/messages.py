"""Every error message of the package, found in its source, by its first words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import deepface_models

PACKAGE = Path(deepface_models.__file__).parent
INTRODUCTION = """\
# Every error message

Messages say what was given, what was expected and what to do; so each is its own help.
This page lists the {count} of the source by their first words. "…" stands for what
differs: a value, a file, a name. Search it for words of yours that are not names or
numbers, or use the search of this site. [Troubleshooting](../guides/troubleshooting.md)
has what is behind the most frequent ones.
"""


def pages() -> dict[str, str]:
    """Returns the text of the page by its place in the site."""
    found = sorted(messages(), key=lambda one: _first(one[0]).lower())
    lines = [INTRODUCTION.format(count=len(found))]
    letter = ""
    for text, error, module in found:
        first = _first(text)[:1].upper()
        if first != letter:
            letter = first
            lines += ["", f"## {letter}", ""]
        where = ", ".join(f"`{one}`" for one in (error, module) if one)
        lines.append(f"- {_plain(text)} ({where})")
    return {"reference/messages.md": "\n".join(lines) + "\n"}


def messages() -> Iterator[tuple[str, str, str]]:
    """Yields each message with its error and the module that raises it.

    The error is "" where another function raises it.
    """
    for path in files():
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        raised = [one for one in _raised(tree) if len(one[0].strip("… ")) > 8]
        for text, error in raised:
            yield text, error, module
        for text in _written(tree):
            if not any(text in other for other, _ in raised):
                yield text, "", module


def _first(text: str) -> str:
    """A message from its first letter on."""
    return re.sub(r"^[^A-Za-z]+", "", text)


def files() -> list[Path]:
    """Returns the package's modules."""
    return sorted(PACKAGE.rglob("*.py"))


def _raised(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yields the text and the name of each error that is made."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            error = _name(node.func)
            if error.endswith(("Error", "error")):
                yield _words(node.args[0]), error


def _written(tree: ast.AST) -> Iterator[str]:
    """Yields the messages that are written for an error elsewhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and " Expected " in _words(node):
            yield _words(node)


def _words(node: ast.expr) -> str:
    return " ".join("".join(_text(node)).split())


def _name(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _text(value)
    elif isinstance(node, ast.BinOp):
        yield from _text(node.left)
        yield from _text(node.right)
    else:
        yield "…"


def _plain(text: str) -> str:
    for mark in "\\`*_<>[]$":
        text = text.replace(mark, f"\\{mark}")
    return text

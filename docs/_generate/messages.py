"""Every error message of the package, found in its source, by its first words."""

from __future__ import annotations

import ast
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
    found = sorted(messages(), key=lambda one: one[0].lstrip("… ").lower())
    lines = [INTRODUCTION.format(count=len(found))]
    letter = ""
    for text, error, module in found:
        first = text.lstrip("… ")[:1].upper()
        if first != letter:
            letter = first
            lines += ["", f"## {letter}", ""]
        lines.append(f"- {_plain(text)} (`{error}`, `{module}`)")
    return {"reference/messages.md": "\n".join(lines) + "\n"}


def messages() -> Iterator[tuple[str, str, str]]:
    """Yields each message with its error and the module that raises it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                error = _name(node.func)
                text = "".join(_text(node.args[0])).strip()
                if error.endswith(("Error", "error")) and len(text.strip("… ")) > 8:
                    yield " ".join(text.split()), error, module


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

"""What a built site has, in numbers: the last lines of the build."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from _generate import course, messages, names


def lines(examples: Path, cache: Path | None) -> list[str]:
    """Returns a line for each thing that is counted.

    Args:
        examples: The folder of the course's scripts.
        cache: The folder of executed notebooks, or None if they were not executed.
    """
    found = [one for own in names.public().values() for one in own.items()]
    bare = [name for name, value in found if not names.summary(name, value)]
    counted = f"{len(found)} public names, {len(bare)} undocumented"
    shown = sum(">>>" in text for text in _docstrings())
    timed = [] if cache is None else [_times(dict(seconds(examples, cache)))]
    return [
        f"{counted}{': ' if bare else ''}{', '.join(bare)}",
        f"{shown} docstrings with examples, run by tests/test_docstring_examples.py",
        f"{len(list(messages.messages()))} error messages",
        *timed,
    ]


def seconds(examples: Path, cache: Path) -> Iterator[tuple[str, float]]:
    """Yields how long each notebook took when it was executed."""
    import nbformat
    from jupyter_cache import get_cache

    executed = get_cache(str(cache))
    for place, text in course.notebooks(examples).items():
        record = executed.match_cache_notebook(nbformat.reads(text, as_version=4))
        yield Path(place).stem, float(record.data["execution_seconds"])


def _times(taken: dict[str, float]) -> str:
    each = ", ".join(f"{name} {time:.0f} s" for name, time in taken.items())
    return f"{len(taken)} notebooks executed, each under its code's hash: {each}"


def _docstrings() -> Iterator[str]:
    for path in messages.files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                yield inspect.cleandoc(ast.get_docstring(node) or "")

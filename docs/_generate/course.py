"""Turns the percent scripts of examples/ into notebooks."""

from __future__ import annotations

from pathlib import Path


def notebooks(folder: Path) -> dict[str, str]:
    """Returns the text of each notebook by its place in the site."""
    import jupytext

    found = {}
    for path in sorted(folder.glob("[0-9]*.py")):
        book = jupytext.read(path, fmt="py:percent")
        book.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        for number, cell in enumerate(book.cells):
            cell["id"] = f"cell-{number}"  # random otherwise: each build a change
        found[f"course/{path.stem}.ipynb"] = jupytext.writes(book, fmt="ipynb")
    return found

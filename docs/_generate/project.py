"""Pages of the repository's own files, with links that lead to the site's pages."""

from __future__ import annotations

import re
from pathlib import Path

PLACES = {
    "CONTRIBUTING.md": "contributing",
    "CHANGELOG.md": "changes",
    "LICENSES.md": "licenses",
    "SECURITY.md": "security",
}


def pages(root: Path) -> dict[str, str]:
    """Returns the text of each page by its place in the site."""
    return {
        f"project/{place}.md": _own((root / name).read_text(encoding="utf-8"))
        for name, place in PLACES.items()
    }


def linked(text: str) -> str:
    """Lets links of a page in docs/ to files of the repository lead to the site."""
    for name, place in PLACES.items():
        text = text.replace(f"](../../{name}", f"](../project/{place}.md")
        text = text.replace(f"](../{name}", f"](project/{place}.md")
    return text


def _own(text: str) -> str:
    for name, place in PLACES.items():
        text = text.replace(f"]({name}", f"]({place}.md")
    text = text.replace("](docs/", "](../")
    # What is in the repository only stays a name.
    inside = r"\((?:tests|weights|examples|deepface_models)/[^)]*\)"
    return re.sub(rf"\[([^]]+)\]{inside}", r"\1", text)

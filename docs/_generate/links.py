"""Follows every internal link of a built site."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if name in ("href", "src") and value:
                self.targets.add(value)


def check(folder: Path) -> tuple[int, list[str]]:
    """Returns how many pages a site has, and a line for each broken internal link."""
    files = sorted(folder.rglob("*.html"))
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in files}
    broken = []
    for path, page in pages.items():
        for target in sorted(page.targets):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            place = (
                (path.parent / unquote(parts.path)).resolve() if parts.path else path
            )
            found = pages.get(place)
            anchor = unquote(parts.fragment)
            if not place.exists() or (found and anchor and anchor not in found.ids):
                broken.append(f"{path.relative_to(folder)}: {target}")
    return len(pages), broken

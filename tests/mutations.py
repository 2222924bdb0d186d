"""What damage and malice make of a file."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

DEEP: Any = 1
for _ in range(200):
    DEEP = [DEEP]
# json.dumps writes NaN and half a surrogate pair, which other readers refuse.
WRONG = [
    *(None, True, False, -1, 0, 1, 3, 10**6, 10**9, 10**30, 0.5, 1e308, float("nan")),
    *("", "a", "../../x", "/etc/passwd", "\x1b[2J\n", "a" * 300, "\ud800", "\u00eb"),
    *([], [1], ["a"], [[]], {}, {"a": 1}, {"a": {"b": []}}, DEEP),
]


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Returns the places of values within a JSON value, of lists the first three."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value[:3]) if isinstance(value, list) else inner
    return [path, *(p for key, v in inner for p in nodes(v, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Returns a JSON value with another one at a place; `...` deletes it."""
    if not path:
        return None if new is ... else new
    value = copy.deepcopy(value)
    place = value
    for key in path[:-1]:
        place = place[key]
    if new is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return value


@st.composite
def json_change(draw: Any, value: Any) -> Any:
    """Draws a JSON value that differs at one place."""
    path = draw(st.sampled_from(nodes(value)))
    return replaced(value, path, draw(st.sampled_from([..., *WRONG])))


@st.composite
def bytes_change(draw: Any, content: bytes) -> bytes:
    """Draws bytes that are cut off, or of which a few are others."""
    place = draw(st.integers(0, len(content) - 1))
    new = draw(st.binary(max_size=8))
    if draw(st.booleans()):
        return content[:place] + new
    return content[:place] + new + content[place + len(new) :]


def to_text(value: Any) -> bytes:
    """Returns a JSON value as bytes, whatever is in it."""
    return json.dumps(value, indent=1).encode()

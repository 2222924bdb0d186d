"""Rows: what became of each clip, as values that JSON, CSV and pandas hold."""

from __future__ import annotations

import builtins
import csv
import io
import os
import socket
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, TypeAlias

from deepface_models.core import errors
from deepface_models.core.checked import first_line
from deepface_models.core.display import one_line

Row: TypeAlias = dict[str, Any]

DONE, NO_FACE, FAILED = "done", "no_face", "failed"
STATUSES = (DONE, NO_FACE, FAILED)
# The columns that each row has, in this order; others follow by kind of work.
COLUMNS = ("source", "output", "status", "error", "seconds", "frames", "sha256")
_LAST = ("worker", "stamp", "settings")
_LONGEST = 2000  # characters of an error


class Item(NamedTuple):
    """A clip to work on.

    Attributes:
        source: Its address.
        output: The address of the result.
        stamp: See `addresses.Source`.
    """

    source: str
    output: str
    stamp: str


class Stop(NamedTuple):
    """Why no clip can be worked on, such as a model that cannot be loaded.

    Attributes:
        kind: Name of the error's class.
        message: What it says.
    """

    kind: str
    message: str


Rows: TypeAlias = Generator[Row | Stop, None, None]


def new_row(item: Item, status: str, error: str = "") -> Row:
    """Returns a row without results."""
    return {
        "source": item.source,
        "output": item.output,
        "status": status,
        "error": one_line(error, _LONGEST),
        "seconds": 0.0,
        "frames": 0,
        "sha256": "",
        "worker": f"{socket.gethostname()}:{os.getpid()}",
        "stamp": item.stamp,
    }


def message_of(error: BaseException) -> str:
    """Returns an error's message; that of a defect begins with its class."""
    expected = isinstance(error, ValueError | OSError | ImportError)
    text = " ".join(str(error).split())
    return text if expected and text else f"{type(error).__name__}: {first_line(error)}"


def stop_of(error: BaseException) -> Stop:
    """Returns an error as values that another process can raise again."""
    known = (one.__name__ for one in type(error).__mro__ if _class(one.__name__))
    return Stop(next(known, "RuntimeError"), message_of(error))


def raise_stop(stop: Stop) -> NoReturn:
    """Raises the error that stopped a worker."""
    raise (_class(stop.kind) or RuntimeError)(stop.message)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns rows as a table; the columns of all of them."""
    extra = dict.fromkeys(name for row in rows for name in row)
    middle = [name for name in extra if name not in (*COLUMNS, *_LAST)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *middle, *_LAST], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Returns how many rows have each status."""
    found = Counter(row["status"] for row in rows)
    return {status: found[status] for status in STATUSES}


def _class(name: str) -> type[Exception] | None:
    for home in (errors, builtins):
        found = getattr(home, name, None)
        if isinstance(found, type) and issubclass(
            found, ValueError | OSError | ImportError | TypeError
        ):
            return found
    return None

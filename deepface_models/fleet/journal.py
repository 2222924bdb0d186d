"""The journal: a line for each clip that ended, from which a fleet goes on."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from deepface_models.core.checked import decode
from deepface_models.core.errors import MediaError
from deepface_models.fleet import transfers
from deepface_models.fleet.addresses import is_remote, joined, names_in
from deepface_models.fleet.rows import Row, as_csv

NAME, TABLE, SETTINGS = "fleet.jsonl", "fleet.csv", "fleet.json"
_PART = re.compile(r"fleet-(\d{6,})\.jsonl")
_EVERY = 10.0  # seconds between two parts at a remote address


class Journal:
    """Keeps the rows of an output folder; a context manager.

    In a plain folder each row is a line that is added to `fleet.jsonl` and flushed to
    the disk. At a remote address nothing can be added to a file: rows are written as
    files of their own, `fleet-000001.jsonl` and so on, every ten seconds. At the end
    all are in `fleet.jsonl`, a line for each source, and in `fleet.csv`.

    Args:
        folder: Address of the output folder.

    Attributes:
        rows: The last row of each source.

    Raises:
        MediaError: `fleet.jsonl` is a link.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.rows: dict[str, Row] = {}
        self._new: list[Row] = []
        self._next, self._due = 1, time.monotonic() + _EVERY
        self._path = joined(folder, NAME)
        if not is_remote(folder) and os.path.islink(self._path):
            raise MediaError(
                f"{self._path} is a link. Expected the journal, to which lines are "
                "added. Delete the link, or choose another folder."
            )

    def read(self) -> None:
        """Reads the rows of earlier runs; a line that was cut off is left out."""
        names = names_in(self.folder)
        parts = sorted(name for name in names if _PART.fullmatch(name))
        for name in [*([NAME] if NAME in names else []), *parts]:
            content = transfers.read_bytes(joined(self.folder, name))
            self.rows |= {row["source"]: row for row in _rows_in(content)}
        self._parts = parts
        self._next = 1 + max((int(name[6:-6]) for name in parts), default=0)

    def add(self, row: Row) -> None:
        """Keeps the row of a clip that has just ended."""
        self.rows[row["source"]] = row
        if not is_remote(self.folder):
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(f"\n{json.dumps(row)}")
                file.flush()
                os.fsync(file.fileno())
            return
        self._new.append(row)
        if time.monotonic() >= self._due:
            self._write_part()

    def finish(self, order: Sequence[str]) -> list[Row]:
        """Writes journal and table anew, and returns the rows of some sources.

        Args:
            order: The sources; the rows of others come after theirs.
        """
        first = [self.rows[source] for source in order if source in self.rows]
        rows = [*first, *(row for s, row in self.rows.items() if s not in set(order))]
        self._write(NAME, "".join(f"{json.dumps(row)}\n" for row in rows))
        self._write(TABLE, as_csv(rows))
        for name in self._parts:
            transfers.remove(joined(self.folder, name))
        self._parts, self._new = [], []
        return first

    def settings(self, values: Mapping[str, Any]) -> None:
        """Writes what the results are made with."""
        text = json.dumps(values, indent=1, ensure_ascii=False)
        self._write(SETTINGS, f"{text}\n")

    def __enter__(self) -> Self:
        self.read()
        return self

    def __exit__(self, *error: object) -> None:
        if self._new:
            self._write_part()

    def _write_part(self) -> None:
        name = f"fleet-{self._next:06d}.jsonl"
        self._write(name, "".join(f"{json.dumps(row)}\n" for row in self._new))
        self._parts.append(name)
        self._next, self._new = self._next + 1, []
        self._due = time.monotonic() + _EVERY

    def _write(self, name: str, text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            transfers.write_text(joined(self.folder, name), text, Path(folder))


def _rows_in(content: bytes) -> list[Row]:
    rows = []
    for line in filter(None, content.split(b"\n")):
        try:
            rows.append(dict(decode(line, "fleet_row")))
        except ValueError:
            continue  # it was being written when the run was killed
    return rows

"""The table of epochs that an interrupted training goes on with."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

from deepface_models.core.files import atomic_path

_EPOCH = "epoch"
_ABSENT = "NA"


class EpochTable(keras.callbacks.Callback):
    """Writes loss and metrics of each epoch to a CSV file, each epoch once.

    As `keras.callbacks.CSVLogger(append=True)`, but rows of epochs that a training
    runs again, because it was killed after its last checkpoint, are replaced. Put it
    before `ResumableCheckpoint`, so that no checkpoint is ahead of the table; what
    later callbacks add to the logs, such as the learning rate, is written too.

    Args:
        path: The CSV file. Epochs count from 0, as Keras counts them. Columns that
            come later are "NA" in the rows before.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self._columns: list[str] = []
        self._start = 0  # of the row of the epoch that runs, in bytes
        self._row: dict[str, Any] = {}
        self._logs: dict[str, Any] = {}
        self._begun = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Reads the columns of an earlier part of the training."""
        self._begun, self._row, self._logs = False, {}, {}
        self._columns = list(dict.fromkeys([_EPOCH, *_header(self.path)]))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Completes the last epoch's row; removes rows of epochs to come."""
        self._complete()
        if not self._begun:
            self._begun = True
            self._rewrite(epoch)
        self._row, self._logs = {}, {}
        self._start = self.path.stat().st_size

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the epoch's row."""
        self._logs = {} if logs is None else logs
        self._write({_EPOCH: epoch, **self._logs})

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Completes the last epoch's row."""
        self._complete()

    def _complete(self) -> None:
        """Writes the last row again if other callbacks have added to it."""
        if self._logs.keys() - self._row.keys():
            self._write({**self._row, **self._logs})

    def _write(self, row: dict[str, Any]) -> None:
        self._row = row
        new = [name for name in row if name not in self._columns]
        if new:
            self._columns += new
            self._rewrite(row[_EPOCH])
            self._start = self.path.stat().st_size
        with open(self.path, "r+b") as file:
            file.seek(self._start)
            file.truncate()
            file.write(self._text([row]).encode())
            file.flush()
            os.fsync(file.fileno())  # before a checkpoint that counts the epoch

    def _rewrite(self, epoch: int) -> None:
        """Writes the file anew with the rows of earlier epochs."""
        earlier = {n: row for n, row in _rows(self.path) if n < epoch}
        with atomic_path(self.path) as temporary:
            text = self._text([earlier[n] for n in sorted(earlier)], header=True)
            temporary.write_bytes(text.encode())

    def _text(self, rows: list[dict[str, Any]], header: bool = False) -> str:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, self._columns, _ABSENT, lineterminator="\n")
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()


def _header(path: Path) -> list[str]:
    """Returns the columns of a table of epochs; none if there is no file yet."""
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    columns = next(csv.reader(io.StringIO(text, newline="")), [])
    if columns and _EPOCH not in columns:
        raise ValueError(
            f"{path} has the columns {', '.join(columns)[:80]!r}. Expected a table of "
            f"epochs with a column {_EPOCH!r}, or no file. Choose another name."
        )
    return columns


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields the whole rows of a table by epoch, without one that was cut off."""
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    whole = text[: text.rfind("\n") + 1]
    for row in csv.DictReader(io.StringIO(whole, newline="")):
        if None not in row and str(row[_EPOCH]).isdecimal():
            yield int(row[_EPOCH]), {k: v for k, v in row.items() if v is not None}

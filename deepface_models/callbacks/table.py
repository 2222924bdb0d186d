"""A CSV log of epochs that a resumed training continues."""

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
    """Writes loss and metrics to a CSV file with one row per epoch.

    It differs from `keras.callbacks.CSVLogger(append=True)` when a resumed training
    repeats epochs after its last checkpoint: their rows are replaced. Pass it before
    `ResumableCheckpoint`, so that the table is complete up to the checkpoint. Values
    that later callbacks add to the logs are written too.

    Args:
        path: The CSV file. Epochs count from 0, as in Keras. Values of columns that
            were added later are "NA".

    Example:
        >>> table = EpochTable("history.csv")
        >>> history = autoencoder.fit(x_train, callbacks=[table], verbose=0)
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self._columns: list[str] = []
        self._start = 0  # offset of the current epoch's row in bytes
        self._row: dict[str, Any] = {}
        self._logs: dict[str, Any] = {}
        self._begun = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Reads the columns of an earlier part of the training."""
        self._begun, self._row, self._logs = False, {}, {}
        self._columns = list(dict.fromkeys([_EPOCH, *_header(self.path)]))

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Completes the last epoch's row; at first, removes rows of later epochs."""
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
    """Yields epoch and values of the complete rows of a table."""
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    whole = text[: text.rfind("\n") + 1]
    for row in csv.DictReader(io.StringIO(whole, newline="")):
        if None not in row and str(row[_EPOCH]).isdecimal():
            yield int(row[_EPOCH]), {k: v for k, v in row.items() if v is not None}

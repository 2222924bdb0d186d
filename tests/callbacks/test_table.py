"""The table of epochs holds each epoch once, in order, whatever was killed."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from deepface_models.callbacks import EpochTable


def play(path: Path, first: int, last: int, add: dict | None = None, end=True, **more):
    """Calls an EpochTable as `fit` does for these epochs; `add` is added later."""
    table = EpochTable(path)
    table.on_train_begin()
    for epoch in range(first, last):
        table.on_epoch_begin(epoch)
        logs = {"loss": epoch / 8 + first, **more}
        table.on_epoch_end(epoch, logs)
        logs.update(add or {})
    if end:
        table.on_train_end()
    return table


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def epochs(path: Path) -> list[int]:
    return [int(row["epoch"]) for row in rows(path)]


def test_epochs_that_run_again_replace_those_before(tmp_path):
    """`history.csv` repeats no epoch after a kill."""
    path = tmp_path / "history.csv"
    play(path, 0, 8, end=False)
    play(path, 5, 9)
    assert epochs(path) == list(range(9))
    assert float(rows(path)[4]["loss"]) == 0.5
    assert float(rows(path)[5]["loss"]) == 5.625
    play(path, 2, 3)  # from an earlier checkpoint
    assert epochs(path) == [0, 1, 2]


def test_it_is_on_disk_after_each_epoch(tmp_path):
    path = tmp_path / "history.csv"
    table = play(path, 0, 2, end=False)
    assert epochs(path) == [0, 1]
    table.on_epoch_begin(2)
    assert epochs(path) == [0, 1]


@pytest.mark.parametrize("cut", [1, 5])
def test_a_torn_row_is_no_row(tmp_path, cut):
    path = tmp_path / "history.csv"
    play(path, 0, 4)
    path.write_bytes(path.read_bytes()[:-cut])
    play(path, 3, 5)
    assert epochs(path) == [0, 1, 2, 3, 4]


def test_what_was_repeated_by_another_logger_is_put_right(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss\n0,1\n1,2\n1,3\n2,4\n1,5\n", encoding="utf-8")
    play(path, 3, 4)
    assert epochs(path) == [0, 1, 2, 3]
    assert rows(path)[1]["loss"] == "5"


def test_logs_added_by_later_callbacks_are_written(tmp_path):
    path = tmp_path / "history.csv"
    play(path, 0, 3, add={"learning_rate": 0.25})
    assert [row["learning_rate"] for row in rows(path)] == ["0.25"] * 3
    play(path, 3, 5, add={"learning_rate": 0.5}, val_loss=1.0)
    assert [row["val_loss"] for row in rows(path)] == ["NA"] * 3 + ["1.0"] * 2
    assert epochs(path) == [0, 1, 2, 3, 4]
    play(path, 5, 6)
    assert rows(path)[5]["val_loss"] == "NA"


def test_a_table_of_something_else_is_refused(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("name,age\nana,3\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"the columns 'name, age'.*another name"):
        play(path, 0, 1)
    assert path.read_text(encoding="utf-8") == "name,age\nana,3\n"


def test_keras_fits_with_it(tmp_path):
    path = tmp_path / "new" / "history.csv"
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x, y = np.ones((4, 2)), np.ones((4, 1))
    for first, last in ((0, 3), (1, 4)):
        model.fit(
            *(x, y),
            epochs=last,
            initial_epoch=first,
            verbose=0,
            callbacks=[EpochTable(path)],
        )
    assert epochs(path) == [0, 1, 2, 3]
    assert os.listdir(path.parent) == ["history.csv"]

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from callback_helpers import images, model, pairs

import deepface_models
from deepface_models import load
from deepface_models.callbacks import BestByMeasure
from deepface_models.core.parts import (
    save_parts,
)


class Script:
    """A measure whose values are written down beforehand; keeps each model's face."""

    def __init__(self, *values):
        self.values, self.faces = list(values), []

    def __call__(self, of):
        self.faces.append(of.predict(images()["ana"][0], identity="ben"))
        return self.values[len(self.faces) - 1]


def fit(folder, values, **kwargs):
    measure = Script(*values)
    best = BestByMeasure(folder, measure, **kwargs)
    made = model()
    history = made.fit(pairs(steps=1), epochs=len(values), verbose=0, callbacks=[best])
    assert set(history.history) == {"loss", "ana_loss", "ben_loss"}
    return best, measure, made


@pytest.mark.backend
@pytest.mark.parametrize(("mode", "winner"), [("min", 1), ("max", 2)])
def test_the_best_epoch_is_kept_and_restored(tmp_path, mode, winner):
    best, measure, made = fit(tmp_path / "b", (3, 1, 4, 2), mode=mode, restore=True)
    face = images()["ana"][0]
    assert best.best_epoch == winner + 1
    assert best.values == {1: 3, 2: 1, 3: 4, 4: 2}
    assert np.array_equal(
        load(tmp_path / "b").predict(face, identity="ben"), measure.faces[winner]
    )
    assert np.array_equal(made.predict(face, identity="ben"), measure.faces[winner])
    config = json.loads((tmp_path / "b" / "config.json").read_text(encoding="utf-8"))
    assert config["metadata"] == {
        "measure": best.best,
        "epoch": winner + 1,
        "mode": mode,
    }


@pytest.mark.by_hand
@pytest.mark.slow
def test_later_training_has_to_beat_the_best(tmp_path):
    fit(tmp_path / "b", (3, 1))
    before = (tmp_path / "b" / "config.json").read_bytes()
    best, _, _ = fit(tmp_path / "b", (2, 1.5))
    assert (best.best, best.best_epoch) == (1, 2)
    assert (tmp_path / "b" / "config.json").read_bytes() == before
    best, _, _ = fit(tmp_path / "b", (2, 0.5))
    assert (best.best, best.best_epoch) == (0.5, 2)


def test_what_is_no_number_never_wins(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        best, _, _ = fit(tmp_path / "b", (float("nan"), 2, float("-inf")))
    assert best.best_epoch == 2
    assert "measured nan" in caplog.text


def test_folders_and_modes_that_do_not_fit(tmp_path):
    with pytest.raises(ValueError, match="mode='least'"):
        BestByMeasure(tmp_path, len, mode="least")
    save_parts(model(), tmp_path / "other")
    with pytest.raises(ValueError, match="not saved with mode"):
        fit(tmp_path / "other", (1,))
    fit(tmp_path / "b", (1,), mode="max")
    with pytest.raises(ValueError, match="not saved with mode"):
        fit(tmp_path / "b", (1,))
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "a.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(deepface_models.ModelFileError):
        fit(tmp_path / "thesis", (1,))

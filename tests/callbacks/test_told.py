"""What a training tells of itself, and how it is ended from outside."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from deepface_models.callbacks._told import HeldOutError, ToldProgress
from deepface_models.core.watching import Watch, watched_by


class Model:
    """Decodes every face to gray, of twice the size."""

    stop_training = False

    def predict(self, faces, identity, source_identity):
        assert identity == source_identity
        return np.full((len(faces), 16, 16, 4), 0.5, "float32")


def test_the_error_of_held_out_faces_is_added_to_the_logs():
    callback = HeldOutError({"a": np.zeros((9, 8, 8, 3), np.uint8)})
    callback.set_model(Model())
    logs = {"loss": 1.0}
    callback.on_epoch_end(0, logs)
    assert logs == {"loss": 1.0, "held_out_error": pytest.approx(0.5)}


@pytest.mark.parametrize(
    ("used", "expected"), [(30.0, (30.0, 60.0)), (1.0, (7, 40))], ids=["time", "steps"]
)
def test_progress_is_told_by_what_ends_first(used, expected):
    told = []
    budget = SimpleNamespace(used=used, minutes=1.0)
    callback = ToldProgress(budget, 40)
    callback.set_model(Model())
    callback.set_params({"steps": 5})
    callback.on_epoch_begin(1)
    with watched_by(Watch(lambda *words: told.append(words), lambda: False)):
        callback.on_train_batch_end(1)
    assert told == [("train", *expected)]
    assert not callback.model.stop_training


def test_a_training_ends_when_asked():
    callback = ToldProgress(None, None)
    callback.set_model(Model())
    with watched_by(Watch(lambda *words: None, lambda: True)):
        callback.on_train_batch_end(0)
    assert callback.model.stop_training

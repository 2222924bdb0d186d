from __future__ import annotations

import keras
import numpy as np
import pytest
from callback_helpers import model, pairs, same

from deepface_models.callbacks import StopOnNonFinite

pytestmark = pytest.mark.backend


class Poisoned(keras.utils.PyDataset):
    """Batches of another dataset, one of them with a target that is no number."""

    def __init__(self, data, value, batch):
        super().__init__(workers=1)
        self.data, self.value, self.batch = data, value, batch

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        x, y = self.data[index]
        if index == self.batch:
            y["ana"] = np.full_like(y["ana"], self.value)
        return x, y


class Copies(keras.callbacks.Callback):
    """The weights after each batch."""

    def on_train_begin(self, logs=None):
        self.weights = []

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append([w.copy() for w in self.model.get_weights()])


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(("every", "back"), [(1, 3), (2, 2)])
def test_returns_to_the_last_good_state(value, every, back):
    made, stop, copies = model(), StopOnNonFinite(every=every), Copies()
    history = made.fit(
        Poisoned(pairs(steps=6), value, batch=3),
        epochs=3,
        verbose=0,
        callbacks=[copies, stop],
    )
    assert history.epoch == [0]
    assert "epoch 1, batch 4" in stop.reason
    assert "Lower the learning rate" in stop.reason
    assert all(map(np.array_equal, made.get_weights(), copies.weights[back - 1]))
    assert int(made.optimizer.iterations) == back


def test_a_first_batch_goes_back_to_the_beginning():
    class Blow(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            kernel = self.model.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.nan, "float32"))

    made = model()
    before = [w.copy() for w in made.get_weights()]
    stop = StopOnNonFinite()
    made.fit(pairs(), epochs=2, verbose=0, callbacks=[stop, Blow()])
    assert stop.reason
    assert all(map(np.array_equal, made.get_weights(), before))


def test_weights_that_blow_up_are_not_taken_for_good():
    class Blow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                kernel = self.model.trainable_variables[0]
                kernel.assign(np.full(kernel.shape, np.inf, "float32"))

    made, stop = model(), StopOnNonFinite(every=1)
    made.fit(pairs(steps=6), epochs=2, verbose=0, callbacks=[Blow(), stop])
    assert "weight" in stop.reason and "batch 3" in stop.reason
    assert all(np.isfinite(w).all() for w in made.get_weights())
    assert int(made.optimizer.iterations) == 2


def test_a_healthy_training_is_left_alone():
    plain, watched, stop = model(), model(), StopOnNonFinite(every=2)
    plain.fit(pairs(), epochs=2, verbose=0)
    watched.fit(pairs(), epochs=2, verbose=0, callbacks=[stop])
    assert stop.reason is None
    assert same(plain, watched)
    with pytest.raises(ValueError, match="every=0"):
        StopOnNonFinite(every=0)

from __future__ import annotations

import keras
import pytest
from callback_helpers import model, pairs, schedule

from deepface_models.callbacks import TimeBudget
from deepface_models.callbacks import budget as module


class Clock(keras.callbacks.Callback):
    """Lets six seconds pass with each batch and notes the learning rate."""

    def __init__(self):
        super().__init__()
        self.now, self.rates = 100.0, []

    def on_train_batch_begin(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))
        self.now += 6.0


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(module, "_CLOCK", lambda: made.now)
    return made


@pytest.mark.backend
@pytest.mark.parametrize("decay", ["cosine", "linear"])
@pytest.mark.slow_on_tensorflow
def test_stops_in_time_and_lowers_the_rate_on_the_way(clock, decay):
    made, budget = model(), TimeBudget(1, decay=decay)
    history = made.fit(pairs(steps=4), epochs=99, verbose=0, callbacks=[clock, budget])
    assert len(clock.rates) == 10 == int(made.optimizer.iterations)
    assert history.epoch == [0, 1, 2]
    assert set(history.history) == {"loss", "ana_loss", "ben_loss"}
    assert clock.rates[0] == pytest.approx(1e-3)
    assert clock.rates == sorted(clock.rates, reverse=True)
    assert clock.rates[5] == pytest.approx(0.51e-3, rel=0.02)
    assert 0.02e-3 <= clock.rates[9] < 0.13e-3
    assert budget.finished and budget.used == 60.0
    assert float(made.optimizer.learning_rate) == pytest.approx(1e-3)


def test_each_training_has_the_whole_budget(clock):
    made, budget = model(), TimeBudget(0.3)
    for _ in range(2):
        made.fit(pairs(steps=9), epochs=9, verbose=0, callbacks=[clock, budget])
        clock.now += 1000.0
    assert len(clock.rates) == 6
    assert clock.rates[3] == pytest.approx(1e-3)


def test_a_schedule_of_ones_own(clock):
    with pytest.raises(ValueError, match="learning-rate schedule was given"):
        model(schedule()).fit(pairs(), verbose=0, callbacks=[TimeBudget(1)])
    made, budget = model(schedule()), TimeBudget(0.3, decay="none")
    made.fit(pairs(steps=9), epochs=9, verbose=0, callbacks=[clock, budget])
    assert len(clock.rates) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"minutes": 0}, "Expected minutes above 0"),
        ({"minutes": 1, "decay": "x"}, "decay='x' was given. Expected one of"),
        ({"minutes": 1, "final": 2}, "Expected minutes above 0"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        TimeBudget(**arguments)

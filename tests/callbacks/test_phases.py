from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
from callback_helpers import model, pairs
from callback_helpers import same as same_swap
from tool_helpers import Rates, fit, net, same

from deepface_models import optimizers
from deepface_models.callbacks import Phase, Phases, ResumableCheckpoint
from deepface_models.data import Augmentation

backend = pytest.mark.backend
OFF = replace(Augmentation.none(), color_match=0.0)


class Weighted(keras.Model):
    """A model of one weight whose loss has a weight of its own."""

    def __init__(self):
        super().__init__()
        self.core = keras.layers.Dense(1)
        self.gan_weight = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="gan_weight"
        )
        self.plain = 1.0

    def call(self, x):
        return self.core(x)

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        return keras.ops.mean(keras.ops.square(y - y_pred)) * self.gan_weight


class Half(Weighted):
    @property
    def half(self):
        return float(self.gan_weight) * 2.0

    @half.setter
    def half(self, value):
        self.gan_weight.assign(value / 2.0)


def weighted(kind=Weighted):
    keras.utils.set_random_seed(1)
    made = kind()
    made.compile(keras.optimizers.SGD(0.01), jit_compile=False)
    return made


class Losses(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))
        self.model.reset_metrics()


@backend
def test_a_variable_of_the_model_changes_at_the_exact_step():
    seen = Losses()
    phases = Phases(
        [Phase(step=8, model={"gan_weight": 0.0}), Phase(4, model={"gan_weight": 1.0})]
    )
    fit(weighted(), phases, seen, epochs=2)
    assert [loss > 0 for loss in seen.losses] == [False] * 4 + [True] * 4 + [False] * 4


def test_a_property_that_can_be_set_will_do():
    made = weighted(Half)
    fit(made, Phases([Phase(2, model={"half": 3.0})]))
    assert float(made.gan_weight) == 1.5


@backend
def test_rate_and_dropout_change_and_the_rest_stays():
    made, seen = net(optimizers.Adam(0.5, lr_dropout=0.0)), Rates()
    phases = Phases(
        [Phase(3, learning_rate=0.25), Phase(7, lr_dropout=0.5, learning_rate=0.125)]
    )
    fit(made, phases, seen, epochs=2)
    assert seen.rates == [0.5] * 3 + [0.25] * 4 + [0.125] * 5
    assert made.optimizer.lr_dropout == 0.5


@backend
def test_what_a_phase_set_is_not_set_again():
    """So that something else may go on from it."""

    class Halve(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.optimizer.learning_rate = 0.0625

    seen = Rates()
    fit(net(), Phases([Phase(0, learning_rate=0.25)]), Halve(), seen)
    assert seen.rates == [0.0625] * 6


@backend
@pytest.mark.slow
def test_resumed_is_uninterrupted(tmp_path):
    def made():
        return net(optimizers.Adam(0.01, lr_dropout=0.0, autoclip=50))

    def phases():
        return Phases(
            [Phase(4, learning_rate=0.02), Phase(9, lr_dropout=0.7, learning_rate=0.1)]
        )

    straight = made()
    fit(straight, phases(), epochs=3)
    for epochs in (1, 2, 3):
        resumed = made()
        fit(resumed, phases(), ResumableCheckpoint(tmp_path), epochs=epochs)
    assert same(straight, resumed)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="one step at a time")
def test_steps_at_once_begin_a_phase_with_the_next_run():
    seen = Rates()
    made = net(steps_per_execution=3)
    phases = Phases([Phase(0, learning_rate=0.5), Phase(4, learning_rate=0.25)])
    fit(made, phases, seen, epochs=2)
    assert seen.rates == [0.5, 0.5, 0.25, 0.25]


def batches(data, epochs):
    found = []
    for _ in range(epochs):
        found += [data[index][0]["ana"] for index in range(len(data))]
        data.on_epoch_end()
    return found


def test_augmentation_follows_from_the_number_of_the_batch():
    plain, off = pairs(), pairs()
    off.augmentation = OFF
    with_warp, without = batches(plain, 3), batches(off, 3)
    phased = batches(Phases([Phase(4, augmentation=OFF)]).data(pairs()), 3)
    for n, batch in enumerate(phased):
        assert np.array_equal(batch, (with_warp if n < 4 else without)[n])
        assert not np.array_equal(with_warp[n], without[n])


@backend
@pytest.mark.slow_on_tensorflow
def test_a_training_switches_the_warp_at_the_exact_step():
    """Three steps an epoch; the same as fitting on two data sets in turn."""
    phases = Phases([Phase(3, augmentation=OFF)])
    phased = model()
    phased.fit(phases.data(pairs()), epochs=2, verbose=0, callbacks=[phases])
    by_hand, data = model(), pairs()
    by_hand.fit(data, epochs=1, verbose=0)
    data = pairs()
    data.augmentation, data.epoch = OFF, 1
    by_hand.fit(data, initial_epoch=1, epochs=2, verbose=0)
    assert same_swap(phased, by_hand)


@pytest.mark.slow
def test_resumed_samples_are_those_of_an_uninterrupted_run(tmp_path):
    def run(epochs, folder):
        phases, made = Phases([Phase(4, augmentation=OFF)]), model()
        data = phases.data(pairs())
        checkpoint = ResumableCheckpoint(folder, data)
        made.fit(data, epochs=epochs, verbose=0, callbacks=[checkpoint, phases])
        return made

    straight = run(3, tmp_path / "straight")
    run(1, tmp_path / "parted")
    assert same_swap(straight, run(3, tmp_path / "parted"))


def test_a_model_that_has_trained_before_is_further_on():
    made = model()
    made.fit(pairs(), epochs=1, verbose=0)  # three steps
    phases = Phases([Phase(4, augmentation=OFF)])
    data = phases.data(pairs())
    made.fit(data, epochs=1, verbose=0, callbacks=[phases])
    data.epoch -= 1
    off, plain = pairs(), pairs()
    off.augmentation = OFF
    off.epoch = plain.epoch = data.epoch
    for n, other in enumerate([plain, off, off]):
        assert np.array_equal(data[n][0]["ana"], other[n][0]["ana"])


def test_wrong_phases_are_refused():
    with pytest.raises(ValueError, match=r"at the steps \[\] were given"):
        Phases([])
    with pytest.raises(ValueError, match=r"\[3, 3\]"):
        Phases([Phase(3), Phase(3)])
    with pytest.raises(ValueError, match=r"\[-1\]"):
        Phases([Phase(-1)])
    with pytest.raises(TypeError, match=r"A list was given\. Expected a data set"):
        Phases([Phase()]).data([])
    bent = Augmentation(landmark_warp=0.5)
    with pytest.raises(ValueError, match=r"landmark_warp=0\.5"):
        Phases([Phase(augmentation=bent)]).data(pairs())


@pytest.mark.parametrize(
    ("phase", "error", "message"),
    [
        (Phase(9, model={"beta": 1.0}), TypeError, "nothing of that name"),
        (Phase(9, model={"plain": 2.0}), TypeError, r"the plain value 1\.0"),
        (Phase(9, lr_dropout=0.5), ValueError, "optimizer SGD, which does not have it"),
        (Phase(9, augmentation=OFF), ValueError, r"model\.fit\(phases\.data"),
    ],
)
def test_impossible_settings_raise_errors_before_the_first_step(phase, error, message):
    with pytest.raises(error, match=message):
        fit(weighted(), Phases([phase]))

from __future__ import annotations

import keras
import numpy as np
import pytest
from tool_helpers import X, Y, fit, net, same

from deepface_models.callbacks import EMAWeights, ResumableCheckpoint, averaged

backend = pytest.mark.backend


def adam(**kwargs):
    return keras.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.8, **kwargs)


def weights(made):
    return [w.copy() for w in made.get_weights()]


def equal(left, right):
    return all(map(np.array_equal, left, right))


class Seen(keras.callbacks.Callback):
    """The weights at the end of each epoch, and after each batch."""

    def __init__(self):
        super().__init__()
        self.epochs, self.batches = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.batches.append(weights(self.model))

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(weights(self.model))


@backend
def test_what_is_shown_is_the_average_and_the_weights_come_back():
    shown, seen, made = Seen(), Seen(), net(adam())
    fit(made, EMAWeights([shown], end="last"), seen, epochs=2)
    average = [w.copy() for w in seen.batches[0]]
    for n, one in enumerate(seen.batches[1:], 2):
        average = [0.8 * a + 0.2 * w for a, w in zip(average, one, strict=True)]
        if n % 6 == 0:
            trained = [i for i, w in enumerate(average) if w.dtype == np.float32]
            for i in trained:
                np.testing.assert_allclose(
                    shown.epochs[n // 6 - 1][i], average[i], atol=1e-5
                )
    assert not equal(shown.epochs[0], seen.epochs[0])
    assert equal(made.get_weights(), seen.batches[-1])
    assert len(shown.batches) == 12


@backend
def test_training_is_the_same_with_and_without():
    plain = net(keras.optimizers.Adam(0.05))
    fit(plain, epochs=2, validation_data=(X, Y))
    watched = net(adam())
    fit(watched, EMAWeights([Seen()], end="last"), epochs=2, validation_data=(X, Y))
    assert equal(plain.get_weights(), watched.get_weights())


@backend
def test_validation_sees_the_average():
    made = net(adam())
    history = fit(made, EMAWeights(end="last"), epochs=1, validation_data=(X, Y))
    said = history.history["val_loss"][0]
    with averaged(made):
        inside = weights(made)
        assert made.evaluate(X, Y, batch_size=4, verbose=0) == pytest.approx(said)
    assert made.evaluate(X, Y, batch_size=4, verbose=0) != pytest.approx(said)
    fit(made, EMAWeights(validate=False, end="last"), epochs=0)
    assert not equal(inside, weights(made))


@backend
def test_the_average_may_remain():
    shown, made = Seen(), net(adam())
    fit(made, EMAWeights([shown]), epochs=2)
    assert equal(made.get_weights(), shown.epochs[-1])
    assert made.optimizer.use_ema


@backend
def test_resumed_is_uninterrupted(tmp_path):
    straight = net(adam())
    fit(straight, EMAWeights(), epochs=3)
    for epochs in (1, 3):
        resumed = net(adam())
        fit(resumed, ResumableCheckpoint(tmp_path), EMAWeights(), epochs=epochs)
    assert same(straight, resumed)


def test_averages_come_back_after_an_error():
    made = net(adam())
    fit(made)
    before = weights(made)
    with pytest.raises(KeyError), averaged(made):
        raise KeyError
    assert equal(before, made.get_weights())


def test_before_the_first_step_the_average_is_the_weights():
    made = net(adam())
    made.optimizer.build(made.trainable_variables)
    before = weights(made)
    with averaged(made):
        assert equal(before, made.get_weights())


def test_inside_a_scaled_loss():
    made = net(keras.optimizers.LossScaleOptimizer(adam(), initial_scale=2.0))
    shown = Seen()
    fit(made, EMAWeights([shown], end="last"))
    assert not equal(shown.epochs[0], made.get_weights())


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (keras.optimizers.SGD(0.1), "SGD without averages was given"),
        (adam(ema_overwrite_frequency=5), "ema_overwrite_frequency=5"),
    ],
)
def test_optimizers_that_do_not_fit(optimizer, message):
    with pytest.raises(ValueError, match=message):
        fit(net(optimizer), EMAWeights())


def test_an_unknown_end_is_refused():
    with pytest.raises(ValueError, match='Use "last" to continue'):
        EMAWeights(end="first")

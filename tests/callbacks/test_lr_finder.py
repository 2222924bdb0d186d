from __future__ import annotations

import keras
import numpy as np
import pytest
from callback_helpers import model, pairs
from callback_helpers import same as same_swap
from tool_helpers import X, Y, fit, net, same

from deepface_models.callbacks import RateTrial, find_learning_rate
from deepface_models.media import read_image

backend = pytest.mark.backend


@backend
def test_training_afterwards_is_the_one_without_a_trial():
    plain = net()
    fit(plain, epochs=2, shuffle=True)
    tried = net()
    find_learning_rate(tried, X, Y, steps=9, batch_size=4)
    assert not tried.stop_training
    fit(tried, epochs=2, shuffle=True)
    assert same(plain, tried)


@backend
def test_in_the_middle_of_a_training_too():
    plain = net()
    fit(plain, epochs=1)
    fit(plain, epochs=1)
    tried = net()
    fit(tried, epochs=1)
    find_learning_rate(tried, X, Y, steps=5, batch_size=4)
    fit(tried, epochs=1)
    assert same(plain, tried)


@pytest.mark.slow
def test_a_face_swap_and_its_data_come_back():
    plain, tried, data = model(), model(), pairs()
    plain.fit(pairs(), epochs=2, verbose=0)
    find_learning_rate(tried, data, steps=7)
    assert data.epoch == 0
    tried.fit(data, epochs=2, verbose=0)
    assert same_swap(plain, tried)


def linear() -> keras.Model:
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    made.compile(keras.optimizers.SGD(0.1), "mse")
    return made


@backend
def test_losses_are_those_of_the_batches_at_growing_rates():
    made = linear()
    trial = find_learning_rate(
        made, X, Y, low=1e-3, high=1e-1, steps=12, batch_size=4, shuffle=False
    )
    np.testing.assert_allclose(trial.rates, np.geomspace(1e-3, 1e-1, 12))
    kernel, bias = (w.astype("float64") for w in made.get_weights())
    for n, (rate, loss) in enumerate(zip(trial.rates, trial.losses, strict=True)):
        x, y = (a[n % 6 * 4 : n % 6 * 4 + 4].astype("float64") for a in (X, Y))
        error = x @ kernel + bias - y
        assert loss == pytest.approx((error**2).mean(), rel=1e-3)
        kernel -= rate * x.T @ error / 2
        bias -= rate * error.mean() * 2


@pytest.mark.slow
@backend
def test_it_stops_where_training_diverges_and_suggests_less():
    trial = find_learning_rate(
        linear(), X, Y, low=1e-5, high=1e3, steps=80, batch_size=24, smooth=0.5
    )
    curvature = 2 * np.linalg.eigvalsh(X.T @ X / len(X)).max()
    assert len(trial.rates) < 80
    assert trial.rates[-1] > 2 / curvature  # beyond which gradient descent diverges
    assert 0.01 / curvature < trial.suggestion < 2 / curvature
    assert trial.losses[-1] > trial.losses.min()


def test_a_loss_that_is_not_finite_ends_it():
    bad = np.where(np.arange(24) < 12, Y.ravel(), np.nan)[:, None]
    trial = find_learning_rate(
        linear(), X, bad.astype("float32"), steps=9, batch_size=4, shuffle=False
    )
    assert len(trial.rates) == len(trial.losses) == len(trial.smoothed) == 3


@pytest.mark.slow
def test_nothing_is_suggested_where_the_loss_only_grows():
    made = linear()
    trial = find_learning_rate(
        made, X, Y, low=1.0, high=9.0, steps=9, batch_size=24, smooth=0.0
    )
    assert trial.suggestion is None
    assert trial.draw().shape[2] == 3


def test_the_plot_shows_the_curve(tmp_path):
    rates = np.geomspace(1e-6, 1.0, 60)
    losses = 1.0 - 1.0 / (1.0 + (1e-3 / rates) ** 2)
    falling = RateTrial(rates, losses, losses, 1e-3)
    falling.save(tmp_path / "rates.png")
    image = read_image(tmp_path / "rates.png")
    line = (np.abs(image.astype(int) - (0, 114, 178)).sum(axis=2) < 60).nonzero()
    left, right = line[0][line[1] < 160].mean(), line[0][line[1] > 300].mean()
    assert right > left + 200  # px further down, as the loss falls
    mark = (np.abs(image.astype(int) - (213, 94, 0)).sum(axis=2) < 30).nonzero()
    assert abs(mark[1].mean() - 56 - 180) < 15  # half way on a logarithmic axis


@pytest.mark.parametrize(
    "wrong", [{"low": 0.0}, {"high": 1e-9}, {"steps": 2}, {"stop": 1.0}, {"smooth": 1}]
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="Expected 0 < low < high"):
        find_learning_rate(linear(), X, Y, **wrong)


def test_optimizers_that_do_not_fit():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 5)
    with pytest.raises(ValueError, match="which find_learning_rate can change"):
        find_learning_rate(net(keras.optimizers.SGD(schedule)), X, Y)
    with pytest.raises(TypeError, match="model with no optimizer"):
        find_learning_rate(keras.Sequential([keras.Input((6,))]), X, Y)
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    with pytest.raises(ValueError, match="without weights was given"):
        find_learning_rate(unbuilt, X, Y)

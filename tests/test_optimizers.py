from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import optimizers
from deepface_models.callbacks import ResumableCheckpoint

backend = pytest.mark.backend
RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 6)).astype("float32")
Y = (X[:, :1] * 2.0 - X[:, 1:2]).astype("float32")


def net(optimizer, seed=3, **compiled) -> keras.Model:
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(40, "relu"), keras.layers.Dense(1)]
    made = keras.Sequential([keras.Input((6,)), *layers])
    made.compile(optimizer, "mse", **compiled)
    return made


def fit(made, x=X, y=Y, epochs=1, callbacks=(), batch_size=16):
    return made.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )


def number(variable) -> float:
    return float(keras.ops.convert_to_numpy(variable))


def changed(made) -> float:
    """The share of weights that one step changes."""
    before = [w.copy() for w in made.get_weights()]
    fit(made, batch_size=len(X))
    moved = [a != b for a, b in zip(before, made.get_weights(), strict=True)]
    return float(np.concatenate([m.ravel() for m in moved]).mean())


def same(a, b) -> bool:
    return all(map(np.array_equal, a.get_weights(), b.get_weights()))


def believe(gradients, rate=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-16):
    """AdaBelief as its paper writes it, in float64."""
    weight, m, s = 1.0, 0.0, 0.0
    for t, g in enumerate(gradients, 1):
        m = beta_1 * m + (1 - beta_1) * g
        s = beta_2 * s + (1 - beta_2) * (g - m) ** 2 + epsilon
        m_hat, s_hat = m / (1 - beta_1**t), s / (1 - beta_2**t)
        weight -= rate * m_hat / (np.sqrt(s_hat) + epsilon)
    return weight


@backend
def test_adabelief_is_the_papers():
    gradients = [0.5, -0.2, 1.5, 0.7]
    weight = keras.Variable(1.0)
    optimizer = optimizers.AdaBelief(0.1)
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
    np.testing.assert_allclose(number(weight), believe(gradients), rtol=1e-4)


@backend
@pytest.mark.parametrize("name", ["AdaBelief", "Adam"])
@pytest.mark.slow_on_tensorflow
def test_the_right_share_of_updates_is_dropped(name):
    kind = getattr(optimizers, name)
    whole = changed(net(kind(0.01)))
    assert whole > 0.8  # a unit that never fires has no gradient
    share = changed(net(kind(0.01, lr_dropout=0.7, seed=5))) / whole
    assert abs(share - 0.3) < 0.08  # 321 weights
    assert changed(net(kind(0.01, lr_dropout=0.0))) == whole


@backend
def test_other_weights_are_dropped_each_step_and_the_kept_move_as_without():
    plain = net(keras.optimizers.SGD(0.1))
    seen = []
    for seed in (1, 2):
        dropped = net(optimizers.SGD(0.1, lr_dropout=0.5, seed=seed))
        before = dropped.get_weights()[0].copy()
        fit(dropped, batch_size=len(X))
        seen.append(dropped.get_weights()[0] != before)
    fit(plain, batch_size=len(X))
    kept = seen[-1]
    np.testing.assert_allclose(
        dropped.get_weights()[0][kept], plain.get_weights()[0][kept], atol=1e-6
    )
    first = seen[-1].copy()
    before = dropped.get_weights()[0].copy()
    fit(dropped, batch_size=len(X))
    assert ((dropped.get_weights()[0] != before) != first).any()
    assert (seen[0] != seen[1]).any()


@backend
def test_dropout_may_be_turned_on_in_the_compiled_step():
    made = net(optimizers.Adam(0.01, lr_dropout=0.0))
    whole = changed(made)
    made.optimizer.lr_dropout = 0.9
    assert changed(made) < 0.3 * whole
    assert made.optimizer.lr_dropout == pytest.approx(0.9)


@backend
def test_passive_extras_train_as_keras_does():
    plain = net(keras.optimizers.RMSprop(0.01))
    passive = net(optimizers.RMSprop(0.01, autoclip=100))
    for made in (plain, passive):
        fit(made, epochs=2)
    for a, b in zip(plain.get_weights(), passive.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-7)


class Norms(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.norms, self.limits = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.norms.append(self.model.optimizer.gradient_norm)
        self.limits.append(self.model.optimizer.clip_norm)


@backend
def test_autoclip_clips_at_the_percentile_of_the_history():
    made, norms = net(optimizers.SGD(0.001, autoclip=30, history=5)), Norms()
    fit(made, epochs=2, callbacks=[norms])
    expected = [
        np.percentile(norms.norms[max(0, n - 5) : n], 30)
        for n in range(1, len(norms.norms) + 1)
    ]
    np.testing.assert_allclose(norms.limits, expected, rtol=1e-4)


@backend
def test_autoclip_tames_a_gradient_that_explodes():
    y = Y.copy()
    y[48:] *= 1e4  # the fourth batch
    moves = {}
    for name, extra in (("plain", {}), ("clipped", {"autoclip": 50})):
        made = net(optimizers.SGD(1e-3, **extra))
        fit(made, X[:48], y[:48])
        before = np.concatenate([w.ravel() for w in made.get_weights()])
        fit(made, X[48:], y[48:])
        after = np.concatenate([w.ravel() for w in made.get_weights()])
        moves[name] = np.linalg.norm(after - before)
    # The step is the rate times the norm it was clipped to, which is of the history.
    optimizer = made.optimizer
    assert optimizer.gradient_norm > 100 * optimizer.clip_norm
    assert moves["clipped"] == pytest.approx(1e-3 * optimizer.clip_norm, rel=1e-2)
    assert moves["plain"] > 100 * moves["clipped"]


@backend
def test_a_gradient_that_is_not_finite_stays_visible_and_is_not_noted():
    made = net(optimizers.SGD(1e-3, autoclip=50))
    fit(made, X[:16], Y[:16])
    noted = keras.ops.convert_to_numpy(made.optimizer._norms).copy()
    fit(made, X[:16], np.full_like(Y[:16], np.inf))
    assert not all(np.isfinite(w).all() for w in made.get_weights())
    assert int(made.optimizer._count) == 1
    np.testing.assert_array_equal(noted, made.optimizer._norms)


@backend
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("jit", marks=pytest.mark.slow),
        *("execution", "accumulated", "scaled"),
    ],
)
def test_it_runs_as_keras_lets_optimizers_run(kind):
    more = {"gradient_accumulation_steps": 2} if kind == "accumulated" else {}
    optimizer = optimizers.AdaBelief(0.01, lr_dropout=0.5, autoclip=50, **more)
    compiled = {}
    if kind == "scaled":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=8.0)
    if kind == "jit" and keras.backend.backend() != "torch":
        compiled["jit_compile"] = True
    if kind == "execution" and keras.backend.backend() != "torch":
        compiled["steps_per_execution"] = 2
    made = net(optimizer, **compiled)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    losses = fit(made, epochs=10).history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    assert int(inner._count) == (20 if kind == "accumulated" else 40)
    assert inner.gradient_norm > 0


@backend
@pytest.mark.slow_on_tensorflow
def test_resumed_is_uninterrupted(tmp_path):
    def made():
        return net(optimizers.AdaBelief(0.01, lr_dropout=0.7, autoclip=10))

    straight = made()
    fit(straight, epochs=4)
    fit(made(), epochs=2, callbacks=[ResumableCheckpoint(tmp_path)])
    resumed = made()
    fit(resumed, epochs=4, callbacks=[ResumableCheckpoint(tmp_path)])
    assert same(straight, resumed)


@pytest.mark.slow
def test_saved_and_loaded_goes_on(tmp_path):
    made = net(optimizers.AdamW(0.01, lr_dropout=0.5, autoclip=20, history=7, seed=4))
    fit(made)
    made.save(tmp_path / "net.keras")
    loaded = keras.models.load_model(tmp_path / "net.keras")
    for one in (made, loaded):
        fit(one)
    assert same(made, loaded)
    config = loaded.optimizer.get_config()
    assert [config[n] for n in ("lr_dropout", "autoclip", "history", "seed")] == [
        *(0.5, 20, 7, 4)
    ]
    assert optimizers.AdaBelief.from_config(
        optimizers.AdaBelief(beta_1=0.5).get_config()
    ).beta_1 == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lr_dropout": 1.0}, "from 0 to below 1"),
        ({"lr_dropout": -0.1}, "lr_dropout=-0.1 was given"),
        ({"autoclip": 101}, "percentile from 0 to 100"),
        ({"history": 0, "autoclip": 10}, "history=0 was given.*1 or more"),
        ({"autoclip": 10, "clipnorm": 1.0}, "Leave clipnorm out"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        optimizers.Adam(1e-3, **arguments)


def test_dropout_cannot_be_turned_on_where_no_masks_are_sampled():
    plain = optimizers.Adam()
    assert plain.lr_dropout is plain.clip_norm is plain.gradient_norm is None
    with pytest.raises(ValueError, match=r"Make it with lr_dropout=0\.0"):
        plain.lr_dropout = 0.5
    with pytest.raises(ValueError, match="below 1"):
        optimizers.Adam(lr_dropout=0.0).lr_dropout = 2.0


@pytest.mark.parametrize("extra", [{"autoclip": 10.0}, {"lr_dropout": 0.3}])
def test_extras_need_all_gradients(extra, monkeypatch):
    from deepface_models.optimizers import _extras

    monkeypatch.setattr(_extras, "replicas", lambda: 2)
    optimizer = optimizers.Adam(1e-3, **extra)
    with pytest.raises(ValueError, match=r"for 2 devices.*KERAS_BACKEND=jax"):
        optimizer.build([keras.Variable(np.zeros(2))])
    optimizers.Adam(1e-3).build([keras.Variable(np.zeros(2))])

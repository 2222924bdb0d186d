from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import optimizers
from deepface_models.callbacks import (
    FreezeParts,
    ResumableCheckpoint,
    TimeBudget,
    budget,
)
from deepface_models.models.autoencoders import DenseAutoencoder
from deepface_models.optimizers import with_lr_multipliers

backend = pytest.mark.backend
FACES = np.random.default_rng(0).random((16, 4, 4, 1)).astype("float32")
KINDS = ("Adam", "AdamW", "RMSprop", "SGD")


def small(optimizer=None, lr_multipliers=None, **compiled) -> DenseAutoencoder:
    keras.utils.set_random_seed(3)
    model = DenseAutoencoder((4, 4, 1), latent_size=3)
    optimizer = optimizer or keras.optimizers.Adam(0.01)
    if lr_multipliers is not None:
        optimizer = with_lr_multipliers(optimizer, model, lr_multipliers)
    model.compile(optimizer, **compiled)
    return model


def fit(model, *callbacks, epochs=1, batch_size=4):
    """Four batches an epoch."""
    options = {"epochs": epochs, "batch_size": batch_size, "shuffle": False}
    return model.fit(FACES, FACES, verbose=0, callbacks=list(callbacks), **options)


def state(model) -> list[np.ndarray]:
    variables = [*model.variables, *model.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def same(one, other) -> bool:
    pairs = zip(state(one), state(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


class Moved(keras.callbacks.Callback):
    """How far each step moved each part."""

    def on_train_begin(self, logs=None):
        self.before, self.steps = self.now(), []

    def on_train_batch_end(self, batch, logs=None):
        now = self.now()
        pairs = {n: zip(now[n], self.before[n], strict=True) for n in now}
        self.steps.append({n: _largest(pair) for n, pair in pairs.items()})
        self.before = now

    def now(self):
        return {n: part.get_weights() for n, part in self.model.parts.items()}

    def still(self, part) -> list[bool]:
        return [step[part] == 0.0 for step in self.steps]


def _largest(pairs) -> float:
    return max(float(np.abs(a - b).max()) for a, b in pairs)


@backend
@pytest.mark.parametrize("name", KINDS)
def test_a_part_has_its_own_rate(name):
    kind = getattr(keras.optimizers, name)
    plain, rated = Moved(), Moved()
    fit(small(kind(1e-3)), plain, batch_size=16)
    model = small(kind(1e-3), {"encoder": 0.25})
    fit(model, rated, batch_size=16)
    assert type(model.optimizer) is getattr(optimizers, name)
    expected = {"encoder": 0.25, "decoder": 1.0}
    for part, rate in expected.items():
        step = rated.steps[0][part] / plain.steps[0][part]
        assert step == pytest.approx(rate, rel=0.01), part


@backend
def test_rates_of_one_train_as_without():
    plain, rated = small(), small(lr_multipliers={"encoder": 1.0})
    for model in (plain, rated):
        fit(model, epochs=2)
    for a, b in zip(plain.get_weights(), rated.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@backend
@pytest.mark.parametrize("kind", ["plain", "jit", "scaled", "accumulated", "belief"])
def test_parts_wait_for_their_share(kind):
    optimizer, compiled = keras.optimizers.Adam(0.01), {}
    if kind == "jit":
        compiled = {"jit_compile": keras.backend.backend() != "torch"}
    if kind == "accumulated":
        optimizer = keras.optimizers.Adam(0.01, gradient_accumulation_steps=2)
    if kind == "belief":
        optimizer = optimizers.AdaBelief(0.01, lr_dropout=0.5)
    model, moved = (
        small(optimizer, {"encoder": 0.5, "decoder": 1.0}, **compiled),
        Moved(),
    )
    if kind == "scaled":
        inner = model.optimizer
        model.compile(keras.optimizers.LossScaleOptimizer(inner, initial_scale=8.0))
    updates = 4 if kind == "accumulated" else 8
    fit(model, FreezeParts({"encoder": 0.5}, updates), moved, epochs=2)
    late = moved.still("encoder")[4:]
    assert moved.still("encoder")[:4] == [True] * 4
    assert late == ([True, False] * 2 if kind == "accumulated" else [False] * 4)
    assert moved.still("decoder") == (
        [True, False] * 4 if kind == "accumulated" else [False] * 8
    )


@backend
@pytest.mark.slow_on_tensorflow
def test_resumed_is_uninterrupted(tmp_path):
    def made():
        return small(lr_multipliers={"encoder": 0.5, "decoder": 1.0})

    shares = {"encoder": 0.625, "decoder": 0.125}
    straight = made()
    fit(straight, FreezeParts(shares, 16), epochs=4)
    for epochs in (1, 3, 4):
        resumed = made()
        checkpoint = ResumableCheckpoint(tmp_path)
        fit(resumed, checkpoint, FreezeParts(shares, 16), epochs=epochs)
        held = ("encoder",) if epochs == 1 else ()
        assert resumed.optimizer.held == held
    assert same(straight, resumed)


def test_by_the_clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(budget, "_CLOCK", lambda: now[0])

    class Tick(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            now[0] += 6.0

    model, moved, clock = (
        small(lr_multipliers={"encoder": 1.0}),
        Moved(),
        TimeBudget(1.0),
    )
    frozen = FreezeParts({"encoder": 0.25}, budget=clock)
    fit(model, Tick(), clock, frozen, moved, epochs=9)
    assert moved.still("encoder") == [True] * 3 + [False] * 7
    now[0] = 0.0
    both = FreezeParts({"encoder": 0.25}, steps=4, budget=clock)
    fit(small(lr_multipliers={"encoder": 1.0}), Tick(), clock, both, moved, epochs=9)
    assert moved.still("encoder") == [True] + [False] * 9


def test_rates_are_saved_with_the_optimizer():
    rated = with_lr_multipliers(
        keras.optimizers.Adam(0.01, beta_2=0.9), small(), {"encoder": 0.5}
    )
    rated.hold("encoder")
    again = optimizers.Adam.from_config(rated.get_config())
    assert (dict(again.lr_multipliers), again.held) == ({"encoder": 0.5}, ())
    assert again.beta_2 == pytest.approx(0.9)
    assert optimizers.Adam(0.1).held == ()


def test_wrong_arguments_are_refused():
    model = small()
    with pytest.raises(ValueError, match=r"part='encode' was given.*mean 'encoder'"):
        with_lr_multipliers(keras.optimizers.Adam(), model, {"encode": 0.5})
    with pytest.raises(
        ValueError, match=r"Expected numbers above 0.*freeze\('encoder'"
    ):
        with_lr_multipliers(keras.optimizers.Adam(), model, {"encoder": -1.0})
    with pytest.raises(
        ValueError, match=r"optimizer Lion was given.*one of AdaBelief, Adam"
    ):
        with_lr_multipliers(keras.optimizers.Lion(), model, {"encoder": 0.5})
    with pytest.raises(
        ValueError, match=r"'shared_decoder' was given to freeze.*'encoder'"
    ):
        with_lr_multipliers(keras.optimizers.Adam(), model, {"encoder": 0.5}).hold(
            "shared_decoder"
        )
    with pytest.raises(ValueError, match="fractions of the training, from 0 to 1"):
        FreezeParts({"encoder": 1.1}, 5)
    with pytest.raises(ValueError, match="Expected the length of the training"):
        FreezeParts({"encoder": 0.5})
    with pytest.raises(
        ValueError, match="without learning-rate multipliers for 'encoder'"
    ):
        fit(model, FreezeParts({"encoder": 0.5}, 4))
    with pytest.raises(ValueError, match="multipliers for 'decoder'"):
        fit(small(lr_multipliers={"encoder": 1.0}), FreezeParts({"decoder": 0.5}, 4))

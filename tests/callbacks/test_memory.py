from __future__ import annotations

import keras
import numpy as np
import pytest
from callback_helpers import SIZE, model, pairs
from tool_helpers import X, Y, fit, net

from deepface_models.callbacks import MemoryCheck, estimate_memory, plan_memory
from deepface_models.callbacks._memory import (
    activation_bytes,
    available_memory,
    backward_factor,
)

backend = pytest.mark.backend


def small(optimizer=None) -> keras.Model:
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(image)
    x = keras.layers.Dense(5, name="dense")(keras.layers.Flatten()(x))
    inner_input = keras.Input((5,))
    inner = keras.Model(inner_input, keras.layers.Dense(7)(inner_input))
    made = keras.Model(image, [inner(x), inner(x)])  # one model, called twice
    made.compile(optimizer or keras.optimizers.Adam(), ["mse", "mse"])
    return made


WEIGHTS = 3 * 3 * 3 * 4 + 4 + 256 * 5 + 5 + 5 * 7 + 7


@backend
def test_every_part_is_counted():
    made = small()
    outputs = 8 * 8 * 4 + 5 + 2 * 7
    assert activation_bytes(made) == 4 * outputs
    estimate = estimate_memory(made, 10)
    assert estimate.weights == estimate.gradients == 4 * WEIGHTS
    assert estimate.optimizer == 8 * WEIGHTS
    assert estimate.activations == round(40 * outputs * backward_factor())
    assert estimate.batches == 2 * 10 * 4 * (8 * 8 * 3 + 7 + 7)
    parts = ("weights", "gradients", "optimizer", "activations", "batches")
    assert estimate.total == sum(getattr(estimate, name) for name in parts)
    assert not made.optimizer.built  # nor is anything else there that was not
    assert estimate.needed == estimate.total - 4 * WEIGHTS


@backend
def test_optimizers_have_what_they_have():
    slots = {
        keras.optimizers.SGD(): 0,
        keras.optimizers.SGD(momentum=0.9): 1,
        keras.optimizers.Adam(use_ema=True): 3,
        keras.optimizers.Adam(gradient_accumulation_steps=2): 3,
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()): 2,
    }
    for optimizer, count in slots.items():
        assert estimate_memory(small(optimizer), 1).optimizer == count * 4 * WEIGHTS
    trained = net()
    fit(trained)
    estimate = estimate_memory(trained, 4, (X, Y))
    assert estimate.present == estimate.weights + estimate.optimizer


def test_a_face_swap_runs_its_encoder_for_everybody_and_has_batches_waiting():
    made, data = model(), pairs()
    conv = (SIZE // 4) ** 2 * 8
    draws = (SIZE // 4) ** 2 * 64 + 2 * SIZE * SIZE * 4
    one = conv + 16 + conv + draws  # Conv2D, Dense; Dense, Conv2D and two images
    assert activation_bytes(made) == 4 * 2 * one
    data.workers, data.max_queue_size = 3, 5
    waiting = 2 + 3 + 5
    assert estimate_memory(made, 4, data).batches == (
        waiting * 4 * 4 * 2 * SIZE * SIZE * (3 + 5)
    )


def test_models_without_fixed_shapes_need_examples():
    steps = keras.Input((None, 4))
    made = keras.Model(steps, keras.layers.Dense(3)(steps))
    made.compile("sgd", "mse")
    with pytest.raises(ValueError, match="Pass examples"):
        estimate_memory(made, 2)
    x = np.zeros((5, 7, 4), "float32")
    assert activation_bytes(made, x) == 4 * 7 * 3
    assert estimate_memory(made, 2, x).batches == 2 * 2 * 2 * 4 * 7 * 4


def space_for(made, batch, data=None) -> int:
    return round(estimate_memory(made, batch, data).needed / 0.75) + 10


@backend
def test_the_batch_is_halved_until_it_fits(caplog):
    made = small()
    assert plan_memory(made, None, 16, space_for(made, 16)).accumulation == 1
    assert not caplog.records
    plan = plan_memory(made, None, 16, space_for(made, 16) - 100)
    assert (plan.batch_size, plan.accumulation) == (8, 2)
    assert "A batch of 16 does not fit" in caplog.text
    assert plan_memory(made, None, 16, space_for(made, 3)).batch_size == 2
    assert plan_memory(made, None, 15, space_for(made, 14)).batch_size == 5
    with pytest.raises(MemoryError, match="a batch of 1 were given, which need"):
        plan_memory(made, None, 16, space_for(made, 1) - 100)


def linear(rate=0.1) -> keras.Model:
    keras.utils.set_random_seed(1)
    made = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    made.compile(keras.optimizers.Adam(rate), "mse")
    return made


@backend
def test_accumulated_batches_train_as_one_large_batch():
    whole, parted = linear(), linear()
    fit(whole, epochs=3, batch_size=8)
    plan = plan_memory(parted, X, 8, space_for(parted, 2, X))
    assert (plan.batch_size, plan.accumulation) == (2, 4)
    plan.apply(parted)
    fit(parted, epochs=3, batch_size=plan.batch_size)
    assert int(parted.optimizer.iterations) == int(whole.optimizer.iterations) == 9
    for a, b in zip(whole.get_weights(), parted.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.slow
def test_a_face_swap_trains_on_the_smaller_batches():
    made, data = model(), pairs()
    made.compile(keras.optimizers.SGD(0.1), made.loss)
    plan = plan_memory(made, data, available=space_for(made, 2, data))
    plan.apply(made)
    smaller = plan.data(data)
    assert (smaller.batch_size, len(smaller), len(data)) == (2, 6, 3)
    assert smaller[5][0]["ana"].shape[0] == 2 and data[0][0]["ana"].shape[0] == 4
    made.fit(smaller, epochs=1, verbose=0, callbacks=[MemoryCheck(smaller)])
    assert int(made.optimizer.iterations) == 3


@backend
def test_a_training_that_will_not_fit_does_not_begin():
    made, check = small(), MemoryCheck(None, 64, available=10**5)
    x = np.zeros((64, 8, 8, 3), "float32")
    y = [np.zeros((64, 7), "float32")] * 2
    with pytest.raises(MemoryError, match=r"batch of 64 .* Use plan_memory\(\)"):
        made.fit(x, y, batch_size=64, verbose=0, callbacks=[check])
    assert int(made.optimizer.iterations) == 0
    fine = MemoryCheck(None, 64, available=10**9)
    made.fit(x, y, batch_size=64, verbose=0, callbacks=[fine])
    assert "activations 0." in str(fine.estimate)


def test_optimizers_that_do_not_fit():
    made = linear()
    fit(made)
    plan = plan_memory(made, X, 8, space_for(made, 2, X))
    with pytest.raises(ValueError, match="Adam was given, which has been used"):
        plan.apply(made)
    scheduled = linear(keras.optimizers.schedules.CosineDecay(0.1, 9))
    with pytest.raises(ValueError, match="counts updates and not batches"):
        plan.apply(scheduled)
    with pytest.raises(ValueError, match="batch_size=None was given"):
        plan_memory(made, X)


def test_available_memory_is_read_and_limited(tmp_path, monkeypatch):
    from deepface_models.callbacks import _memory as module

    free = available_memory()
    assert free is None or 10**7 < free < 10**14
    for name, value in (("max", "5000"), ("used", "1200")):
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
    limits = ((str(tmp_path / "max"), str(tmp_path / "used")),)
    monkeypatch.setattr(module, "_LIMITS", limits)
    assert available_memory() == 3800
    (tmp_path / "max").write_text("max\n", encoding="utf-8")
    assert available_memory() == module._free()
    monkeypatch.setattr(module, "_free", lambda: None)
    assert available_memory() is None
    with pytest.raises(ValueError, match=r"Use available=8 \* 10\*\*9"):
        plan_memory(small(), None, 4)

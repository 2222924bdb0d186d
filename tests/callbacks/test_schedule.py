from __future__ import annotations

import keras
import numpy as np
import pytest
from keras.optimizers.schedules import CosineDecay
from tool_helpers import Rates, fit, net, same

from deepface_models.callbacks import (
    CosineWave,
    ResumableCheckpoint,
    StepSchedule,
    Warmup,
)

backend = pytest.mark.backend


def said(schedule, steps) -> list[float]:
    return [float(keras.ops.convert_to_numpy(schedule(n))) for n in range(steps)]


@backend
def test_each_step_takes_the_rate_of_its_number():
    seen, schedule = Rates(), Warmup(CosineDecay(0.02, 6), 4)
    history = fit(net(), StepSchedule(schedule), seen, epochs=2)
    np.testing.assert_allclose(seen.rates, said(schedule, 12), rtol=1e-6)
    assert history.history["learning_rate"] == pytest.approx(
        [seen.rates[5], seen.rates[11]]
    )


@backend
def test_it_trains_as_the_same_schedule_in_the_optimizer():
    wave = CosineWave(0.02, 5, 0.001)
    inside = net(keras.optimizers.SGD(wave))
    fit(inside, epochs=2)
    outside = net(keras.optimizers.SGD(1.0))
    fit(outside, StepSchedule(wave), epochs=2)
    for a, b in zip(inside.get_weights(), outside.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@backend
def test_resumed_is_uninterrupted(tmp_path):
    straight, seen = net(), Rates()
    fit(straight, StepSchedule(CosineDecay(0.02, 18)), epochs=3)
    for epochs in (1, 3):
        checkpoint = ResumableCheckpoint(tmp_path)
        resumed = net()
        schedule = StepSchedule(CosineDecay(0.02, 18))
        fit(resumed, schedule, checkpoint, seen, epochs=epochs)
    assert same(straight, resumed)
    assert seen.rates == sorted(seen.rates, reverse=True) and len(seen.rates) == 18


@backend
@pytest.mark.slow_on_tensorflow
def test_steps_are_updates_where_gradients_accumulate():
    optimizer = keras.optimizers.Adam(1.0, gradient_accumulation_steps=4)
    seen = Rates()
    fit(net(optimizer), StepSchedule(lambda step: step * 0.5), seen, epochs=2)
    assert seen.rates == [0.0] * 4 + [0.5] * 4 + [1.0] * 4  # six batches an epoch


@backend
@pytest.mark.skipif(keras.backend.backend() == "torch", reason="one step at a time")
def test_several_steps_at_once_have_the_rate_of_the_first():
    seen = Rates()
    made = net(steps_per_execution=3)
    fit(made, StepSchedule(lambda step: 0.25 * step), seen, epochs=2)
    assert seen.rates == [0.0, 0.75, 1.5, 2.25]


def test_scaled_losses_pass_the_rate_on():
    inner = keras.optimizers.SGD(1.0)
    made = net(keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0))
    fit(made, StepSchedule(lambda step: 0.125))
    assert float(inner.learning_rate) == 0.125


def test_warm_up_and_wave_in_numbers():
    assert said(Warmup(0.8, 4, 0.4), 7) == pytest.approx(
        [0.4, 0.5, 0.6, 0.7, 0.8, 0.8, 0.8]
    )
    wave = CosineWave(1.0, 4, 0.5)
    assert said(wave, 6) == pytest.approx([1.0, 0.75, 0.5, 0.75, 1.0, 0.75])
    assert float(wave(4 * 10**8 + 2)) == pytest.approx(0.5)


def test_saved_with_the_optimizer():
    schedule = Warmup(CosineWave(0.5, 7, 0.1), 3, 0.2)
    config = keras.optimizers.SGD(schedule).get_config()
    again = keras.optimizers.SGD.from_config(config)._learning_rate
    assert said(again, 12) == said(schedule, 12)
    plain = Warmup(0.5, 3)
    assert said(Warmup.from_config(plain.get_config()), 5) == said(plain, 5)


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match=r"schedule=0\.1 was given"):
        StepSchedule(0.1)
    with pytest.raises(ValueError, match="steps=0"):
        Warmup(0.1, 0)
    with pytest.raises(ValueError, match="2 steps or more"):
        CosineWave(0.1, 1)
    with pytest.raises(ValueError, match="0 <= low <= rate"):
        CosineWave(0.1, 5, 0.2)
    with pytest.raises(ValueError, match="returned nan at step 2"):
        fit(net(), StepSchedule(lambda step: float("nan") if step == 2 else 0.1))


def test_optimizers_that_do_not_fit():
    made = net(keras.optimizers.SGD(CosineDecay(0.1, 5)))
    with pytest.raises(ValueError, match="which StepSchedule can change"):
        fit(made, StepSchedule(lambda step: 0.1))

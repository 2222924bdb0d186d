from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.callbacks.warmup import KLWarmup
from deepface_models.models.autoencoders.dense import DenseAutoencoder
from deepface_models.models.autoencoders.variational import VariationalAutoencoder

X = np.random.default_rng(0).random((12, 6), dtype="float32")


def model(graph: bool = False) -> VariationalAutoencoder:
    keras.utils.set_random_seed(0)
    made = VariationalAutoencoder(6, 2, widths=(8,), beta=2.0)
    made.compile(run_eagerly=not graph)
    return made


class Seen(keras.callbacks.Callback):
    """The weight that each step of training took."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []

    def on_train_batch_end(self, batch, logs=None):
        self.values.append(float(self.model.beta))


def fit(of, *callbacks, x=X, epochs=4, **kwargs):
    fitted = of.fit(
        x, batch_size=4, epochs=epochs, verbose=0, callbacks=list(callbacks), **kwargs
    )
    return {name: np.array(values) for name, values in fitted.history.items()}


@pytest.mark.backend
@pytest.mark.slow_on_tensorflow
def test_the_compiled_step_takes_the_weight_of_each_epoch():
    of = model(graph=True)
    logs = fit(of, KLWarmup(epochs=2), validation_data=X)
    assert logs["beta"].tolist() == [0.0, 1.0, 2.0, 2.0]
    for prefix in ("", "val_"):
        terms = [logs[f"{prefix}{n}_loss"] for n in ("reconstruction", "kl")]
        np.testing.assert_allclose(
            logs[f"{prefix}loss"], terms[0] + logs["beta"] * terms[1], rtol=1e-5
        )
    assert (logs["kl_loss"] > 0.01).all()  # or the weight could not show
    assert float(of.beta) == 2.0


@pytest.mark.backend
@pytest.mark.slow_on_tensorflow
def test_weight_grows_each_step():
    seen, of = Seen(), model(graph=True)
    fit(of, KLWarmup(steps=6, start=0.5, end=3.5), seen, epochs=3)
    assert seen.values == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 3.5, 3.5]
    assert float(of.beta) == 3.5
    assert of.get_config()["beta"] == 2.0


@pytest.mark.parametrize("schedule", [{"epochs": 2}, {"steps": 6}])
@pytest.mark.slow
def test_resumed_training_goes_on_where_it_would_have_been(schedule):
    whole, parted = Seen(), Seen()
    fit(model(), KLWarmup(**schedule), whole, epochs=3)
    of = model()
    fit(of, KLWarmup(**schedule), parted, epochs=1)
    again = model()  # what was saved knows no steps
    again.set_weights(of.get_weights())
    fit(again, KLWarmup(**schedule), parted, epochs=3, initial_epoch=1)
    assert parted.values == whole.values
    assert parted.values[-1] == 2.0
    assert float(again.beta) == 2.0


def test_data_of_unknown_length_count_the_optimizers_steps():
    def batches():
        while True:
            yield X[:4], X[:4]

    of, seen = model(), Seen()
    for epochs in (1, 2):
        of.fit(
            batches(),
            shuffle=False,
            initial_epoch=epochs - 1,
            epochs=epochs,
            steps_per_epoch=2,
            verbose=0,
            callbacks=[_Unknown(KLWarmup(steps=4)), seen],
        )
    assert seen.values == [0.0, 0.5, 1.0, 1.5]


class _Unknown(keras.callbacks.CallbackList):
    """Keeps from a callback how many steps an epoch has."""

    def __init__(self, callback) -> None:
        super().__init__([callback], add_history=False)

    def set_params(self, params):
        super().set_params({**params, "steps": None})


def test_weight_falls_too_and_stays_without_a_need_to_change():
    seen = Seen()
    fit(model(), KLWarmup(epochs=2, start=4.0, end=0.0), seen)
    assert seen.values == [4.0] * 3 + [2.0] * 3 + [0.0] * 6


def test_saved_weight_does_not_override_the_schedule():
    """A checkpoint that comes back after the epoch began is no harm."""

    class Back(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.beta.assign(9.0)

    seen = Seen()
    fit(model(), KLWarmup(epochs=2), Back(), seen, epochs=3)
    assert seen.values == [0.0] * 3 + [1.0] * 3 + [2.0] * 3


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({}, "epochs=None and steps=None were given. Expected one"),
        ({"epochs": 1, "steps": 1}, "epochs=1 and steps=1 were given"),
        ({"epochs": 0}, "1 or more"),
        ({"steps": -3}, "1 or more"),
        ({"epochs": 1, "start": -0.1}, "start=-0.1 was given"),
        ({"epochs": 1, "end": float("inf")}, "end=inf was given. Expected a finite"),
    ],
)
def test_wrong_arguments_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        KLWarmup(**kwargs)


def test_model_without_beta():
    plain = DenseAutoencoder(6, 2)
    plain.compile()
    with pytest.raises(TypeError, match="DenseAutoencoder, which has no variable"):
        plain.fit(X, verbose=0, callbacks=[KLWarmup(epochs=1)])

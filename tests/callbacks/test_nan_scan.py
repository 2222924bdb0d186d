from __future__ import annotations

import keras
import numpy as np
import pytest
from callback_helpers import model, pairs
from test_nonfinite import Poisoned
from tool_helpers import X, Y, fit, net, same

from deepface_models.callbacks import StopOnNonFinite, check_finite, scan_non_finite

backend = pytest.mark.backend


def shallow(last=None) -> keras.Model:
    """Two layers, with an operation between that fails for numbers below 0."""
    keras.utils.set_random_seed(0)
    x = first = keras.Input((6,))
    x = keras.layers.Dense(4, name="first")(x)
    x = keras.ops.log(x)
    outer = keras.layers.Dense(1, name="second")(x)
    made = keras.Model(first, outer)
    made.compile("sgd", "mse")
    return made


@backend
def test_all_is_finite_and_nothing_has_changed():
    plain = net()
    fit(plain, epochs=2)
    scanned = net()

    class Scan(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                check_finite(self.model, X[:4], Y[:4])

    history = fit(scanned, Scan(), epochs=2)
    assert same(plain, scanned)
    assert history.history == plain.history.history
    before = net()
    assert scan_non_finite(before, X, Y) == []
    assert int(before.optimizer.iterations) == 0


@backend
def test_the_first_operation_that_fails_is_named():
    found = scan_non_finite(shallow(), X[:4], Y[:4])
    assert found[0].kind == "activation" and "log" in found[0].name
    assert found[0].size == 16 and 0 < found[0].nan < 16
    kinds = list(dict.fromkeys(one.kind for one in found))
    assert kinds == ["activation", "loss", "gradient"]
    assert "second" in next(one for one in found if one.kind == "gradient").name
    with pytest.raises(FloatingPointError, match=r"activation log.*NaN.*4 of kind"):
        check_finite(shallow(), X[:4], Y[:4])


@backend
def test_a_gradient_may_be_the_first():
    class Root(keras.layers.Layer):
        def call(self, x):
            return keras.ops.sqrt(keras.ops.abs(x))  # its slope at 0 is infinite

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(1, name="in", kernel_initializer="zeros"), Root()]
    made = keras.Sequential([keras.Input((6,)), *layers])
    made.compile("sgd", "mse")
    found = scan_non_finite(made, X[:4], Y[:4])
    assert {one.kind for one in found} == {"gradient"}
    assert "in/" in found[0].name


def test_weights_and_inputs_are_named_first():
    made = model()
    kernel = made.decoders["ben"].trainable_variables[0]
    kernel.assign(np.full(kernel.shape, np.inf, "float32"))
    x, y = pairs()[0]
    x["ana"][0, 0, 0, 0] = np.nan
    found = scan_non_finite(made, x, y)
    assert str(found[0]).startswith(f"weight {kernel.path} (0 NaN and")
    assert ("input", "'ana'", 1) == (found[1].kind, found[1].name, found[1].nan)
    names = [one.name for one in found if one.kind == "activation"]
    assert names[0].startswith("encoder/conv2d")
    alone = scan_non_finite(made)
    assert [one.kind for one in alone] == ["weight"]


@backend
@pytest.mark.slow
def test_a_stop_says_where_it_came_from():
    made, stop = model(graph=True), StopOnNonFinite(every=1)
    data = Poisoned(pairs(), np.nan, batch=1)
    stop.data = data
    made.fit(data, epochs=1, verbose=0, callbacks=[stop])
    assert "In that batch, first not finite is the target 'ana' (" in stop.reason


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="one step at a time")
def test_steps_at_once_and_metrics_are_no_hindrance():
    made = net(steps_per_execution=3, metrics=["mae"])
    fit(made)
    before = made.evaluate(X, Y, verbose=0, return_dict=True)
    assert scan_non_finite(made, X[:4], Y[:4]) == []
    assert made.get_metrics_result() == before
    fit(made)


def test_a_model_that_is_not_compiled():
    made = shallow()
    plain = keras.Model(made.input, made.output)
    found = scan_non_finite(plain, X[:4], Y[:4])
    assert {one.kind for one in found} == {"activation"}

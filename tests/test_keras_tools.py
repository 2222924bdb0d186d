"""Keras' own tools work with our models as with its own."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from deepface_models import load
from deepface_models.models.swap import IAE, Swift

SIZE = 64
RNG = np.random.default_rng(0)
FACES = {n: RNG.random((4, SIZE, SIZE, 3)).astype("float32") for n in ("ana", "ben")}
# Images with a mask and weights.
TARGETS = {
    name: np.concatenate([faces, np.ones((4, SIZE, SIZE, 1), "float32")], -1)
    for name, faces in FACES.items()
}


def swift(seed: int = 0, **own: Any) -> Swift:
    keras.utils.set_random_seed(seed)
    sizes = {"latent_size": 8, "basis_size": 3, "examples": 2}
    return Swift(identities=("ana", "ben"), image_size=SIZE, **sizes, **own)


def array(variable: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable)


@pytest.mark.backend
@pytest.mark.usefixtures("eager")
@pytest.mark.slow_on_tensorflow
def test_swap_ema_weights() -> None:
    model = swift()
    average = {"use_ema": True, "ema_momentum": 0.5}
    model.compile(keras.optimizers.Adam(1e-3, **average))
    differ = []

    class Compare(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            averages = model.optimizer._model_variables_moving_average
            pairs = zip(model.trainable_variables, averages, strict=True)
            differ.append([not np.array_equal(*map(array, pair)) for pair in pairs])

    swapping = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    calls = [swapping, Compare()]
    model.fit(FACES, TARGETS, epochs=3, batch_size=4, verbose=0, callbacks=calls)
    # After it, callbacks see the averages, and the optimizer has what was trained; the
    # first step's average is what was trained, and the last one stays in the model.
    assert [any(one) for one in differ] == [False, True, False]
    averages = model.optimizer._model_variables_moving_average
    for one, two in zip(model.trainable_variables, averages, strict=True):
        np.testing.assert_allclose(array(one), array(two), atol=1e-6)
    assert np.isfinite(model.predict(FACES["ana"], identity="ben")).all()
    assert all(np.isfinite(array(average)).all() for average in averages)
    model.fit(FACES, TARGETS, batch_size=4, verbose=0, callbacks=[swapping])


@pytest.mark.usefixtures("eager")
@pytest.mark.slow
def test_backup_and_restore(tmp_path: Path) -> None:
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                raise InterruptedError

    def fit(model: Swift, *more: Any) -> Swift:
        model.compile(keras.optimizers.Adam(1e-3))
        own = {"epochs": 3, "batch_size": 4, "verbose": 0, "shuffle": False}
        model.fit(FACES, TARGETS, callbacks=[*more], **own)
        return model

    whole = fit(swift())
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(InterruptedError):
        fit(swift(), backup, Stop())
    again = fit(swift(seed=1), keras.callbacks.BackupAndRestore(tmp_path / "backup"))
    own = again.decoders["ben"].get_weights(), whole.decoders["ben"].get_weights()
    for one, two in zip(*own, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "torch", reason="needs a compiler")
def test_jit_compile() -> None:
    model = swift(dtype="mixed_float16")
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=True)
    history = model.fit(FACES, TARGETS, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    found = model.predict(FACES["ana"], identity="ben")
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


@pytest.mark.usefixtures("eager")
@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
@pytest.mark.slow
def test_int8_is_saved(tmp_path: Path) -> None:
    model = swift()
    model.adapt(FACES, FACES)
    before = model.predict(FACES["ana"], identity="ben")
    model.quantize("int8")
    found = model.predict(FACES["ana"], identity="ben")
    assert 0 < np.abs(found - before).max() < 0.1
    model.save(tmp_path / "a.keras")
    again = [load(model.save_parts(tmp_path / "a")), load(tmp_path / "a.keras")]
    for one in again:
        assert any(w.dtype == "int8" for w in one.weights)
        np.testing.assert_array_equal(one.predict(FACES["ana"], identity="ben"), found)


def test_a_drawing_of_the_model(tmp_path: Path) -> None:
    pytest.importorskip("pydot")
    drawn = keras.utils.model_to_dot(swift(), show_shapes=True, expand_nested=True)
    text = drawn.to_string()
    assert all(name in text for name in ("ana", "ben", "encoder"))


@pytest.mark.by_hand
@pytest.mark.slow
def test_models_do_not_pile_up() -> None:
    """Building 50 models leaves no more behind than plain ones of Keras do."""

    def plain() -> None:
        image = keras.Input((16, 16, 3))
        keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(image)))

    def ours() -> None:
        IAE(("ana", "ben"), image_size=16, width=0.02)

    def left(build: Any) -> int:
        """Layers, models and variables that 50 builds leave behind."""

        def count() -> int:
            gc.collect()
            kinds = (keras.Layer, keras.Variable)
            return sum(isinstance(one, kinds) for one in gc.get_objects())

        build()
        before = count()
        for _ in range(50):
            build()
        return count() - before

    assert left(ours) <= left(plain)

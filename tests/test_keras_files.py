"""Files, copies and exports that Keras makes of models."""

from __future__ import annotations

import inspect
import warnings

import keras
import numpy as np
import pytest

import deepface_models as dfm
from deepface_models.models.autoencoders import DenseAutoencoder, VariationalAutoencoder
from deepface_models.models.swap import Swift, with_adversary

RNG = np.random.default_rng(0)
ROWS = RNG.random((4, 6), "float32")
FACES = {n: RNG.random((2, 64, 64, 3), "float32") for n in ("ana", "ben")}


def small_swap():
    model = Swift(("ana", "ben"), 64, 8, 2)
    for part in model.parts.values():
        part.set_weights([RNG.normal(0, 0.1, w.shape) for w in part.get_weights()])
    return model


def small_vae():
    return VariationalAutoencoder(image_shape=6, latent_size=2, widths=(5,))


def quantize(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras names each layer that it leaves out
        model.quantize("int8")
    return model


# HDF5


def test_h5_is_refused_with_advice(tmp_path):
    """`model.save("m.h5")` is silent and cannot be loaded."""
    for model in (small_vae(), small_swap()):
        for name in ("m.h5", "m.hdf5", "m.weights.h5"):
            with pytest.raises(ValueError, match=r'Use model.save\("model.keras"\)'):
                model.save(tmp_path / name)
        assert not list(tmp_path.iterdir())
        with pytest.raises(ValueError, match="an HDF5 file was given to save a"):
            keras.saving.save_model(model, tmp_path / "m.h5")
        (tmp_path / "m.h5").unlink(missing_ok=True)


def test_a_checkpoint_to_h5_is_refused_before_training(tmp_path):
    """Also through `ModelCheckpoint`, before an epoch is lost."""
    model = DenseAutoencoder(image_shape=6, latent_size=2)
    model.compile()
    before = model.get_weights()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "m.h5")
    with pytest.raises(ValueError, match=r"m\.h5 was given to save a DenseAuto"):
        model.fit(ROWS, callbacks=[checkpoint], verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
    weights = tmp_path / "m.weights.h5"
    only = keras.callbacks.ModelCheckpoint(weights, save_weights_only=True)
    model.fit(ROWS, callbacks=only, verbose=0)
    assert weights.exists()


# Copies


@pytest.mark.backend
@pytest.mark.parametrize("make", [small_vae, small_swap])
def test_clone_model_keeps_the_class(make):
    """A clone was a plain functional model with another loss."""
    model = make()
    model.compile()
    clone = keras.models.clone_model(model)
    assert type(clone) is type(model)
    assert clone.get_config() == model.get_config()
    assert clone.compiled
    mine, theirs = model.get_weights(), clone.get_weights()
    assert [w.shape for w in mine] == [w.shape for w in theirs]
    assert not {id(w) for w in model.weights} & {id(w) for w in clone.weights}


@pytest.mark.slow
def test_clone_model_of_a_model_in_a_model():
    """The face swap inside is a copy too."""
    model = with_adversary(small_swap(), discriminator_width=2)
    clone = keras.models.clone_model(model)
    assert type(clone) is type(model)
    assert type(clone.model) is Swift and clone.model is not model.model


def test_clone_model_with_other_layers_is_refused():
    """A message names what a clone cannot hold."""
    with pytest.raises(ValueError, match="clone_function that changes the layer"):
        keras.models.clone_model(
            small_vae(), clone_function=lambda layer: keras.layers.Identity()
        )


def test_signatures_are_those_of_the_constructors():
    assert list(inspect.signature(Swift).parameters)[:2] == ["identities", "image_size"]
    assert "latent_size" in inspect.signature(VariationalAutoencoder).parameters
    assert not hasattr(small_vae(), "__signature__")


# Quantized models


@pytest.mark.by_hand
@pytest.mark.backend
@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_quantized_model_loads_again(tmp_path):
    """`model.quantize("int8")` could be saved and never loaded."""
    model = small_vae()
    model.compile(run_eagerly=keras.backend.backend() == "tensorflow")
    quantize(model)
    drawn = model.predict(ROWS, verbose=0)
    model.save(tmp_path / "q.keras")
    model.save_parts(tmp_path / "q")
    for again in (
        keras.saving.load_model(tmp_path / "q.keras"),
        dfm.load(tmp_path / "q"),
        keras.models.clone_model(model),
    ):
        kinds = {w.dtype for w in again.encoder.weights}
        assert "int8" in kinds
    for again in (dfm.load(tmp_path / "q.keras"), dfm.load(tmp_path / "q")):
        np.testing.assert_array_equal(again.predict(ROWS, verbose=0), drawn)


@pytest.mark.by_hand
@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_quantized_face_swap_loads_for_some_of_its_people(tmp_path):
    """What was quantized is noted for each part."""
    model = quantize(small_swap())
    model.save_parts(tmp_path / "q")
    faces = FACES["ana"]
    one = dfm.load(tmp_path / "q", identities=("ben",))
    for again in (dfm.load(tmp_path / "q"), one):
        np.testing.assert_allclose(
            again.predict(faces, identity="ben"),
            model.predict(faces, identity="ben"),
            atol=1e-6,
        )


# Exports


@pytest.mark.slow
def test_an_export_names_outputs_apart_from_inputs(tmp_path):
    """Inputs and outputs shared names, which ONNX does not allow."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("reads a SavedModel with TensorFlow")
    import tensorflow

    model = small_swap()
    model.export(tmp_path / "saved", verbose=False)
    saved = tensorflow.saved_model.load(str(tmp_path / "saved"))
    drawn = saved.serve(FACES)
    assert sorted(drawn) == ["ana_decoded", "ben_decoded"]
    expected = model.predict(FACES, verbose=0)
    for name in FACES:
        found = drawn[f"{name}_decoded"].numpy()
        np.testing.assert_allclose(found, expected[name], atol=1e-5)


@pytest.mark.slow
def test_a_whole_face_swap_runs_in_onnx(tmp_path):
    """`export(format="onnx")` of a whole face swap failed."""
    pytest.importorskip("tf2onnx")
    runtime = pytest.importorskip("onnxruntime")
    model = small_swap()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf2onnx uses what NumPy has deprecated
        model.export(tmp_path / "m.onnx", format="onnx", verbose=False)
    session = runtime.InferenceSession(str(tmp_path / "m.onnx"))
    names = [one.name for one in session.get_outputs()]
    assert sorted(names) == ["ana_decoded", "ben_decoded"]
    expected = model.predict(FACES, verbose=0)
    for name, found in zip(names, session.run(None, FACES), strict=True):
        want = expected[name.removesuffix("_decoded")]
        np.testing.assert_allclose(found, want, atol=1e-3)

"""Swift with images larger than its input."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import keras
import numpy as np
import pytest

import deepface_models as dfm
from deepface_models import load
from deepface_models.data import Augmentation, SwapPairs
from deepface_models.models.swap import Swift
from deepface_models.models.swap.swift.appearance import fine_detail, reduce_faces
from deepface_models.training.job import _augmentation

pytestmark = pytest.mark.usefixtures("eager")

SMALL = {"image_size": 64, "latent_size": 8, "basis_size": 3}


def logits(images):
    inside = np.clip(images, 1e-6, 1 - 1e-6)
    return np.log(inside / (1 - inside))


@pytest.fixture(scope="module")
def small():
    """A model of 64 px whose weights are all nonzero, with an initializer."""
    keras.utils.set_random_seed(0)
    model = Swift(("ana", "ben"), **SMALL)
    model.build_decoder_initializers(["decoder_initializer"])
    rng = np.random.default_rng(0)
    for part in (*model.parts.values(), *model.decoder_initializers.values()):
        part.set_weights([rng.normal(0, 0.05, w.shape) for w in part.get_weights()])
    return model


@pytest.mark.backend
@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.slow_on_tensorflow
def test_an_enlarged_model_renders_the_same_enlarged(small, people, times):
    """The last stage starts from the smaller image, enlarged."""
    large = small.with_output_size(64 * times)
    assert (large.image_size, large.output_size) == (64, 64 * times)
    faces = people["ana"].images[:2]
    given, found = (
        model.predict(faces, identity="ben", source_identity="ana")
        for model in (small, large)
    )
    sides = (64 * times, 64 * times)
    expected = [
        cv2.resize(logits(g), sides, interpolation=cv2.INTER_LINEAR) for g in given
    ]
    np.testing.assert_allclose(logits(found), expected, atol=1e-3)
    theirs, mine = small.decoder_initializers, large.decoder_initializers
    for one, two in zip(
        theirs["decoder_initializer"].get_weights(),
        mine["decoder_initializer"].get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
    back = large.with_output_size(64)
    np.testing.assert_array_equal(
        back.predict(faces, identity="ben", source_identity="ana"), given
    )


@pytest.mark.parametrize("size", [32, 65, 127, 256])
def test_other_output_sizes_are_refused(size):
    with pytest.raises(ValueError, match=f"output_size={size} was.*64, 128, 192"):
        Swift(("ana", "ben"), **SMALL, output_size=size)


@pytest.mark.slow
@pytest.mark.backend
def test_one_step_trains_every_weight_of_fine_detail(people, tmp_path):
    keras.utils.set_random_seed(0)
    model = Swift(("ana", "ben"), **SMALL, output_size=128)
    data = SwapPairs(people, 2, steps=4, output_size=128)
    model.compile()
    model.adapt(data)
    model.train_on_batch(*data[0])  # the last layer's weights are zero before
    fine = [w for w in model.trainable_variables if "fine_" in w.path]
    assert len(fine) == 2 * 4 + 2 * 4  # codes, basis, mean; four convolutions
    before = [np.array(keras.ops.convert_to_numpy(weight)) for weight in fine]
    for index in (1, 2):
        model.train_on_batch(*data[index])
    for weight, old in zip(fine, before, strict=True):
        change = keras.ops.convert_to_numpy(weight) - old
        assert np.isfinite(change).all()
        assert np.abs(change).max() > 0, weight.path
    model.save_parts(tmp_path / "model")
    loaded = load(tmp_path / "model")
    faces = people["ben"].images[:2]
    decoded = model.predict(faces, identity="ana")
    assert decoded.shape == (2, 128, 128, 4)
    np.testing.assert_array_equal(loaded.predict(faces, identity="ana"), decoded)


def test_adapt_sets_the_mean_face_at_full_resolution(people):
    """The mean face has the output's resolution."""
    model = Swift(("ana", "ben"), **SMALL, output_size=128)
    rng = np.random.default_rng(0)
    faces = rng.uniform(0.3, 0.7, (12, 8, 8, 4)).astype("float32").repeat(16, 1)
    faces = np.ascontiguousarray(faces.repeat(16, 2))
    faces[:, ::2, 1::2, :3] += 0.2  # what a smaller image cannot have
    model.adapt(None, {"ana": faces})
    mean = model.encode(reduce_faces(faces[..., :3], 64)).mean(axis=0)
    found = model.decode(mean, identity="ana")
    missed = logits(found) - logits(faces).mean(axis=0)
    assert np.abs(missed).mean() < 0.01
    codes = model.decoders["ana"].get_layer("fine_basis").get_weights()[0]
    assert codes.shape == (16, 128 * 128)


def test_fine_detail_is_what_a_smaller_image_lacks():
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0.4, 0.6, (1, 4, 4, 4)).astype("float32")
    smooth = np.stack([cv2.resize(coarse[0], (64, 64))] * 6)
    stripes = np.where(np.arange(64) % 2, 0.1, -0.1).astype("float32")
    moved = np.array([-1, 1, 0.5, -0.5, 0.2, -0.2], "float32")
    faces = smooth.copy()
    faces[..., :3] += moved[:, None, None, None] * stripes[:, None]
    found = fine_detail(faces, 32, 4, np.ones((6, 64, 64, 4), "float32"))
    assert np.abs(found.mean).max() < 0.05
    share = found.codes[:, 0] / moved
    np.testing.assert_allclose(share, share[0], rtol=0.05)
    pattern = found.components[0].reshape(64, 64) * share[0]
    np.testing.assert_allclose(pattern / (4.1 * stripes), 1, atol=0.1)
    assert np.abs(found.components[1:]).max() < 0.02


@pytest.mark.slow
def test_training_from_a_preset_at_a_larger_size(small, people, tmp_path, caplog):
    """A preset of 128 px serves a larger output."""
    folder = dfm.presets.save_preset(
        small, tmp_path / "preset", license="CC0-1.0", data="noise", shared=True
    )
    options = {"batch_size": 2, "steps": 1, "epochs": 1, "verbose": 0}
    model = dfm.train(
        people, tmp_path / "out", preset=folder, output_size=192, **options
    )
    assert model.output_size == 192
    assert load(tmp_path / "out" / "model").output_size == 192
    assert "Faces of {'ana': 64, 'ben': 64} pixels" in caplog.text
    assert (tmp_path / "out" / "start.json").is_file()
    with pytest.raises(ValueError, match=r"output_size=256.*original"):
        dfm.train(people, tmp_path / "no", architecture="original", output_size=256)


def test_adapt_takes_faces_without_random_changes(people):
    """A warp of the input would blur what is fine."""
    data = SwapPairs(people, 2, steps=1, output_size=128)
    x, y = data.unchanged(5)
    assert x["ana"].shape == (5, 64, 64, 3) and y["ana"].shape == (5, 128, 128, 5)
    chosen = people["ana"].images[[0, 1, 2, 4, 5]] / 255
    assert np.abs(x["ana"] - chosen).mean() < 0.01  # enlarged and reduced
    np.testing.assert_allclose(reduce_faces(y["ana"][..., :3], 64), x["ana"], atol=0.01)
    assert y["ana"][..., 3].max() == 1 and y["ana"][..., 4].max() == pytest.approx(3)
    models = [Swift(("ana", "ben"), **SMALL, output_size=128) for _ in range(2)]
    models[1].set_weights(models[0].get_weights())
    models[0].adapt(data)
    models[1].adapt(*data.unchanged())
    for one, two in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_array_equal(one, two)


def test_training_for_larger_images_does_not_warp_the_inputs(small):
    """What is finer than the warp could not be learned."""
    light = Augmentation.light()
    assert _augmentation(small) == light and light.warp > 0
    larger = _augmentation(small.with_output_size(128))
    assert larger.warp == 0 and larger.color == light.color > 0
    published = SimpleNamespace(image_size=64, output_size=128)
    assert _augmentation(published) == light

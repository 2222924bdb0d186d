"""MaskedAutoencoder: the number of hidden patches, and the loss on these only."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from deepface_models import load
from deepface_models.models.autoencoders.masked import GRAY, MaskedAutoencoder
from deepface_models.models.autoencoders.patches import (
    PatchOrder,
    join_patches,
    patch_order,
    sin_cos_positions,
    split_patches,
)


def small(shape=(8, 8, 1), patch_size=2, **kwargs):
    keras.utils.set_random_seed(0)
    size = {"width": 8, "depth": 1, "decoder_width": 8, "decoder_depth": 1}
    return MaskedAutoencoder(shape, patch_size, heads=2, **{**size, **kwargs})


@pytest.fixture(scope="module")
def images():
    """Images of one gray each, with some noise: neighbors tell what is hidden."""
    rng = np.random.default_rng(0)
    gray = rng.uniform(0.1, 0.9, (24, 1, 1, 1))
    return (gray + rng.uniform(-0.05, 0.05, (24, 8, 8, 1))).astype("float32")


@pytest.fixture(scope="module")
def model():
    return small()


def patches_of(pixels):
    return np.asarray(ops.convert_to_numpy(split_patches(pixels, 2)))


def test_patches_are_cut_row_by_row_and_join_again():
    images = np.arange(2 * 4 * 6 * 3, dtype="float32").reshape(2, 4, 6, 3)
    cut = patches_of(images)
    assert cut.shape == (2, 6, 12)
    np.testing.assert_array_equal(cut[1, 4], images[1, 2:, 2:4].ravel())
    joined = ops.convert_to_numpy(join_patches(cut, (4, 6, 3)))
    np.testing.assert_array_equal(joined, images)


def test_positions_tell_rows_from_columns():
    places = sin_cos_positions(3, 5, 8).reshape(3, 5, 8)
    np.testing.assert_array_equal(places[2, 0, :4], places[2, 4, :4])
    np.testing.assert_array_equal(places[0, 3, 4:], places[2, 3, 4:])
    np.testing.assert_allclose(places[2, 3, [0, 2]], [np.sin(2), np.cos(2)], rtol=1e-6)
    np.testing.assert_allclose(places[2, 3, [4, 6]], [np.sin(3), np.cos(3)], rtol=1e-6)
    np.testing.assert_allclose(places[2, 3, 1], np.sin(0.02), rtol=1e-6)
    assert len(np.unique(places.reshape(15, 8).round(5), axis=0)) == 15


@pytest.mark.backend
def test_training_hides_other_patches_in_each_image():
    layer = PatchOrder(16, seed=3)
    images = np.zeros((5, 8, 8, 1), "float32")
    first, second = (
        ops.convert_to_numpy(layer(images, training=True)) for _ in range(2)
    )
    assert first.shape == (5, 16) and first.dtype == np.int32
    np.testing.assert_array_equal(np.sort(first, axis=1), [np.arange(16)] * 5)
    assert len(np.unique(first, axis=0)) == 5
    assert (first != second).any(axis=1).all()
    fixed = ops.convert_to_numpy(layer(images))
    np.testing.assert_array_equal(fixed, [patch_order(16, 3)] * 5)


@pytest.mark.parametrize(
    ("ratio", "hidden"),
    [pytest.param(0.75, 12, marks=pytest.mark.backend), (0.5, 8), (0.01, 1)],
)
def test_so_many_patches_are_hidden_and_the_others_kept(images, ratio, hidden):
    model = small(mask_ratio=ratio)
    assert model.hidden_share == pytest.approx(hidden / 16)
    for training in (False, True):
        drawn = ops.convert_to_numpy(model(images, training=training))
        changed = (patches_of(drawn) != patches_of(images)).any(axis=-1)
        np.testing.assert_array_equal(changed.sum(axis=1), [hidden] * 24)
        assert len(np.unique(changed, axis=0)) > 1 or not training


@pytest.mark.backend
def test_what_is_hidden_is_not_seen(model, images):
    hidden = model.hidden()
    changed = np.where(hidden, 1 - images, images)
    first, second = model.reconstruct(images), model.reconstruct(changed)
    np.testing.assert_array_equal(first, second)
    seen = model.reconstruct(np.where(hidden, images, 1 - images))
    assert (np.abs(seen - first)[:, hidden] > 0).any()


def test_masked_shows_what_reconstruct_filled(model, images):
    for seed in (None, 7):
        shown = model.masked(images, seed)
        drawn = model.reconstruct(images, seed=seed)
        hidden = np.broadcast_to(model.hidden(seed), shown.shape)
        assert hidden.mean() == 0.75
        assert (shown[hidden] == GRAY).all()
        np.testing.assert_array_equal(shown[~hidden], images[~hidden])
        np.testing.assert_array_equal(drawn[~hidden], images[~hidden])
        np.testing.assert_array_equal(model.masked(images[0], seed), shown[0])
    assert (model.hidden() != model.hidden(7)).any()


@pytest.mark.backend
def test_reconstruction_is_repeatable_and_equals_predict(model, images):
    drawn = model.predict(images, verbose=0)
    np.testing.assert_array_equal(drawn, model.predict(images, verbose=0))
    np.testing.assert_allclose(drawn, model.reconstruct(images), atol=1e-6)
    np.testing.assert_allclose(drawn[3], model.reconstruct(images[3]), atol=1e-6)
    assert drawn.dtype == np.float32 and drawn.min() >= 0 and drawn.max() <= 1


@pytest.mark.backend
def test_the_loss_is_the_mean_of_hidden_patches(images):
    model = small()
    model.compile()
    drawn = model.predict(images, verbose=0)
    hidden = np.broadcast_to(model.hidden(), drawn.shape)
    expected = np.square(drawn - images)[hidden].mean()
    found = model.evaluate(images, batch_size=24, verbose=0)
    assert found == pytest.approx(expected, rel=1e-5)


def test_latents_of_patches(model, images):
    latents = model.encode(images)
    assert latents.shape == (24, 16, 8)
    assert model.encode(images[0]).shape == (16, 8)
    assert model.decode(latents).shape == (24, 8, 8, 1)
    other = images.copy()
    other[:, 7, 7] = 0.0  # hidden or not: encode sees all
    assert (np.abs(model.encode(other) - latents).max(axis=(1, 2)) > 0).all()


@pytest.mark.backend
@pytest.mark.slow
def test_every_variable_gets_a_gradient_and_training_lowers_the_loss(images):
    model = small()
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    before = [np.array(ops.convert_to_numpy(w)) for w in model.trainable_variables]
    history = model.fit(
        images, validation_data=images[:5], epochs=15, batch_size=12, verbose=0
    ).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["val_loss"][-1] < 0.5 * history["val_loss"][0]
    assert len(before) == len(model.trainable_variables) > 30
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert np.abs(ops.convert_to_numpy(new) - old).max() > 0, new.path


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_lower_precision_ends_in_float32(images, dtype):
    model = small(dtype=dtype)
    model.compile(run_eagerly=True)
    assert np.isfinite(model.fit(images[:8], verbose=0).history["loss"]).all()
    drawn = model.reconstruct(images[:3])
    assert drawn.dtype == np.float32 and np.isfinite(drawn).all()
    hidden = np.broadcast_to(model.hidden(), drawn.shape)
    np.testing.assert_array_equal(drawn[~hidden], images[:3][~hidden])


@pytest.mark.backend
@pytest.mark.parametrize("target", ["model.keras", "model"])
def test_saved_and_loaded_is_the_same_to_the_bit(images, tmp_path, target):
    model = small((8, 4), mask_ratio=0.5, seed=5, name="half")
    images = images[:, :, :4]
    save = model.save if target.endswith(".keras") else model.save_parts
    save(tmp_path / target)
    loaded = load(tmp_path / target)
    assert loaded.get_config() == model.get_config()
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), model.predict(images, verbose=0)
    )
    np.testing.assert_array_equal(loaded.encode(images), model.encode(images))


def test_color_and_uint8():
    model = small((4, 12, 3), 4, mask_ratio=0.4)
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 12, 3), np.uint8)
    drawn = model.reconstruct(images)
    np.testing.assert_array_equal(drawn, model.reconstruct(images / np.float32(255)))
    hidden = np.broadcast_to(model.hidden(), drawn.shape)
    np.testing.assert_allclose(drawn[~hidden], images[~hidden] / 255, atol=1e-6)
    np.testing.assert_allclose(
        model.predict(images.astype("uint8"), verbose=0), drawn, atol=1e-6
    )


def test_the_default_model_has_the_documented_number_of_parameters():
    assert MaskedAutoencoder().count_params() == 556_624


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (30, 20), "patch_size": 4}, "patch_size=4.*30 x 20.*1, 2, 5, 10"),
        ({"patch_size": 0}, "patch_size=0"),
        ({"shape": 64}, "Expected an image's shape"),
        ({"mask_ratio": 1.0}, "mask_ratio=1.0 of 16 patches.*between 0 and 1"),
        ({"patch_size": 8}, "of 1 patches"),
        ({"width": 6}, "width=6.*heads=2.*multiple of 4"),
        ({"decoder_width": 0}, "decoder_width=0"),
    ],
)
def test_arguments_that_do_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        small(**arguments)

"""VectorQuantizedAutoencoder: nearest codes, and gradients past the rounding."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from deepface_models import load
from deepface_models.models.autoencoders.quantizer import (
    PATIENCE,
    Perplexity,
    VectorQuantizer,
)
from deepface_models.models.autoencoders.vector_quantized import (
    VectorQuantizedAutoencoder,
)


def small(shape=(8, 8, 1), **kwargs):
    keras.utils.set_random_seed(1)
    given = {"codebook_size": 8, "code_size": 3, "widths": (8, 12), **kwargs}
    return VectorQuantizedAutoencoder(shape, residual_blocks=1, **given)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 1, 8)
    slopes = rng.uniform(-1, 1, (24, 2))
    made = slopes[:, :1, None] * ramp[:, None] + slopes[:, 1:, None] * ramp
    return (1 / (1 + np.exp(-4 * made)))[..., None].astype("float32")


@pytest.fixture(scope="module")
def quantizer():
    """A layer whose codes lie apart, vectors, and their nearest by numpy."""
    rng = np.random.default_rng(1)
    layer = VectorQuantizer(8)
    layer.build((None, 2, 5, 3))
    layer.learned.assign(rng.normal(size=(8, 3)))
    layer.jumped.assign(rng.normal(size=(8, 3)))
    vectors = rng.normal(size=(4, 2, 5, 3)).astype("float32")
    book = ops.convert_to_numpy(layer.codebook)
    distances = np.square(vectors[..., None, :] - book).sum(-1)
    return layer, vectors, book, distances.argmin(-1)


@pytest.mark.backend
def test_each_vector_becomes_the_nearest_code(quantizer):
    layer, vectors, book, nearest = quantizer
    drawn = ops.convert_to_numpy(layer(vectors))
    np.testing.assert_allclose(drawn, book[nearest], atol=1e-6)
    found = ops.convert_to_numpy(layer.nearest(vectors))
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, nearest)
    expected = 1.25 * np.square(vectors - book[nearest]).mean()
    assert number(layer.losses[0]) == pytest.approx(expected, rel=1e-5)


def number(scalar):
    return float(ops.convert_to_numpy(scalar))


def test_the_gradient_passes_straight_through(quantizer):
    import_or_skip_tensorflow()
    import tensorflow as tf

    layer, vectors, book, nearest = quantizer
    weights = np.random.default_rng(2).normal(size=vectors.shape).astype("float32")
    given = tf.constant(vectors)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(given)
        drawn = tf.reduce_sum(layer(given) * weights)
        added = layer.losses[0]
    np.testing.assert_allclose(tape.gradient(drawn, given), weights, atol=1e-6)
    assert tape.gradient(drawn, layer.learned.value) is None
    # The codebook loss moves codes only; commitment moves vectors, at a quarter.
    apart = (book[nearest] - vectors) * 2 / vectors.size
    expected = np.zeros_like(book)
    np.add.at(expected, nearest, apart)
    codes = tf.convert_to_tensor(tape.gradient(added, layer.learned.value))
    np.testing.assert_allclose(codes, expected, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(added, given), -apart / 4, atol=1e-6)


def import_or_skip_tensorflow():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("reads gradients by TensorFlow's tape")


@pytest.mark.backend
def test_a_code_that_nobody_takes_jumps_to_a_vector():
    layer = VectorQuantizer(3, seed=0)
    layer.build((None, 1))
    layer.learned.assign([[0.0], [9.0], [-9.0]])
    vectors = np.array([[0.1], [-0.3]], "float32")

    def state(name):
        return ops.convert_to_numpy(getattr(layer, name)).ravel()

    layer(vectors)
    np.testing.assert_array_equal(state("idle"), [PATIENCE] * 3)  # as it was built
    layer(vectors, training=True)
    for code in state("codebook")[1:]:
        assert np.abs(vectors - code).min() < 1e-6
    assert state("codebook")[0] == 0
    np.testing.assert_array_equal(state("learned"), [0, 9, -9])
    np.testing.assert_array_equal(state("taken"), [1, 0, 0])
    np.testing.assert_array_equal(state("idle"), [0, 0, 0])
    layer.jumped.assign([[0.0], [0.0], [0.0]])
    layer.idle.assign([PATIENCE, PATIENCE - 1, PATIENCE])
    layer(vectors, training=True)
    assert state("codebook")[1] == 9
    assert np.abs(vectors - state("codebook")[2]).min() < 1e-6
    np.testing.assert_allclose(state("idle"), [0, PATIENCE - 1 / 3, 0], rtol=1e-5)


@pytest.mark.backend
def test_shapes_codes_and_vectors_agree(images):
    model = small()
    codes = model.codes(images, batch_size=7)
    assert codes.shape == (24, 2, 2) and codes.dtype == np.int32
    vectors = model.encode(images)
    assert vectors.shape == (24, 2, 2, 3) and vectors.dtype == np.float32
    book = ops.convert_to_numpy(model.quantizer.codebook)
    np.testing.assert_allclose(vectors, book[codes], atol=1e-6)
    drawn = model.decode_codes(codes)
    np.testing.assert_allclose(drawn, model.decode(vectors), atol=1e-5)
    np.testing.assert_allclose(drawn, model.predict(images, verbose=0), atol=1e-5)
    np.testing.assert_array_equal(model.codes(images[3]), codes[3])
    assert model.decode_codes(codes[3]).shape == (8, 8, 1)
    assert model.encode(images[3]).shape == (2, 2, 3)


@pytest.mark.parametrize("shape", [(7, 10, 3), (5, 5), (1, 9, 1)])
def test_images_of_any_size_are_reconstructed(shape):
    model = small(shape)
    size = model.data_shape
    images = np.random.default_rng(0).integers(0, 256, (2, *size), np.uint8)
    rows, columns = (-(-side // 4) for side in size[:2])
    assert model.codes(images).shape == (2, rows, columns)
    drawn = model.reconstruct(images)
    assert drawn.shape == images.shape
    np.testing.assert_array_equal(drawn, model.reconstruct(images / np.float32(255)))


@pytest.mark.backend
@pytest.mark.slow
def test_every_variable_gets_a_gradient_and_training_lowers_the_loss(images):
    model = small()
    model.compile(optimizer=keras.optimizers.Adam(0.01), metrics=["mse"])
    before = [np.array(ops.convert_to_numpy(w)) for w in model.trainable_variables]
    assert any("learned" in w.path for w in model.trainable_variables)
    history = model.fit(
        images, validation_data=images[:5], epochs=40, batch_size=12, verbose=0
    ).history
    assert history["mse"][-1] < 0.7 * history["mse"][0]
    keys = {"loss", "mse", "perplexity"}
    assert set(history) == keys | {f"val_{key}" for key in keys}
    assert all(1 <= value <= 8 for value in history["perplexity"])
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert np.abs(ops.convert_to_numpy(new) - old).max() > 0, new.path


@pytest.mark.backend
def test_perplexity_counts_the_codes_of_the_whole_set(images):
    model = small()
    spread = np.random.default_rng(3).normal(0, 0.1, (8, 3))
    vectors = ops.convert_to_numpy(model.encoder(images[:8]))[:, 0, 0]
    model.quantizer.learned.assign(vectors + spread)
    model.compile(optimizer=keras.optimizers.SGD(0.0))
    share = np.bincount(model.codes(images).ravel(), minlength=8) / (24 * 4)
    expected = np.exp(-sum(p * np.log(p) for p in share if p))
    found = model.evaluate(images, batch_size=8, verbose=0, return_dict=True)
    assert found["perplexity"] == pytest.approx(expected, rel=1e-4)
    trained = model.fit(images, batch_size=24, verbose=0).history
    assert trained["perplexity"][0] == pytest.approx(expected, rel=1e-4)
    assert expected > 1


def test_perplexity_of_even_and_single_use():
    metric = Perplexity(4)
    metric.update_state(np.full(4, 0.25, "float32"))
    assert float(metric.result()) == pytest.approx(4)
    metric.reset_state()
    metric.update_state(np.array([0, 1, 0, 0], "float32"))
    assert float(metric.result()) == pytest.approx(1)
    assert Perplexity.from_config(metric.get_config()).codebook_size == 4


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_lower_precision_ends_in_float32(images, dtype):
    model = small(dtype=dtype)
    model.compile(run_eagerly=True)
    assert np.isfinite(model.fit(images[:8], verbose=0).history["loss"]).all()
    drawn = model.predict(images[:3], verbose=0)
    assert drawn.dtype == np.float32 and np.isfinite(drawn).all()
    assert model.quantizer.compute_dtype == "float32"


@pytest.mark.backend
@pytest.mark.parametrize("target", ["model.keras", "model"])
def test_saved_and_loaded_is_the_same_to_the_bit(images, tmp_path, target):
    model = small(commitment=0.5, name="grid")
    model.compile(run_eagerly=True)
    model.fit(images[:8], verbose=0)
    save = model.save if target.endswith(".keras") else model.save_parts
    save(tmp_path / target)
    loaded = load(tmp_path / target)
    assert loaded.get_config() == model.get_config()
    assert loaded.quantizer.commitment == 0.5
    np.testing.assert_array_equal(loaded.codes(images), model.codes(images))
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), model.predict(images, verbose=0)
    )


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([[0, 8], [0, 0]], "int64, 0 to 8 .*from 0 to 7"),
        ([[0, -1], [0, 0]], "-1 to 0"),
        ([[0.0, 1.0], [0.0, 0.0]], "float64"),
        (np.zeros((0, 2, 2), int), "from 0 to 7"),
        ([0, 1, 2], r"Latents of shape \(3, 3\)"),
    ],
)
def test_codes_that_cannot_be_decoded_are_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        small().decode_codes(codes)


def test_arguments_that_do_not_fit():
    with pytest.raises(ValueError, match=r"codebook_size=1 was given.*2 or more"):
        small(codebook_size=1)
    with pytest.raises(ValueError, match="Expected an image's shape"):
        small(784)

from __future__ import annotations

import keras
import numpy as np
import pytest
from drawn_digits import digits, unit

from deepface_models.models.autoencoders.corruption import NOISES, Corrupt, corrupt
from deepface_models.models.autoencoders.denoising import DenoisingAutoencoder

DIGITS = unit(digits(20, 16))
GRAY = np.full((50, 20, 20, 3), 0.5, "float32")


def made(noise="gaussian", amount=0.5, rate=0.01, **kwargs):
    keras.utils.set_random_seed(0)
    kwargs = {"image_shape": (16, 16, 1), "widths": (8,), **kwargs}
    model = DenoisingAutoencoder(noise=noise, amount=amount, **kwargs)
    model.compile(keras.optimizers.Adam(rate))
    return model


def by_layer(images, noise, amount, seed):
    layer = Corrupt(noise, amount, seed=seed)
    return keras.ops.convert_to_numpy(layer(images, training=True))


# The network


@pytest.mark.parametrize(
    ("shape", "code", "parameters"),
    [
        ((28, 28, 1), (7, 7, 32), 28_353),
        ((64, 64, 3), (16, 16, 32), 29_507),
        ((128, 128, 3), (32, 32, 32), 29_507),
        ((30, 45), (8, 12, 32), 28_353),
    ],
)
def test_parameters_and_shapes(shape, code, parameters):
    model = DenoisingAutoencoder(image_shape=shape)
    assert model.count_params() == parameters
    assert model.encoder.output.shape == (None, *code)
    assert model.output.shape == (None, *model.image_shape)


@pytest.mark.backend
@pytest.mark.slow_on_tensorflow
def test_learns_to_denoise():
    model = made("salt_pepper", 0.3)
    model.fit(DIGITS, epochs=20, batch_size=5, verbose=0)
    noisy = model.corrupt(DIGITS, seed=1)
    drawn = model.predict(noisy, verbose=0)
    assert np.mean((drawn - DIGITS) ** 2) < 0.4 * np.mean((noisy - DIGITS) ** 2)


def test_training_compares_noisy_input_with_clean_images():
    model = made("masking", 1.0, rate=0.0)
    blank = model.predict(np.zeros_like(DIGITS), verbose=0)
    expected = -np.mean(DIGITS * np.log(blank) + (1 - DIGITS) * np.log(1 - blank))
    loss = model.fit(DIGITS, verbose=0).history["loss"][0]
    assert loss == pytest.approx(expected, rel=1e-4)
    assert model.evaluate(DIGITS, verbose=0) != pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
@pytest.mark.backend
def test_bytes_as_floats_same_seed_same_training_and_new_noise_each_epoch():
    losses = []
    for data in (DIGITS, digits(20, 16)):
        model = made(rate=0.0)
        losses.append(model.fit(data, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert losses[0][0] != losses[0][1]


def test_predict_adds_no_noise():
    model = made()
    drawn = model.predict(DIGITS, verbose=0)
    np.testing.assert_array_equal(model.predict(DIGITS, verbose=0), drawn)
    np.testing.assert_allclose(model.decode(model.encode(DIGITS)), drawn, atol=1e-6)


def test_published_style_of_noisy_and_clean_pairs():
    noisy = corrupt(DIGITS, "gaussian", 0.5, seed=0)
    model = made(None)
    history = model.fit(
        noisy, DIGITS, validation_data=(noisy, DIGITS), epochs=3, verbose=0
    ).history
    assert history["val_loss"][-1] < history["val_loss"][0]
    np.testing.assert_array_equal(model.corrupt(DIGITS), DIGITS)


@pytest.mark.slow
def test_noise_on_top_of_noisy_pairs_is_refused():
    model = made()
    with pytest.raises(ValueError, match=r'"gaussian" itself.*build it with noise=Non'):
        model.fit(corrupt(DIGITS, seed=0), DIGITS)
    validation = (model.corrupt(DIGITS, seed=0), DIGITS)
    model.fit(DIGITS, DIGITS.copy(), validation_data=validation, verbose=0)


# The noise


@pytest.mark.backend
@pytest.mark.parametrize("draw", [corrupt, by_layer])
def test_gaussian_noise_has_its_deviation(draw):
    noisy = draw(GRAY, "gaussian", 0.1, 0)
    assert noisy.mean() == pytest.approx(0.5, abs=0.002)
    assert noisy.std() == pytest.approx(0.1, rel=0.02)
    strong = draw(GRAY, "gaussian", 0.5, 0)
    assert strong.min() == 0
    assert strong.max() == 1
    # Beyond one deviation on either side everything is clipped.
    assert np.mean(strong == 0) == pytest.approx(0.1587, abs=0.005)
    assert np.mean(strong == 1) == pytest.approx(0.1587, abs=0.005)


@pytest.mark.backend
@pytest.mark.parametrize("draw", [corrupt, by_layer])
@pytest.mark.parametrize(
    ("noise", "zeros", "ones"), [("masking", 0.3, 0.0), ("salt_pepper", 0.15, 0.15)]
)
def test_share_of_values_that_are_hit(draw, noise, zeros, ones):
    noisy = draw(GRAY, noise, 0.3, 0)
    assert np.mean(noisy == 0) == pytest.approx(zeros, abs=0.006)
    assert np.mean(noisy == 1) == pytest.approx(ones, abs=0.006)
    assert np.mean(noisy == 0.5) == pytest.approx(0.7, abs=0.008)
    np.testing.assert_array_equal(draw(GRAY, noise, 0.0, 0), GRAY)
    assert not np.any(draw(GRAY, noise, 1.0, 0) == 0.5)


@pytest.mark.backend
@pytest.mark.parametrize("draw", [corrupt, by_layer])
@pytest.mark.parametrize("noise", NOISES)
def test_noise_follows_its_seed(draw, noise):
    first = draw(GRAY, noise, 0.2, 7)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(draw(GRAY, noise, 0.2, 7), first)
    for seed in (8, None):
        assert np.any(draw(GRAY, noise, 0.2, seed) != first)


def test_corrupt_takes_bytes_single_images_and_leaves_the_input_alone():
    images = digits(3, 16)
    before = images.copy()
    np.testing.assert_array_equal(
        corrupt(images, seed=0), corrupt(unit(images), seed=0)
    )
    np.testing.assert_array_equal(images, before)
    model = made("masking")
    assert model.corrupt(images[0]).shape == (16, 16, 1)
    assert model.corrupt(images[..., 0]).shape == (3, 16, 16, 1)
    np.testing.assert_array_equal(
        model.corrupt(images, seed=4), corrupt(images, "masking", 0.5, 4)
    )
    untouched = corrupt(unit(images), None)
    untouched[:] = 2
    np.testing.assert_array_equal(images, before)


def test_layer_rests_outside_training_and_keeps_its_arguments():
    layer = Corrupt("masking", 0.25, seed=5)
    for training in (None, False):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(layer(GRAY, training=training)), GRAY
        )
    again = Corrupt.from_config(layer.get_config())
    assert (again.noise, again.amount, again.seed) == ("masking", 0.25, 5)
    assert not layer.weights
    drawn = [keras.ops.convert_to_numpy(layer(GRAY, training=True)) for _ in range(2)]
    assert np.any(drawn[0] != drawn[1])


@pytest.mark.parametrize("make", [corrupt, Corrupt, DenoisingAutoencoder])
@pytest.mark.parametrize(
    ("noise", "amount", "message"),
    [
        ("gauss", 0.5, r"noise='gauss'.*'salt_pepper'.*Use None"),
        ("gaussian", -0.1, r"amount=-0\.1.*0 or more"),
        ("masking", 1.5, r"amount=1\.5 .*fraction from 0 to 1"),
        ("salt_pepper", float("nan"), "amount=nan"),
    ],
)
def test_bad_noise_is_refused(make, noise, amount, message):
    first = {"images": GRAY} if make is corrupt else {}
    with pytest.raises(ValueError, match=message):
        make(**first, noise=noise, amount=amount)


def test_images_out_of_range_are_refused():
    with pytest.raises(ValueError, match="Divide by 255"):
        corrupt(GRAY * 255)

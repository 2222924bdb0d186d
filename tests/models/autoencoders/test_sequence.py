"""SequenceAutoencoder: padding is ignored, and the order matters."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from deepface_models import load
from deepface_models.data.series import KINDS, PADDING, sine_series
from deepface_models.models.autoencoders.sequence import SequenceAutoencoder


def small(steps=8, features=1, **kwargs):
    keras.utils.set_random_seed(0)
    return SequenceAutoencoder((steps, features), latent_size=4, units=6, **kwargs)


@pytest.fixture(scope="module")
def series():
    return sine_series(12, timesteps=8, seed=1)


def test_the_default_model_has_the_documented_number_of_parameters():
    model = SequenceAutoencoder()
    lstm = [4 * 128 * (n + 128 + 1) for n in (28, 32)]
    dense = 129 * 32 + 129 * 28
    assert model.count_params() == sum(lstm) + dense == 170_556
    assert model.data_shape == (28, 28)


@pytest.mark.backend
def test_shapes_and_single_examples(series):
    model = small()
    assert model.encode(series.values).shape == (12, 4)
    assert model.decode(model.encode(series.values)).shape == (12, 8, 1)
    assert model.predict(series.values, verbose=0).shape == (12, 8, 1)
    one = model.reconstruct(series.values[0])
    assert one.shape == (8, 1) and one.dtype == np.float32
    np.testing.assert_allclose(
        model.decode(model.encode(series.values[0])), one, atol=1e-6
    )


@pytest.mark.slow
@pytest.mark.backend
def test_padding_changes_neither_code_nor_loss_nor_metric(series):
    model, longer = small(8), small(13)
    longer.set_weights(model.get_weights())
    for one in (model, longer):
        one.compile(metrics=["mae"])
    ragged = series.sequences
    np.testing.assert_allclose(model.encode(ragged), longer.encode(ragged), atol=1e-6)
    results = [one.evaluate(ragged, verbose=0) for one in (model, longer)]
    np.testing.assert_allclose(*results, rtol=1e-5)
    drawn = model.predict(ragged, verbose=0)
    error = (drawn - series.values)[series.mask]
    expected = np.square(error).mean(), np.abs(error).mean()
    np.testing.assert_allclose(results[0], expected, rtol=1e-5)


def test_a_real_step_of_the_same_length_does_count(series):
    model = small()
    values = series.values.copy()
    values[0, 0] += 0.5
    assert np.abs(model.encode(values[0]) - model.encode(series.values[0])).max() > 1e-4


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_padding_is_found_in_any_precision(series, dtype):
    model = small(dtype=dtype, mask_value=-999.3)
    padded = model.pad([series.sequences[0][:5]])
    noisy = padded.copy()
    noisy[:, 5:] = 0.0
    alone = small(5, dtype=dtype, mask_value=-999.3)
    alone.set_weights(model.get_weights())
    expected = alone.encode(padded[:, :5])
    np.testing.assert_allclose(model.encode(padded), expected, atol=1e-3)
    assert np.abs(model.encode(noisy) - expected).max() > 1e-3
    drawn = model.predict(padded, verbose=0)
    assert drawn.dtype == np.float32 and np.isfinite(drawn).all()


@pytest.mark.slow
@pytest.mark.backend
@pytest.mark.parametrize("axes", [1, 2])
def test_sample_weights_and_padding_together(series, axes):
    model = small()
    model.compile(weighted_metrics=["mae"])
    weight = np.linspace(0.1, 2, 12 if axes == 1 else 96).astype("float32")
    weight = weight if axes == 1 else weight.reshape(12, 8)
    each = weight[:, None] if axes == 1 else weight
    drawn = model.predict(series.values, verbose=0)
    error = np.abs(drawn - series.values)[..., 0]
    found = model.evaluate(
        series.values, series.values, sample_weight=weight, verbose=0
    )
    assert found[0] == pytest.approx((error**2 * each)[series.mask].mean(), rel=1e-5)
    mean = np.average(error, weights=each * series.mask)
    assert found[1] == pytest.approx(mean, rel=1e-5)


def test_black_rows_of_an_image_are_data():
    model = small(6, 4)
    image = np.zeros((1, 6, 4), np.uint8)
    image[0, 2] = 255
    later = np.roll(image, 1, axis=1)
    assert np.abs(model.encode(image) - model.encode(later)).max() > 1e-3
    np.testing.assert_array_equal(
        model.encode(image), model.encode(image.astype("float32") / 255)
    )


@pytest.mark.backend
@pytest.mark.slow
def test_every_variable_gets_a_gradient_and_training_lowers_the_loss(series):
    model = small()
    model.compile(optimizer=keras.optimizers.Adam(0.02))
    before = [np.asarray(ops.convert_to_numpy(w)) for w in model.trainable_variables]
    loss = model.fit(
        series.sequences,
        validation_data=series.sequences[:3],
        sample_weight=np.ones(12, "float32"),
        epochs=8,
        batch_size=5,
        verbose=0,
    ).history
    assert loss["loss"][-1] < 0.9 * loss["loss"][0]
    assert set(loss) == {"loss", "val_loss"}
    for old, new in zip(before, model.trainable_variables, strict=True):
        assert np.abs(ops.convert_to_numpy(new) - old).max() > 0, new.path


@pytest.mark.backend
@pytest.mark.parametrize("target", ["model.keras", "model"])
def test_saved_and_loaded_is_the_same_to_the_bit(series, tmp_path, target):
    model = small(activation="tanh", mask_value=PADDING, name="tides")
    save = model.save if target.endswith(".keras") else model.save_parts
    save(tmp_path / target)
    loaded = load(tmp_path / target)
    assert loaded.get_config() == model.get_config()
    np.testing.assert_array_equal(
        loaded.predict(series.values, verbose=0),
        model.predict(series.values, verbose=0),
    )


def test_short_arrays_are_padded(series):
    model = small()
    short = series.values[:, :4]  # no series is shorter than 4
    code = model.encode(short)
    np.testing.assert_array_equal(code, model.encode(list(short)))
    np.testing.assert_allclose(model.encode(short[0]), code[0], atol=1e-6)
    np.testing.assert_array_equal(model.pad(series.sequences), series.values)
    utility = keras.utils.pad_sequences(
        series.sequences, 8, "float32", "post", value=model.mask_value
    )
    np.testing.assert_array_equal(utility, series.values)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([np.zeros((9, 1))], r"shape \(9, 1\).*1 to 8 steps.*Split it"),
        ([np.zeros((0, 1))], "1 to 8 steps"),
        (np.zeros((2, 9, 1)), "1 to 8 steps"),
        (np.zeros((2, 8, 3)), r"Expected \(N, 8, 1\)"),
        (np.full((1, 8, 1), np.nan), "not finite"),
    ],
)
def test_sequences_that_do_not_fit(data, message):
    with pytest.raises(ValueError, match=message):
        small().encode(data)


@pytest.mark.parametrize("shape", [28, (28,), (28, 28, 1), (None, 3), (0, 3)])
def test_a_wrong_sequence_shape(shape):
    with pytest.raises(ValueError, match="Expected \\(timesteps, features\\)"):
        SequenceAutoencoder(sequence_shape=shape)


def test_the_toy_series_are_repeatable_and_padded():
    made, again = sine_series(30, 16, seed=3), sine_series(30, 16, seed=3)
    np.testing.assert_array_equal(made.values, again.values)
    assert np.abs(made.values - sine_series(30, 16, seed=4).values).max() > 0
    assert made.values.shape == (30, 16, 1) and made.values.dtype == np.float32
    assert np.bincount(made.kinds).tolist() == [10] * len(KINDS)
    assert made.lengths.min() >= 8 and made.lengths.max() <= 16
    assert len(set(made.lengths)) > 3
    assert (made.values[~made.mask] == PADDING).all()
    assert np.abs(made.values[made.mask]).max() <= 1
    assert [len(one) for one in made.sequences] == made.lengths.tolist()
    with pytest.raises(ValueError, match="count=0 was given"):
        sine_series(0, 16)

from __future__ import annotations

import keras
import numpy as np
import pytest
from drawn_digits import digits, unit
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models import load
from deepface_models.models.autoencoders.convolutional import ConvolutionalAutoencoder


def shapes(part, kind):
    return [x.output.shape[1:] for x in part.layers if isinstance(x, kind)]


def test_layers_are_the_published_ones():
    model = ConvolutionalAutoencoder()
    convolution, halving = keras.layers.Conv2D, keras.layers.MaxPooling2D
    assert model.count_params() == 4_385
    assert shapes(model.encoder, convolution) == [(28, 28, 16), (14, 14, 8), (7, 7, 8)]
    assert shapes(model.encoder, halving) == [(14, 14, 16), (7, 7, 8), (4, 4, 8)]
    drawing = [(4, 4, 8), (8, 8, 8), (14, 14, 16), (28, 28, 1)]
    assert shapes(model.decoder, convolution) == drawing
    doubled = [(8, 8, 8), (16, 16, 8), (28, 28, 16)]
    assert shapes(model.decoder, keras.layers.UpSampling2D) == doubled
    assert not shapes(model.decoder, keras.layers.Cropping2D)


@pytest.mark.parametrize(
    ("shape", "widths", "code", "parameters"),
    [
        ((28, 28), (16, 8, 8), (4, 4, 8), 4_385),
        ((64, 64, 3), (16, 8, 8), (8, 8, 8), 4_963),
        ((128, 128, 3), (16, 8, 8), (16, 16, 8), 4_963),
        ((128, 128, 3), (16, 16, 16, 8, 8), (4, 4, 8), 14_243),
        ((30, 45, 1), (16, 8, 8), (4, 6, 8), 4_385),
        ((33, 64, 3), (16, 8, 8), (5, 8, 8), 4_963),
        ((1, 1, 1), (2,), (1, 1, 2), 77),
    ],
)
def test_parameters_and_shapes(shape, widths, code, parameters):
    model = ConvolutionalAutoencoder(image_shape=shape, widths=widths)
    assert model.count_params() == parameters
    assert model.encoder.output.shape == (None, *code)
    assert model.output.shape == (None, *model.image_shape)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 4), st.integers(1, 6))
def test_any_size_comes_back(height, width, channels, depth):
    shape = (height, width, channels)
    model = ConvolutionalAutoencoder(image_shape=shape, widths=(2,) * depth)
    assert model.output.shape == (None, *shape)


@pytest.mark.slow
@pytest.mark.backend
def test_it_learns_and_decodes_what_the_graph_states():
    keras.utils.set_random_seed(0)
    images = unit(digits(40))
    model = ConvolutionalAutoencoder(widths=(8, 4, 4))
    model.compile(keras.optimizers.Adam(0.01))
    before = model.evaluate(images, verbose=0)
    model.fit(images, epochs=5, batch_size=8, verbose=0)
    assert model.evaluate(images, verbose=0) < 0.6 * before
    assert model.predict(images, verbose=0).shape == images.shape


def test_what_pooling_padded_is_cropped_where_it_was():
    """Keras pads odd sizes at the lower and right edge."""
    decoder = ConvolutionalAutoencoder(image_shape=(33, 45, 1)).decoder
    crops = [x.cropping for x in decoder.layers if hasattr(x, "cropping")]
    assert crops == [((0, 5), (0, 1))]


@pytest.mark.parametrize("shape", [784, (784,)])
def test_rows_are_refused(shape):
    with pytest.raises(ValueError, match=r"image_shape=.*channels.*DeepAutoencoder"):
        ConvolutionalAutoencoder(image_shape=shape)


def test_bad_widths_are_refused():
    with pytest.raises(ValueError, match="widths="):
        ConvolutionalAutoencoder(widths=())


def test_every_map_of_a_leaky_code_is_used():
    """The first bias switches all maps off, as large steps do."""
    off = {}
    for activation in ("relu", "leaky_relu"):
        keras.utils.set_random_seed(0)
        model = ConvolutionalAutoencoder(widths=(8, 4), activation=activation)
        layer = next(x for x in model.encoder.layers if x.weights)
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias - 10])
        codes = model.encode(unit(digits(20)))
        off[activation] = codes.std(axis=(0, 1, 2)) == 0
    assert off["relu"].all()
    assert not off["leaky_relu"].any()


def test_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="no_such"):
        ConvolutionalAutoencoder(activation="no_such")


def test_a_code_that_is_a_vector():
    model = ConvolutionalAutoencoder((30, 41, 3), (6, 4), latent_size=5)
    images = np.random.default_rng(0).random((3, 30, 41, 3), "float32")
    codes = model.encode(images)
    assert codes.shape == (3, 5)
    assert codes.min() < 0  # no activation takes half of its range
    assert model.decode(codes).shape == images.shape


def test_adapting_again_would_undo_what_was_learnt():
    images = unit(digits(20))
    model = ConvolutionalAutoencoder((28, 28), (8, 6), "leaky_relu", 12)
    model.adapt(images)
    codes = model.encode(images)
    with pytest.raises(ValueError, match=r"trained or adapted.*Expected a new model"):
        model.adapt(images)
    np.testing.assert_array_equal(model.encode(images), codes)


def through_the_code(model, images):
    """The encoder's maps, and what the decoder's first layer makes of their codes."""
    code = model.encoder.get_layer("code")
    back = next(x for x in model.decoder.layers if isinstance(x, keras.layers.Dense))
    maps = keras.Model(model.encoder.input, code.input).predict(images, verbose=0)
    kernel, bias = back.get_weights()
    return maps, model.encode(images) @ kernel + bias


@pytest.mark.backend
def test_adapted_code_keeps_what_maps_vary_by():
    keras.utils.set_random_seed(0)
    images = unit(digits(60))
    model = ConvolutionalAutoencoder((28, 28), (8, 6), "leaky_relu", 12)
    model.adapt(images)
    maps, again = through_the_code(model, images)
    spectrum = np.linalg.svd(maps - maps.mean(0), compute_uv=False) ** 2
    lost = np.sum((maps - again) ** 2)
    np.testing.assert_allclose(lost, spectrum[12:].sum(), rtol=1e-3)
    codes = model.encode(images)
    np.testing.assert_allclose(codes.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(np.mean(codes**2), 1, rtol=1e-3)


@pytest.mark.by_hand
@pytest.mark.slow
def test_adapted_model_learns_sooner():
    images, losses = unit(digits(60)), []
    for adapts in (False, True):
        keras.utils.set_random_seed(0)
        model = ConvolutionalAutoencoder((28, 28), (8, 6), "leaky_relu", 12)
        if adapts:
            model.adapt(images)
        model.compile(keras.optimizers.Adam(0.003))
        model.fit(images, epochs=10, batch_size=10, verbose=0)
        losses.append(model.evaluate(images, verbose=0))
    assert losses[1] < 0.9 * losses[0]


def test_numbers_that_few_images_cannot_set_stay():
    keras.utils.set_random_seed(0)
    model = ConvolutionalAutoencoder((28, 28), (8, 6), "leaky_relu", 12)
    images = unit(digits(4))  # which vary in three directions
    before = model.encode(images)
    model.adapt(images)
    after = model.encode(images)
    np.testing.assert_array_equal(after[:, 3:], before[:, 3:])
    assert not np.allclose(after[:, :3], before[:, :3])


@pytest.mark.parametrize("activation", ["relu", "elu", "linear"])
def test_adapted_codes_come_back_through_the_activation(activation):
    keras.utils.set_random_seed(0)
    images = unit(digits(60))
    model = ConvolutionalAutoencoder((28, 28), (8, 6), activation, 40)
    model.adapt(images)
    maps, again = through_the_code(model, images)
    again = keras.ops.convert_to_numpy(keras.activations.get(activation)(again))
    assert np.sum((maps - again) ** 2) < 0.1 * np.sum((maps - maps.mean(0)) ** 2)


def test_activations_that_let_little_through_cannot_adapt():
    model = ConvolutionalAutoencoder((28, 28), (8, 6), "sigmoid", 12)
    with pytest.raises(ValueError, match=r"activation='sigmoid'.*leaky_relu"):
        model.adapt(unit(digits(4)))


def test_numpy_sizes_are_saved(tmp_path):
    model = ConvolutionalAutoencoder(latent_size=np.int64(4))
    model.save_parts(tmp_path / "model")
    assert load(tmp_path / "model").latent_size == 4


def test_a_code_of_maps_cannot_adapt():
    with pytest.raises(ValueError, match=r"latent_size=None.*with latent_size"):
        ConvolutionalAutoencoder().adapt(unit(digits(4)))


def test_adapting_checks_images():
    model = ConvolutionalAutoencoder(latent_size=4)
    with pytest.raises(ValueError, match="Data of shape"):
        model.adapt(np.zeros((2, 30, 30, 1)))

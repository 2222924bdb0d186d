from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models import layers
from deepface_models.layers import ConstantVector, Modulate, PixelShuffle


def array(tensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def shuffled(x: np.ndarray, factor: int) -> np.ndarray:
    """What a pixel shuffle does, one value at a time."""
    batch, height, width, channels = x.shape
    depth = channels // factor**2
    out = np.zeros((batch, height * factor, width * factor, depth), x.dtype)
    for b, i, j, c in np.ndindex(x.shape):
        row, rest = divmod(c, factor * depth)
        column, channel = divmod(rest, depth)
        out[b, i * factor + row, j * factor + column, channel] = x[b, i, j, c]
    return out


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 4), *[st.integers(1, n) for n in (3, 4, 4, 3)], st.integers(0, 99)
)
def test_pixel_shuffle_is_the_reference(factor, batch, height, width, depth, seed):
    shape = (batch, height, width, depth * factor**2)
    x = np.random.default_rng(seed).normal(size=shape).astype("float32")
    layer = PixelShuffle(factor)
    out = array(layer(x))
    np.testing.assert_array_equal(out, shuffled(x, factor))
    assert layer.compute_output_shape(shape) == out.shape
    assert not layer.weights


@pytest.mark.skipif(
    not hasattr(keras.ops, "depth_to_space"), reason="this Keras has no depth_to_space"
)
@pytest.mark.parametrize("factor", [2, 4])
def test_pixel_shuffle_is_keras_depth_to_space(factor):
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 32)).astype("float32")
    np.testing.assert_array_equal(
        array(PixelShuffle(factor)(x)), array(keras.ops.depth_to_space(x, factor))
    )


def test_constant_vector_is_zero_at_first_and_the_same_for_every_row():
    layer = ConstantVector(3)
    x = np.random.default_rng(0).normal(size=(4, 7)).astype("float32")
    np.testing.assert_array_equal(array(layer(x)), np.zeros((4, 3)))
    layer.vector.assign([[1.0, -2.0, 0.5]])
    np.testing.assert_array_equal(array(layer(x)), [[1.0, -2.0, 0.5]] * 4)
    np.testing.assert_array_equal(array(layer(-x)), array(layer(x)))
    assert layer.compute_output_shape((None, 7)) == (None, 3)


def test_modulate_scales_by_the_first_half_and_shifts_by_the_second():
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    vector = rng.normal(size=(2, 10)).astype("float32")
    scale, shift = vector[:, None, None, :5], vector[:, None, None, 5:]
    np.testing.assert_allclose(
        array(Modulate()([maps, vector])), maps * (1 + scale) + shift, atol=1e-6
    )
    np.testing.assert_array_equal(array(Modulate()([maps, 0 * vector])), maps)


def all_layers() -> keras.Model:
    image = keras.Input((4, 4, 8))
    x = PixelShuffle(2, name="shuffle")(image)
    vector = ConstantVector(4, name="vector")(image)
    return keras.Model(image, Modulate(name="modulate")([x, vector]))


def test_layers_survive_a_file_to_the_bit(tmp_path):
    model = all_layers()
    model.get_layer("vector").vector.assign([[0.3, -0.1, 0.7, 2.0]])
    model.save(tmp_path / "layers.keras")
    loaded = keras.saving.load_model(tmp_path / "layers.keras")
    x = np.random.default_rng(2).normal(size=(3, 4, 4, 8)).astype("float32")
    assert np.any(model.predict(x, verbose=0))
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0)
    )


@pytest.mark.parametrize(
    "layer",
    [PixelShuffle(3, name="a"), ConstantVector(5, name="b"), Modulate(name="c")],
)
def test_config_keeps_every_argument(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert getattr(again, "factor", 3) == 3
    assert getattr(again, "units", 5) == 5


def test_every_layer_is_registered():
    found = [
        value
        for value in vars(layers).values()
        if isinstance(value, type) and issubclass(value, keras.layers.Layer)
    ]
    assert len(found) >= 3
    for value in found:
        name = keras.saving.get_registered_name(value)
        assert name == f"deepface_models>{value.__name__}"


def attended(x: np.ndarray, layer: layers.SelfAttention2D) -> np.ndarray:
    """Self-attention, one image and one pixel at a time."""
    dense = (layer.queries, layer.keys, layer.values)
    weights = [(array(d.kernel), array(d.bias)) for d in dense]
    out = np.empty_like(x)
    for image, result in zip(x, out, strict=True):
        pixels = image.reshape(-1, x.shape[-1])
        queries, keys, values = (pixels @ k + b for k, b in weights)
        for number, query in enumerate(queries):
            shares = np.exp(keys @ query)
            found = shares @ values / shares.sum()
            result.reshape(pixels.shape)[number] = (
                pixels[number] + array(layer.gain)[0] * found
            )
    return out


@pytest.mark.parametrize(("channels", "squeeze"), [(8, 2), (3, 8)])
def test_self_attention_is_the_reference(channels, squeeze):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4, channels)).astype("float32")
    layer = layers.SelfAttention2D(squeeze)
    np.testing.assert_array_equal(array(layer(x)), x)  # the gain is 0 at first
    layer.set_weights([rng.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    assert layer.queries.units == max(1, channels // squeeze)
    np.testing.assert_allclose(array(layer(x)), attended(x, layer), 1e-4, 1e-4)
    assert layer.compute_output_shape(x.shape) == x.shape


def test_self_attention_survives_a_file_and_half_precision(tmp_path):
    image = keras.Input((3, 4, 8))
    decay = keras.regularizers.L2(0.1)
    x = layers.SelfAttention2D(4, decay, dtype="mixed_float16", name="attention")(image)
    model = keras.Model(image, x)
    layer = model.get_layer("attention")
    layer.set_weights([np.ones(w.shape) for w in layer.get_weights()])
    assert len(model.losses) == 3
    # Scores of 2 * (8 * 30 + 1)^2 are more than float16 holds.
    assert np.isfinite(array(layer(np.full((1, 3, 4, 8), 30.0, "float32")))).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("attention").get_config() == layer.get_config()
    x = np.random.default_rng(2).normal(size=(3, 3, 4, 8)).astype("float32")
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), model.predict(x, verbose=0)
    )

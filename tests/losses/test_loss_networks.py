"""Losses with a network, compared with its layers written in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from loss_helpers import SIZE, array, gradient, images, network
from scipy import ndimage

from deepface_models.losses import IdentityLoss, PerceptualLoss, StyleLoss

TRUE, PRED = images(4), images(3, seed=1)


def by_hand(values: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs of `network()`, by scipy."""
    weights = [w.astype("float64") for w in network().get_weights()]
    layers, x = {}, values.astype("float64")
    for name, kernel, step in (("fine", weights[0], 1), ("coarse", weights[2], 2)):
        maps = np.empty((*x.shape[:3], kernel.shape[-1]))
        for image, made in zip(x, maps, strict=True):
            for c in range(kernel.shape[-1]):
                parts = [
                    ndimage.correlate(image[..., i], kernel[..., i, c], mode="constant")
                    for i in range(kernel.shape[2])
                ]
                made[..., c] = sum(parts)
        # TensorFlow's "same" starts a stride of 2 at the second pixel of an even side.
        maps = maps if step == 1 else maps[:, 1::2, 1::2]
        x = layers[name] = np.tanh(maps)
    layers["vector"] = x.reshape(len(x), -1) @ weights[4]
    return layers


def mixed(outside: float) -> np.ndarray:
    """The prediction where the mask lets it through."""
    share = outside + (1 - outside) * TRUE[..., 3:4]
    return TRUE[..., :3] + share * (PRED - TRUE[..., :3])


@pytest.mark.parametrize("outside", [0.0, 0.3, 1.0])
def test_identity_is_one_minus_the_cosine(outside):
    a = by_hand(TRUE[..., :3])["vector"]
    b = by_hand(mixed(outside))["vector"]
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    found = array(IdentityLoss(network(), outside=outside).call(TRUE, PRED))
    np.testing.assert_allclose(found, 1 - cosine, rtol=1e-3, atol=1e-6)


def test_identity_of_opposite_vectors_is_two():
    inputs = keras.Input((None, None, 3))
    outputs = keras.layers.GlobalAveragePooling2D()(inputs - 0.5)
    loss = IdentityLoss(keras.Model(inputs, outputs))
    black = np.zeros((1, 8, 8, 3), "float32")
    assert float(loss(black, black + 1)) == pytest.approx(2.0, rel=1e-5)
    gray = black + 0.5  # a vector of zeros
    assert np.isfinite(gradient(lambda p: loss(black, p), gray)).all()


def test_perceptual_is_the_squared_error_of_the_layers():
    a, b = by_hand(TRUE[..., :3]), by_hand(PRED)
    errors = {n: ((a[n] - b[n]) ** 2).reshape(2, -1).mean(1) for n in a}
    names = ("fine", "coarse", "vector")
    found = array(PerceptualLoss(network(), names).call(TRUE[..., :3], PRED))
    np.testing.assert_allclose(found, sum(errors.values()) / 3, rtol=1e-3)
    loss = PerceptualLoss(network(), ("coarse", "fine"), (2.0, 0.5))
    found = array(loss.call(TRUE[..., :3], PRED))
    expected = 2.0 * errors["coarse"] + 0.5 * errors["fine"]
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_perceptual_weighs_maps_by_the_mask():
    a, b = by_hand(TRUE[..., :3])["fine"], by_hand(PRED)["fine"]
    weight = np.broadcast_to(0.3 + 0.7 * TRUE[..., 3:4], a.shape)
    expected = [
        np.average((p - q) ** 2, weights=w)
        for p, q, w in zip(a, b, weight, strict=True)
    ]
    found = array(PerceptualLoss(network(), ("fine",), outside=0.3).call(TRUE, PRED))
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize("outside", [0.0, 1.0])
def test_style_is_the_error_of_the_gram_matrices(outside):
    a, b = by_hand(TRUE[..., :3]), by_hand(mixed(outside))
    expected = 0.0
    for name in ("fine", "coarse"):
        grams = []
        for maps in (a[name], b[name]):
            _, height, width, channels = maps.shape
            grams.append(np.einsum("bijc,bijd->bcd", maps, maps) / (height * width))
        error = ((grams[0] - grams[1]) ** 2).sum((1, 2)) / (4 * channels**2)
        expected = expected + error / 2
    loss = StyleLoss(network(), ("fine", "coarse"), outside=outside)
    np.testing.assert_allclose(array(loss.call(TRUE, PRED)), expected, rtol=1e-3)


def test_style_does_not_ask_where():
    inputs = keras.Input((SIZE, SIZE, 3))
    model = keras.Model(inputs, keras.layers.ReLU(name="same")(inputs))
    loss, true = StyleLoss(model, ("same",)), TRUE[..., :3]
    turned = np.ascontiguousarray(true[:, ::-1, ::-1])
    assert float(loss(true, turned)) == pytest.approx(0.0, abs=1e-7)
    flat = np.full_like(true, 0.5)
    assert float(loss(flat, 0 * flat)) == pytest.approx(0.25**2 / 4, rel=1e-5)


def test_images_are_resized_to_what_the_network_takes():
    loss, half = IdentityLoss(network(SIZE // 2)), SIZE // 2
    true, pred = TRUE[..., :3], PRED
    shrunk = [
        v.reshape(2, half, 2, half, 2, 3).mean((2, 4)).astype("float32")
        for v in (true, pred)
    ]
    np.testing.assert_allclose(
        array(loss.call(true, pred)), array(loss.call(*shrunk)), rtol=1e-3
    )


def test_network_with_a_list_of_one_input_or_of_no_known_size():
    listed = network()
    listed = keras.Model(listed.inputs, listed.outputs)
    expected = array(IdentityLoss(network()).call(TRUE, PRED))
    found = array(IdentityLoss(listed).call(TRUE, PRED))
    np.testing.assert_allclose(found, expected, rtol=1e-5)

    class Mean(keras.Model):
        def call(self, inputs):
            return keras.ops.mean(inputs, axis=(1, 2))

    assert (array(IdentityLoss(Mean()).call(TRUE, PRED)) > 0).all()


@pytest.mark.parametrize(
    "make",
    [
        IdentityLoss,
        lambda model: PerceptualLoss(model, ["coarse"]),
        lambda model: StyleLoss(model, ["coarse"]),
    ],
)
def test_network_may_be_a_file_whose_path_is_stored(tmp_path, make):
    path = tmp_path / "network.keras"
    network().save(path)
    loss = make(path)
    config = loss.get_config()
    assert str(path) in config.values()
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    expected = array(make(network()).call(TRUE, PRED))
    for one in (loss, again):
        np.testing.assert_allclose(array(one.call(TRUE, PRED)), expected, rtol=1e-5)


def test_only_what_lies_before_the_layers_is_stored():
    whole = IdentityLoss(network()).get_config()["embedder"]["weights"]
    part = PerceptualLoss(network(), ["fine"]).get_config()["model"]["weights"]
    assert len(part) == pytest.approx(4 * (27 * 4 + 4) * 4 / 3, rel=0.02)
    assert len(part) < len(whole) / 10


def test_random_start_of_an_embedder_is_kept():
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    loss = IdentityLoss(model)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    a, b = images(3, size=8), images(3, seed=5, size=8)
    found, expected = array(again.call(a, b)), array(loss.call(a, b))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_images_are_resized_for_a_sequential_embedder():
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    a, b = images(3, size=16), images(3, seed=5, size=16)
    small = [keras.ops.image.resize(one[..., :3], (8, 8)) for one in (a, b)]
    loss = IdentityLoss(model, outside=1.0)
    expected = array(loss.call(*small))
    np.testing.assert_allclose(array(loss.call(a, b)), expected, rtol=1e-6)


def test_wrong_arguments_are_told():
    with pytest.raises(
        TypeError, match=r"A int was given as a loss's network. Expected a keras.Model"
    ):
        IdentityLoss(3)
    with pytest.raises(ValueError, match="No such layer: corse"):
        PerceptualLoss(network(), ["corse"])
    with pytest.raises(ValueError, match=r"weights=\(1.0,\).*as many weights or None"):
        PerceptualLoss(network(), ["fine", "coarse"], [1.0])
    with pytest.raises(ValueError, match=r"layers=\(\) and weights.*one layer or more"):
        PerceptualLoss(network(), [])
    with pytest.raises(ValueError, match=r"shapes \[\(None, 6\)\].*Name convolutional"):
        StyleLoss(network(), ["vector"])

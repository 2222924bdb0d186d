from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.data import Augmentation, SwapPairs
from deepface_models.swap import Swift
from deepface_models.swap.swift import principal_components

SMALL = {"image_size": 64, "latent_size": 16, "basis_size": 4}


def logits(values: np.ndarray) -> np.ndarray:
    values = values.reshape(len(values), -1).astype("float64").clip(0.02, 0.98)
    return np.log(values / (1 - values))


def faces_and_masks(people, name: str) -> np.ndarray:
    """(N, 64, 64, 4) float in [0, 1]."""
    masks = people[name].masks()[..., None]
    return np.concatenate([people[name].images / 255, masks], -1).astype("float32")


def basis_of(model: Swift, name: str) -> tuple[np.ndarray, np.ndarray]:
    kernel, bias = model.decoders[name].get_layer("basis").get_weights()
    return kernel, bias


@pytest.mark.parametrize("size", [64, 96, 128, 192])
def test_every_size_draws_a_picture_and_a_mask(size):
    model = Swift(("ana", "ben"), image_size=size, latent_size=8, basis_size=2)
    assert model.encoder.output.shape == (None, 8)
    assert model.output_size == model.image_size == size
    assert model.has_mask
    for name in ("ana", "ben"):
        assert model.output[name].shape == (None, size, size, 4)
        basis = model.decoders[name].get_layer("basis")
        assert basis.kernel.shape == (2, size * size * 4)


@pytest.mark.parametrize("size", [0, 63, 100, 256, 128.0001])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match=f"image_size={size} was given.*64, 96, 128"):
        Swift(("ana", "ben"), image_size=size)


def test_people_share_encoder_and_trunk_and_own_the_rest():
    one = Swift(("ana", "ben"), **SMALL)
    two = Swift(("ana", "ben", "zoe"), **SMALL)
    assert set(one.parts) == {"encoder", "trunk", "decoder.ana", "decoder.ben"}
    own = one.decoders["ana"].count_params()
    assert two.count_params() == one.count_params() + own
    decoders = [{id(w) for w in one.decoders[n].weights} for n in ("ana", "ben")]
    shared = {id(w) for p in ("encoder", "trunk") for w in one.parts[p].weights}
    assert not decoders[0] & decoders[1]
    assert not shared & (decoders[0] | decoders[1])


def test_every_weight_learns(people):
    """After three steps: the last layers of trunk and residual blocks start at zero."""
    keras.utils.set_random_seed(0)
    model = Swift(("ana", "ben"), **SMALL)
    data = SwapPairs(people, 4, steps=1)
    model.adapt(data)
    model.compile(run_eagerly=True)
    for _ in range(3):
        model.train_on_batch(*data[0])
    # A step of plain gradient descent is the gradient.
    model.compile(optimizer=keras.optimizers.SGD(1.0), run_eagerly=True)
    before = [w.copy() for w in model.get_weights()]
    losses = model.train_on_batch(*data[0], return_dict=True)
    assert set(losses) == {"loss", "ana_loss", "ben_loss"}
    for variable, old in zip(model.weights, before, strict=True):
        gradient = old - keras.ops.convert_to_numpy(variable)
        assert np.isfinite(gradient).all(), variable.path
        assert np.abs(gradient).max() > 0, variable.path


def test_fit_lowers_both_losses_and_learns_the_mask(people):
    keras.utils.set_random_seed(0)
    model = Swift(("ana", "ben"), **SMALL)
    model.compile(run_eagerly=True)  # a graph takes longer to trace than 18 steps
    data = SwapPairs(people, 6, steps=6, augmentation=Augmentation.light())
    history = model.fit(data, epochs=3, verbose=0).history
    for name in ("ana_loss", "ben_loss"):
        assert history[name][-1] < 0.9 * history[name][0]
    drawn = model.predict(people["ana"].images, to="ana")[..., 3]
    masks = people["ana"].masks()
    assert drawn[masks > 0.9].mean() > 0.8
    assert drawn[masks < 0.1].mean() < 0.2


def test_principal_components_are_those_of_a_singular_value_decomposition(people):
    faces = faces_and_masks(people, "ben")
    components, mean = principal_components(faces, 6)
    values = logits(faces)
    np.testing.assert_allclose(mean, values.mean(0), atol=1e-4)
    _, scales, rows = np.linalg.svd(values - values.mean(0), full_matrices=False)
    deviations = scales[:6] / np.sqrt(len(faces))
    np.testing.assert_allclose(
        np.linalg.norm(components, axis=1), deviations, rtol=1e-3
    )
    unit = components / np.linalg.norm(components, axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs((unit * rows[:6]).sum(1)), 1.0, atol=1e-3)
    assert components.dtype == mean.dtype == np.float32


def test_components_of_few_faces_reconstruct_them_and_the_rest_is_zero(people):
    faces = faces_and_masks(people, "ana")[:3]
    components, mean = principal_components(faces, 10)
    assert components.shape == (10, 64 * 64 * 4)
    # Three faces span two directions about their mean.
    assert np.abs(components[3:]).max() == 0
    assert np.abs(components[2]).max() < 1e-2
    centred = logits(faces) - mean
    codes = np.linalg.lstsq(components[:2].T, centred.T, rcond=None)[0]
    np.testing.assert_allclose(components[:2].T @ codes, centred.T, atol=0.02)


def test_components_of_bytes_are_those_of_unit_floats(people):
    bytes_ = people["ana"].images
    first = principal_components(bytes_, 4)
    second = principal_components(bytes_.astype("float32") / 255, 4)
    np.testing.assert_allclose(first[1], second[1], atol=1e-5)
    np.testing.assert_allclose(
        np.abs(first[0]), np.abs(second[0]), atol=1e-2 * np.abs(first[0]).max()
    )
    # No mask was given: one half everywhere, which is a logit of zero.
    assert np.abs(first[1].reshape(64, 64, 4)[..., 3]).max() < 1e-6


def test_adapt_gives_each_person_the_own_mean_face(people):
    model = Swift(("ana", "ben"), **SMALL)
    faces = {name: faces_and_masks(people, name) for name in people}
    model.adapt(None, faces)
    for name in people:
        kernel, bias = basis_of(model, name)
        np.testing.assert_allclose(bias, logits(faces[name]).mean(0), atol=1e-4)
        assert np.linalg.norm(kernel, axis=1).min() > 1
    # At first the trunk adds nothing, so that a picture is mean and components.
    latent = np.zeros(16, "float32")
    for name in people:
        mean = 1 / (1 + np.exp(-basis_of(model, name)[1].reshape(64, 64, 4)))
        np.testing.assert_allclose(model.decode(latent, to=name), mean, atol=1e-5)


def test_adapt_leaves_a_person_who_has_a_basis(people):
    model = Swift(("ana", "ben"), **SMALL)
    faces = {name: faces_and_masks(people, name) for name in people}
    model.adapt(None, faces)
    before = {name: basis_of(model, name) for name in people}
    model.adapt(None, {"ana": faces["ben"], "ben": faces["ana"]})
    for name in people:
        for old, new in zip(before[name], basis_of(model, name), strict=True):
            np.testing.assert_array_equal(old, new)


def test_fit_adapts_from_the_data_set(people):
    model = Swift(("ana", "ben"), **SMALL)
    model.compile(optimizer=keras.optimizers.SGD(0.0), run_eagerly=True)
    data = SwapPairs(people, 3, steps=4, augmentation=Augmentation.none())
    model.fit(data, steps_per_epoch=1, verbose=0)
    data.epoch = 0
    for name in people:
        faces = np.concatenate([data[i][1][name] for i in range(4)])[..., :4]
        np.testing.assert_allclose(
            basis_of(model, name)[1], logits(faces).mean(0), atol=1e-4
        )

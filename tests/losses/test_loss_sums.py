"""Adversarial functions of logits, and sums of losses."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from loss_helpers import array, gradient, images

from deepface_models import losses

KINDS = ("lsgan", "hinge", "relativistic")
SIDES = ("discriminator", "generator")


def logits(shape=(6, 3, 3, 1)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    real, fake = rng.normal(0.5, 2, shape), rng.normal(-0.5, 2, shape)
    return real.astype("float32"), fake.astype("float32")


def named(kind, side):
    return getattr(losses, f"{kind}_{side}")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def published(kind: str, side: str, real, fake) -> float:
    """The formulas as the papers print them."""
    if kind == "lsgan":
        value = ((fake - 1) ** 2).mean() / 2
        if side == "discriminator":
            value = ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2
        return value
    if kind == "hinge":
        value = -fake.mean()
        if side == "discriminator":
            value = -np.minimum(0, real - 1).mean() - np.minimum(0, -fake - 1).mean()
        return value
    above = sigmoid(real - fake.mean(0))
    below = sigmoid(fake - real.mean(0))
    if side == "discriminator":
        return -np.log(above).mean() - np.log(1 - below).mean()
    return -np.log(below).mean() - np.log(1 - above).mean()


@pytest.mark.backend
@pytest.mark.parametrize("shape", [(6, 1), (4, 3, 3, 1)])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_adversarial_losses_follow_their_formulas(kind, side, shape):
    real, fake = logits(shape)
    expected = published(kind, side, real.astype("float64"), fake.astype("float64"))
    assert float(named(kind, side)(real, fake)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_adversarial_slopes_are_finite_and_point_the_right_way(kind, side):
    real, fake = logits()
    function = named(kind, side)
    for level in (0.0, 1.0, -200.0, 200.0):
        flat = np.full_like(fake, level)
        assert np.isfinite(gradient(lambda f: function(real, f), flat)).all()
    slope = gradient(lambda f: function(real, f), 0 * fake + 0.5)
    # The generator wants drawn images higher, the discriminator lower.
    assert (slope < 0).all() if side == "generator" else (slope > 0).all()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", KINDS)
def test_adversarial_functions_are_registered_and_take_half_precision(kind, side):
    function = named(kind, side)
    name = keras.saving.get_registered_name(function)
    assert name == f"deepface_models>{kind}_{side}"
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(function)
    )
    assert again is function
    assert "Reference" in function.__doc__
    real, fake = logits()
    value = function(real.astype("float16"), fake.astype("float16"))
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert float(value) == pytest.approx(float(function(real, fake)), rel=1e-2)


def test_generators_that_do_not_use_real_images_accept_none():
    real, fake = logits()
    for generator in (losses.lsgan_generator, losses.hinge_generator):
        assert float(generator(None, fake)) == float(generator(real, fake))


def test_weighted_loss_is_the_weighted_sum():
    true, pred = images(5), images(4, seed=1)
    parts = {losses.MAELoss(): 2.0, losses.SSIMLoss(reduction="sum"): 0.5}
    loss = losses.WeightedLoss(parts)
    expected = sum(w * array(part.call(true, pred)) for part, w in parts.items())
    np.testing.assert_allclose(array(loss.call(true, pred)), expected, rtol=1e-6)
    assert float(loss(true, pred)) == pytest.approx(expected.mean(), rel=1e-6)


def test_weighted_loss_takes_losses_of_keras_and_sums():
    true, pred = images(3), images(3, seed=1)
    inner = losses.WeightedLoss({keras.losses.MeanSquaredError(): 3.0})
    loss = losses.WeightedLoss({inner: 2.0, losses.FaceLoss(): 1.0})
    expected = 6 * ((true - pred) ** 2).mean() + float(losses.FaceLoss()(true, pred))
    assert float(loss(true, pred)) == pytest.approx(expected, rel=1e-5)


def test_weighted_loss_comes_back_from_its_config():
    parts = {losses.LogCoshLoss(7.0): 2.0, losses.EdgeLoss(outside=0.0): 0.5}
    loss = losses.WeightedLoss(parts, name="mine", reduction="sum")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.get_config() == loss.get_config()
    assert [type(part) for part in again.losses] == [type(part) for part in parts]
    true, pred = images(5), images(4, seed=1)
    assert float(again(true, pred)) == pytest.approx(float(loss(true, pred)), rel=1e-6)


def test_weighted_loss_is_the_loss_of_a_named_output():
    inputs = keras.Input((16, 16, 3))
    outputs = {"face": keras.layers.Conv2D(3, 1, name="face")(inputs)}
    model = keras.Model(inputs, outputs)
    sums = {losses.MAELoss(): 1.0, losses.SSIMLoss(): 1.0}
    model.compile(loss={"face": losses.WeightedLoss(sums)})
    true = images(5, size=16)
    pred = array(model(true[..., :3])["face"]).astype("float32")
    expected = sum(float(loss(true, pred)) for loss in sums)
    found = model.evaluate(true[..., :3], {"face": true}, verbose=0)
    assert found == pytest.approx(expected, rel=1e-4)


def test_weighted_loss_rejects_other_objects():
    with pytest.raises(ValueError, match=r"losses=\{\} was given.*MAELoss\(\): 1.0"):
        losses.WeightedLoss({})
    with pytest.raises(
        TypeError, match=r"'mae' was given as a loss\. Expected a keras"
    ):
        losses.WeightedLoss({"mae": 1.0})

"""The contract of all losses of images."""

from __future__ import annotations

import inspect

import keras
import loss_helpers
import numpy as np
import pytest
from loss_helpers import MADE, REGIONAL, SIZE, array, gradient, images

from deepface_models import losses

pytestmark = pytest.mark.usefixtures("eager")

BASES = {"CompositeLoss", "RegionLoss"}
OTHERS = {"FaceLoss", "MaskLoss", "ImageLoss", "WeightedLoss"}  # own tests
every = pytest.mark.parametrize("name", MADE)
# One of each kind of operation: JAX takes seconds to compile every loss.
LIGHT = {"FLIPLoss", "FrequencyLoss", "GMSDLoss", "LaplacianLoss", "SSIMLoss"}


def test_none_is_forgotten():
    classes = {n for n in losses.__all__ if inspect.isclass(getattr(losses, n))}
    assert classes == set(MADE) | OTHERS | BASES
    for name in MADE:
        registered = keras.saving.get_registered_name(getattr(losses, name))
        assert registered == f"deepface_models>{name}"
        assert "Reference" in getattr(losses, name).__doc__


@every
def test_one_value_for_each_image_zero_only_for_equals(name):
    loss, true, pred = MADE[name](), images(5), images(4, seed=1)
    values = array(loss.call(true, pred))
    assert values.shape == (2,)
    assert (values > 1e-5).all()
    assert float(loss(true, pred)) == pytest.approx(values.mean(), rel=1e-4)
    alone = array(loss.call(true[1:], pred[1:]))
    np.testing.assert_allclose(values[1:], alone, rtol=1e-3)
    np.testing.assert_allclose(array(loss.call(true, true[..., :4])), 0, atol=1e-6)


@every
def test_extra_channels_of_the_prediction_do_not_matter(name):
    loss, true, pred = MADE[name](), images(3), images(4, seed=1)
    values = array(loss.call(true, pred))
    np.testing.assert_array_equal(values, array(loss.call(true, pred[..., :3])))


@every
def test_gradient_is_finite_at_black_white_and_equality(name):
    loss, face = MADE[name](), images(5)
    for level in (0.0, 1.0):
        flat = np.full((2, SIZE, SIZE, 3), level, "float32")
        true = face.copy()
        true[..., :3] = flat
        for expected, pred in ((face, flat), (true, flat), (true, 1 - flat)):
            slope = gradient(lambda p, w=expected, f=loss: f(w, p), pred)
            assert np.isfinite(slope).all()
    slope = gradient(lambda p: loss(face, p), face[..., :3])
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() < 0.1
    other = images(3, seed=1)
    slope = gradient(lambda p: loss(face, p), other)
    assert np.isfinite(slope).all()
    assert np.abs(slope).max() > 1e-7


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.backend] * (n in LIGHT)) for n in MADE],
)
def test_the_gradient_foretells_a_small_step(name):
    loss, true, pred = MADE[name](), images(5), images(3, seed=1)
    slope = gradient(lambda p: loss(true, p), pred)
    assert np.isfinite(gradient(lambda p: loss(true, p), 0 * pred)).all()
    step = 1e-3 / np.abs(slope).max() * slope
    before, after = float(loss(true, pred)), float(loss(true, pred - step))
    expected = float((slope * step).sum())
    assert before - after == pytest.approx(expected, rel=0.25, abs=2e-6)


@every
def test_masked_form_ignores_what_is_outside(name):
    loss, true, pred = MADE[name](outside=0.0), images(5), images(3, seed=1)
    outside = true[..., 3:4] == 0
    changed = np.where(outside, 1 - pred, pred)
    value = float(loss(true, pred))
    assert value > 1e-5
    assert float(loss(true, changed)) == pytest.approx(value, rel=1e-5)
    assert float(loss(true, np.where(outside, true[..., :3], pred))) == pytest.approx(
        value, rel=1e-5
    )
    inside = np.where(outside, pred, 0.5 * pred)
    assert float(loss(true, inside)) != pytest.approx(value, rel=1e-2)
    slope = gradient(lambda p: loss(true, p), pred)
    assert not np.any(slope * outside)


@every
def test_outside_of_one_is_the_loss_without_mask(name):
    true, pred = images(4), images(3, seed=1)
    plain = float(MADE[name]()(true[..., :3], pred))
    assert float(MADE[name](outside=1.0)(true, pred)) == pytest.approx(plain, rel=1e-5)
    true[..., 3] = 1.0
    for outside in (0.0, 0.3):
        found = float(MADE[name](outside=outside)(true, pred))
        assert found == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("name", REGIONAL)
def test_errors_count_more_where_the_weight_is_larger(name):
    true, noisy = images(5), images(3, seed=1)
    true[..., 3] = 1.0
    half = (np.arange(SIZE) >= SIZE // 2)[:, None, None]  # the heavier half
    low = np.where(half, noisy, true[..., :3])
    high = np.where(half, true[..., :3], noisy)
    ratios = []
    for regions in (True, False):
        loss = MADE[name](regions=regions)
        ratios.append(float(loss(true, low)) / float(loss(true, high)))
    assert ratios[0] > 1.1 * ratios[1]
    true[..., 4] = 7.0
    same = float(MADE[name]()(true, low))
    assert same == pytest.approx(float(MADE[name](regions=False)(true, low)), rel=1e-4)


@every
def test_no_face_at_all_is_no_error(name):
    true = images(5)
    true[..., 3:] = 0.0
    loss, pred = MADE[name](outside=0.0), images(3, seed=1)
    assert float(loss(true, pred)) == pytest.approx(0.0, abs=1e-6)
    assert not gradient(lambda p: loss(true, p), pred).any()


@every
def test_comes_back_from_its_config(name):
    arguments = {"outside": 0.3, "name": "mine", "reduction": "sum"}
    if name in REGIONAL:
        arguments["regions"] = False
    loss = MADE[name](**arguments)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss)
    config = loss.get_config()
    assert again.get_config() == config
    parameters = inspect.signature(type(loss)).parameters
    named = {k for k, p in parameters.items() if p.kind is not p.VAR_KEYWORD}
    assert named | set(arguments) <= set(config)
    true, pred = images(5), images(4, seed=4)
    assert float(again(true, pred)) == pytest.approx(float(loss(true, pred)), rel=1e-6)


@every
def test_outside_is_checked(name):
    with pytest.raises(ValueError, match=r"outside=1.5 was given\. Expected.*0 to 1"):
        MADE[name](outside=1.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.LogCoshLoss(0), "sharpness=0 was given.*Use sharpness=1"),
        (lambda: losses.MultiScaleSSIMLoss(()), r"powers=\(\) was given.*exponent"),
        (lambda: losses.LaplacianLoss(0), "levels=0 was given.*Use levels=1"),
        (lambda: losses.FrequencyLoss(-1), "alpha=-1 was given.*Use alpha=1"),
        (lambda: losses.GradientLoss(3), "alpha=3 was given.*Use alpha=1"),
        (lambda: losses.EdgeLoss(0), "smooth=0 was given.*Use smooth=0.001"),
        (lambda: losses.FLIPLoss(0), "pixels_per_degree=0 was given.*degree=67"),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_too_small_images_are_refused():
    true = images(3, size=10)
    for loss in (
        losses.SSIMLoss(),
        losses.MultiScaleSSIMLoss(),
        losses.LaplacianLoss(),
    ):
        with pytest.raises(ValueError, match=r"Images of height 10.*Use larger"):
            loss(true, true)


@pytest.mark.backend
@pytest.mark.slow
def test_a_model_trains_with_a_sum_of_them_and_is_saved(tmp_path):
    names = ("FrequencyLoss", "IdentityLoss", "PerceptualLoss", "SSIMLoss")
    weights = {MADE[name](): 0.1 for name in names}
    weights[losses.MaskLoss()] = 0.1
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((SIZE, SIZE, 3)), layers.Conv2D(4, 3, padding="same")]
    )
    model.compile("adam", losses.WeightedLoss(weights))
    true = images(5)
    frozen = [w.copy() for w in loss_helpers.network().get_weights()]
    history = model.fit(true[..., :3], true, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    for loss in weights:
        if isinstance(loss, losses.IdentityLoss):
            for one, other in zip(frozen, loss.embedder.get_weights(), strict=True):
                np.testing.assert_array_equal(one, other)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    expected = model.evaluate(true[..., :3], true, verbose=0)
    found = again.evaluate(true[..., :3], true, verbose=0)
    assert found == pytest.approx(expected, rel=1e-4)

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from skimage.util import view_as_windows

from deepface_models.losses import FaceLoss, ImageLoss, dssim

SIZE = 32


def array(tensor) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor), "float64")


def images(channels: int, seed: int = 0, count: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = rng.random((count, SIZE, SIZE, channels)).astype("float32")
    if channels > 3:
        made[..., 3] = made[..., 3] > 0.5
    if channels > 4:
        made[..., 4] = 1.0 + 2.0 * made[..., 4]
    return made


def windows(images: np.ndarray, block: int) -> np.ndarray:
    """All windows of 2*block pixels, one block apart, along new axes 4 to 7."""
    shape, step = (1, 2 * block, 2 * block, 1), (1, block, block, 1)
    return view_as_windows(images, shape, step=step)


def windowed_dssim(a: np.ndarray, b: np.ndarray, block: int = 4) -> np.ndarray:
    """Mean, variance and covariance of each window, from their definitions."""
    axes = (4, 5, 6, 7)
    x, y = (windows(v.astype("float64"), block) for v in (a, b))
    mx, my = x.mean(axes), y.mean(axes)
    covariance = ((x - x.mean(axes, keepdims=True)) * y).mean(axes)
    c1, c2 = 0.01**2, 0.03**2
    ssim = (2 * mx * my + c1) * (2 * covariance + c2)
    ssim /= (mx**2 + my**2 + c1) * (x.var(axes) + y.var(axes) + c2)
    return (1 - ssim) / 2


def face_loss(true, pred, l1=1.0, structure=1.0, mask=0.5, outside=0.1) -> np.ndarray:
    """The documented formula in numpy, one value an image."""
    weight = np.ones((*true.shape[:3], 1))
    if true.shape[-1] > 3:
        inside = true[..., 3:4] * (true[..., 4:5] if true.shape[-1] > 4 else 1.0)
        weight = outside + (1 - outside) * inside
    axes, rgb = (1, 2, 3), (true[..., :3], pred[..., :3])
    error = (weight * np.abs(rgb[0] - rgb[1])).mean(axes) / weight.mean(axes)
    pooled = windows(weight, 4).mean((4, 5, 6, 7))
    dissimilar = (pooled * windowed_dssim(*rgb)).mean(axes) / pooled.mean(axes)
    total = l1 * error + structure * dissimilar
    if true.shape[-1] > 3 and pred.shape[-1] > 3:
        total += mask * ((true[..., 3] - pred[..., 3]) ** 2).mean((1, 2))
    return total


def gradient(loss, true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes the gradient with TensorFlow")
    with tf.GradientTape() as tape:
        variable = tf.Variable(pred)
        value = loss(true, variable)
    return tape.gradient(value, variable).numpy()


@pytest.mark.parametrize("block", [2, 4])
def test_dssim_is_the_definition_in_each_window(block):
    a, b = images(3), images(3, seed=1)
    found = array(dssim(a, b, block))
    assert found.shape == (2, SIZE // block - 1, SIZE // block - 1, 3)
    np.testing.assert_allclose(found, windowed_dssim(a, b, block), atol=2e-5)


def test_dssim_follows_scikit_image(people):
    face = people["ana"].images[0].astype("float32") / 255
    rng = np.random.default_rng(0)
    for noise in (0.02, 0.08, 0.3):
        other = np.clip(face + rng.normal(0, noise, face.shape), 0, 1).astype("float32")
        ssim = structural_similarity(
            face,
            other,
            win_size=7,
            channel_axis=2,
            data_range=1.0,
            use_sample_covariance=False,
        )
        assert array(dssim(face[None], other[None])).mean() == pytest.approx(
            (1 - ssim) / 2, abs=0.02
        )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.5, 1.0]), st.booleans())
def test_dssim_is_symmetric_bounded_and_zero_for_equals(seed, level, flat):
    a = images(3, seed, 1)
    b = np.full_like(a, level) if flat else (a > level).astype("float32")
    value = array(dssim(a, b))
    np.testing.assert_allclose(value, array(dssim(b, a)), atol=1e-6)
    assert value.min() > -1e-5
    assert value.max() < 1 + 1e-5
    for same in (a, b):
        assert np.abs(array(dssim(same, same))).max() < 1e-5


@pytest.mark.parametrize("drawn", [3, 4])
@pytest.mark.parametrize("channels", [3, 4, 5])
def test_face_loss_is_the_documented_formula(channels, drawn):
    true, pred = images(channels), images(4, seed=7)[..., :drawn] * 0.9
    for arguments in (
        {},
        {"l1": 0.0},
        {"structure": 0.0},
        {"mask": 0.0, "outside": 1.0},
        {"l1": 2.0, "structure": 0.3, "mask": 3.0, "outside": 0.0},
    ):
        expected = face_loss(true, pred, **arguments)
        loss = FaceLoss(**arguments)
        np.testing.assert_allclose(
            array(loss.call(true, pred)), expected, rtol=2e-4, err_msg=str(arguments)
        )
        np.testing.assert_allclose(float(loss(true, pred)), expected.mean(), rtol=2e-4)


def test_face_loss_of_a_perfect_image_is_zero():
    true = images(5)
    assert float(FaceLoss()(true, true[..., :4])) == pytest.approx(0.0, abs=1e-5)


def test_background_counts_by_outside():
    true = np.zeros((1, SIZE, SIZE, 4), "float32")
    true[:, :, : SIZE // 2, 3] = 1.0  # the face is the left half
    left, right = np.zeros((2, 1, SIZE, SIZE, 3), "float32")
    left[:, :, : SIZE // 2] = right[:, :, SIZE // 2 :] = 0.4
    loss = FaceLoss(structure=0.0, mask=0.0, outside=0.1)
    ratio = float(loss(true, right)) / float(loss(true, left))
    assert ratio == pytest.approx(0.1, rel=1e-4)


def test_weight_counts_more_where_it_is_larger():
    true = np.zeros((1, SIZE, SIZE, 5), "float32")
    true[..., 3:] = 1.0
    true[:, :8, :, 4] = 3.0
    top, bottom = np.zeros((2, 1, SIZE, SIZE, 3), "float32")
    top[:, :8] = bottom[:, -8:] = 0.4
    loss = FaceLoss(structure=0.0, mask=0.0, outside=0.0)
    assert float(loss(true, top)) == pytest.approx(3 * float(loss(true, bottom)))


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("channels", [3, 4, 5])
@pytest.mark.parametrize("target", ["same", "opposite", "face"])
def test_gradient_is_finite_at_black_and_white(people, channels, value, target):
    pred = np.full((1, 64, 64, 4), value, "float32")
    true = np.full((1, 64, 64, channels), value, "float32")
    if target == "opposite":
        true = 1.0 - true
    if target == "face":
        true[..., :3] = people["ana"].images[:1] / 255
    slope = gradient(FaceLoss(), true, pred)
    assert np.isfinite(slope).all()
    assert np.any(slope[..., :3]) == (target != "same")


def test_gradient_is_finite_without_any_face():
    true = images(5)
    true[..., 3:] = 0.0
    for outside in (0.1, 0.0):
        assert np.isfinite(
            gradient(FaceLoss(outside=outside), true, images(4, seed=3))
        ).all()


def test_image_loss_is_the_mean_absolute_error_of_the_colors():
    true, pred = images(5), images(4, seed=2)
    expected = np.abs(true[..., :3] - pred[..., :3]).mean()
    assert float(ImageLoss()(true, pred)) == pytest.approx(expected, rel=1e-5)
    true[..., 3:] = 9.0
    assert float(ImageLoss()(true, pred)) == pytest.approx(expected, rel=1e-5)
    slope = gradient(ImageLoss(), true, pred)
    assert np.isfinite(slope).all()
    assert not slope[..., 3].any()


@pytest.mark.parametrize(
    "loss",
    [
        FaceLoss(2.0, 3.0, 4.0, 0.5, name="mine", reduction="sum"),
        ImageLoss(name="mine", reduction="sum"),
    ],
)
def test_losses_come_back_from_their_config(loss):
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    true, pred = images(5), images(4, seed=4)
    assert float(again(true, pred)) == float(loss(true, pred))
    # Summed over two images.
    assert float(loss(true, pred)) == pytest.approx(array(loss.call(true, pred)).sum())

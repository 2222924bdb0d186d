"""Each pixel and window loss, compared with NumPy, SciPy and scikit-image."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from loss_helpers import array, gradient, images
from scipy import ndimage
from skimage.metrics import structural_similarity

from deepface_models import losses

OUTSIDE = 0.3


def weights(true: np.ndarray, outside=OUTSIDE) -> np.ndarray:
    """What the documented mask and weight channels amount to, (B, H, W, 1)."""
    shape = (*true.shape[:3], 1)
    mask = true[..., 3:4] if true.shape[-1] > 3 else np.ones(shape)
    region = true[..., 4:5] if true.shape[-1] > 4 else np.ones(shape)
    return ((outside + (1 - outside) * mask) * region).astype("float64")


def average(errors: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted mean of each image and its channels."""
    weight = np.broadcast_to(weight, errors.shape)
    return np.array(
        [np.average(e, weights=w) for e, w in zip(errors, weight, strict=True)]
    )


def pair(channels: int, size=32) -> tuple[np.ndarray, np.ndarray]:
    return images(channels, size=size), images(3, seed=1, size=size)


def agree(loss, true, pred, expected, rtol=1e-4):
    found = array(loss.call(true, pred))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-7)


def doubles(true, pred) -> tuple[np.ndarray, np.ndarray]:
    return true[..., :3].astype("float64"), pred.astype("float64")


every_target = pytest.mark.parametrize("channels", [3, 4, 5])


@every_target
def test_errors_of_pixels(channels):
    true, pred = pair(channels)
    a, b = doubles(true, pred)
    weight = weights(true)
    agree(losses.MAELoss(OUTSIDE), true, pred, average(abs(a - b), weight))
    agree(losses.MSELoss(OUTSIDE), true, pred, average((a - b) ** 2, weight))
    for sharpness in (0.01, 1.0, 10.0):
        loss = losses.LogCoshLoss(sharpness, outside=OUTSIDE)
        expected = average(np.log(np.cosh(sharpness * (a - b))) / sharpness, weight)
        agree(loss, true, pred, expected, rtol=2e-3 if sharpness < 1 else 1e-4)


def test_log_cosh_does_not_overflow():
    true = np.zeros((1, 4, 4, 3), "float32")
    value = float(losses.LogCoshLoss(10.0)(true, true + 1000.0))
    assert value == pytest.approx(1000 - np.log(2) / 10, rel=1e-6)


def test_default_outside_is_a_tenth():
    true, pred = pair(5)
    a, b = doubles(true, pred)
    agree(losses.MAELoss(), true, pred, average(abs(a - b), weights(true, 0.1)))
    plain = average(abs(a - b), weights(true[..., :4]))
    agree(losses.MAELoss(OUTSIDE, regions=False), true, pred, plain)


def test_mask_loss_equals_a_computation_by_numpy():
    true, pred = images(5), images(5, seed=1)
    pred[..., 3] = pred[..., 0]
    expected = ((true[..., 3] - pred[..., 3]) ** 2).mean((1, 2))
    agree(losses.MaskLoss(), true, pred[..., :4], expected)
    agree(losses.MaskLoss(), true, true[..., :4], 0.0)
    with pytest.raises(ValueError, match=r"Targets of 5 and predictions of 3 .*four"):
        losses.MaskLoss()(true, pred[..., :3])
    again = keras.losses.deserialize(keras.losses.serialize(losses.MaskLoss("m")))
    assert again.name == "m"


@every_target
def test_ssim_is_that_of_scikit_image(channels):
    true, pred = pair(channels)
    maps = [
        structural_similarity(
            a,
            b,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=2,
            data_range=1.0,
            full=True,
        )[1]
        for a, b in zip(*doubles(true, pred), strict=True)
    ]
    inner = (slice(None), slice(5, -5), slice(5, -5))
    expected = average((1 - np.array(maps))[inner] / 2, weights(true)[inner])
    agree(losses.SSIMLoss(OUTSIDE), true, pred, expected)


def blurred(values: np.ndarray) -> np.ndarray:
    for axis in (1, 2):
        values = ndimage.gaussian_filter1d(values, 1.5, axis=axis, radius=5)
    return values[:, 5:-5, 5:-5]


def multi_scale(a, b, weight, powers) -> np.ndarray:
    """The paper's product, from variances and covariances by scipy's gaussians."""
    total, c1, c2 = 1.0, 0.01**2, 0.03**2
    for index, power in enumerate(powers):
        ma, mb = blurred(a), blurred(b)
        va, vb = blurred(a * a) - ma**2, blurred(b * b) - mb**2
        similar = (2 * (blurred(a * b) - ma * mb) + c2) / (va + vb + c2)
        if index == len(powers) - 1:
            similar = similar * (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
        inner = weight[:, 5:-5, 5:-5]
        mean = (similar * inner).sum((1, 2)) / inner.sum((1, 2))
        total = total * np.maximum(mean, 1e-4) ** power
        a, b, weight = (
            v.reshape(len(v), v.shape[1] // 2, 2, v.shape[2] // 2, 2, -1).mean((2, 4))
            for v in (a, b, weight)
        )
    return 1 - total.mean(1)


@every_target
def test_multi_scale_ssim_is_the_product_over_scales(channels):
    true, pred = pair(channels, size=64)
    pred = (0.6 * true[..., :3] + 0.4 * pred).astype("float32")
    powers = np.array([0.0448, 0.2856, 0.3001])  # as many as 64 pixels hold
    powers *= 1.0001 / powers.sum()
    expected = multi_scale(*doubles(true, pred), weights(true), powers)
    agree(losses.MultiScaleSSIMLoss(outside=OUTSIDE), true, pred, expected)
    expected = multi_scale(*doubles(true, pred), weights(true), [0.5, 0.2])
    agree(losses.MultiScaleSSIMLoss([0.5, 0.2], outside=OUTSIDE), true, pred, expected)


def test_five_scales_are_those_of_tensorflow():
    tf = pytest.importorskip("tensorflow")
    true, pred = pair(3, size=176)
    pred = (0.6 * true + 0.4 * pred).astype("float32")
    expected = 1 - tf.image.ssim_multiscale(true, pred, 1.0).numpy()
    agree(losses.MultiScaleSSIMLoss(), true, pred, expected)


def prewitt_size(images: np.ndarray) -> np.ndarray:
    """Gradient magnitude of the brightness at half size, inside its border."""
    gray = images @ [0.299, 0.587, 0.114]
    count, height, width = gray.shape
    gray = gray.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4))
    slopes = [ndimage.prewitt(g, axis) / 3 for g in gray for axis in (0, 1)]
    slopes = np.array(slopes).reshape(count, 2, *gray.shape[1:])
    return np.hypot(slopes[:, 0], slopes[:, 1])[:, 1:-1, 1:-1]


@every_target
def test_gmsd_is_the_deviation_of_the_similarity(channels):
    true, pred = pair(channels)
    a, b = (prewitt_size(v) for v in doubles(true, pred))
    c = 170 / 255**2
    similar = (2 * a * b + c) / (a**2 + b**2 + c)
    weight = weights(true).reshape(2, 16, 2, 16, 2).mean((2, 4))[:, 1:-1, 1:-1]
    expected = [
        np.sqrt(np.cov(s.ravel(), aweights=w.ravel(), ddof=0))
        for s, w in zip(similar, weight, strict=True)
    ]
    agree(losses.GMSDLoss(OUTSIDE), true, pred, expected, rtol=2e-3)


def kernel5(values: np.ndarray, axis: int) -> np.ndarray:
    kernel = np.array([1, 4, 6, 4, 1]) / 16
    return ndimage.correlate1d(values, kernel, axis=axis, mode="mirror")


def bands(images: np.ndarray, levels: int) -> list[np.ndarray]:
    """Burt and Adelson's pyramid of (B, H, W, C)."""
    made = []
    for _ in range(levels):
        smaller = kernel5(kernel5(images, 1), 2)[:, ::2, ::2]
        spread = np.zeros_like(images)
        spread[:, ::2, ::2] = 4 * smaller
        made.append(images - kernel5(kernel5(spread, 1), 2))
        images = smaller
    return [*made, images]


@every_target
@pytest.mark.parametrize(("size", "levels"), [(32, 3), (37, 2), (32, 1)])
def test_laplacian_loss_equals_one_on_opencvs_pyramid(channels, size, levels):
    true, pred = pair(channels, size)
    a, b = (bands(v, levels) for v in doubles(true, pred))
    weight, expected = weights(true), 0.0
    for one, other in zip(a, b, strict=True):
        expected = expected + average(abs(one - other), weight)
        weight = kernel5(kernel5(weight, 1), 2)[:, ::2, ::2]
    loss = losses.LaplacianLoss(levels, outside=OUTSIDE)
    agree(loss, true, pred, expected)


def test_laplacian_of_a_flat_difference_is_that_difference():
    true = np.full((1, 32, 32, 3), 0.5, "float32")
    assert float(losses.LaplacianLoss(2)(true, true + 0.2)) == pytest.approx(0.2)


def composite(true, pred) -> tuple[np.ndarray, np.ndarray]:
    a, b = doubles(true, pred)
    mask = true[..., 3:4] if true.shape[-1] > 3 else 1.0
    return a, a + (OUTSIDE + (1 - OUTSIDE) * mask) * (b - a)


@every_target
@pytest.mark.parametrize("alpha", [0.0, 1.0, 1.5])
def test_frequency_loss_equals_a_computation_by_numpy(channels, alpha):
    true, pred = pair(channels, size=30)
    a, b = composite(true, pred)
    power = abs(np.fft.fft2(a - b, axes=(1, 2), norm="ortho")) ** 2
    focus = power ** (alpha / 2)
    focus /= focus.max((1, 2), keepdims=True)
    expected = (focus * power).mean((1, 2, 3))
    loss = losses.FrequencyLoss(alpha, outside=OUTSIDE)
    agree(loss, true, pred, expected)
    if alpha == 0:  # Parseval
        np.testing.assert_allclose(expected, ((a - b) ** 2).mean((1, 2, 3)))


def test_no_gradient_flows_through_the_focus():
    true, pred = pair(3)
    a, b = doubles(true, pred)
    spectrum = np.fft.fft2(b - a, axes=(1, 2), norm="ortho")
    focus = abs(spectrum) / abs(spectrum).max((1, 2), keepdims=True)
    back = np.fft.ifft2(2 * focus * spectrum, axes=(1, 2), norm="ortho").real
    loss = losses.FrequencyLoss()
    slope = gradient(lambda p: loss(true, p), pred)
    np.testing.assert_allclose(slope, back / back.size, atol=1e-7)


@every_target
@pytest.mark.parametrize("alpha", [1, 2])
def test_gradient_loss_equals_a_computation_by_numpy(channels, alpha):
    true, pred = pair(channels)
    a, b = doubles(true, pred)
    weight, expected = weights(true), 0.0
    for axis in (1, 2):
        steps = [abs(np.diff(v, axis=axis)) for v in (a, b)]
        heavy = np.delete(weight, 0, axis)
        expected = expected + average(abs(steps[0] - steps[1]) ** alpha, heavy)
    agree(losses.GradientLoss(alpha, outside=OUTSIDE), true, pred, expected)


@every_target
@pytest.mark.parametrize("smooth", [1e-3, 0.1])
def test_edge_loss_equals_a_computation_by_numpy(channels, smooth):
    true, pred = pair(channels)
    a, b = doubles(true, pred)
    edges = np.stack(
        [[ndimage.laplace(d[..., c]) for c in range(3)] for d in a - b]
    ).transpose(0, 2, 3, 1)[:, 1:-1, 1:-1]
    expected = average(np.hypot(edges, smooth) - smooth, weights(true)[:, 1:-1, 1:-1])
    agree(losses.EdgeLoss(smooth, outside=OUTSIDE), true, pred, expected)


def test_windows_see_nothing_outside_a_mask_that_cuts_all_off():
    true, pred = pair(4)
    inside = true[..., 3:4]
    expected = losses.SSIMLoss(1.0).call(
        true[..., :3], true[..., :3] * (1 - inside) + pred * inside
    )
    count = inside[:, 5:-5, 5:-5].mean((1, 2, 3))
    # Windows outside may reach in, but do not count themselves.
    found = array(losses.SSIMLoss(0.0).call(true, pred)) * count
    assert (found <= array(expected) + 1e-6).all()
    assert (found > 0.5 * array(expected)).all()


@pytest.mark.parametrize("channels", [3, 4, 5])
def test_the_loss_of_the_guide_takes_targets_with_and_without_weights(channels):
    page = Path(__file__).parents[2] / "docs" / "guides" / "add.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    names: dict = {}
    exec(next(text for text in blocks if "class RootLoss" in text), names)
    true, pred = images(channels), images(seed=1)
    found = names["RootLoss"](outside=OUTSIDE)(true, pred)
    errors = np.sqrt(np.abs(true[..., :3].astype("float64") - pred) + 1e-6)
    expected = average(errors, weights(true)).mean()
    assert float(found) == pytest.approx(expected, rel=1e-4)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.media import (
    ColorStatistics,
    apply_statistics,
    lab_to_rgb,
    rgb_to_lab,
    transfer_color,
)

METHODS = ["reinhard", "covariance", "histogram", "none"]


@pytest.fixture(scope="module")
def pair(frames):
    source = frames[0][60:220, 100:260]
    target = np.clip(source * np.array([0.7, 0.9, 1.0]) + [30, 5, -10], 0, 255)
    return source, target.astype(np.uint8)


def mask_of(image):
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    center = np.array(image.shape[:2]) / 2
    distance = np.hypot(y - center[0], x - center[1]) / center.min()
    return np.clip(1.5 - 1.5 * distance, 0, 1).astype(np.float32)


def test_lab_has_the_usual_scale():
    colors = np.array([[[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 0, 1]]], np.float32)
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86]]
    np.testing.assert_allclose(rgb_to_lab(colors)[0], expected, atol=0.1)


def test_lab_round_trip(frames):
    image = frames[0].astype(np.float32) / 255
    again = lab_to_rgb(rgb_to_lab(image))
    assert again.dtype == np.float32
    assert np.abs(again - image).max() * 255 <= 1
    batch = np.stack([image, image])
    np.testing.assert_array_equal(lab_to_rgb(rgb_to_lab(batch))[1], again)


@pytest.mark.parametrize("method", METHODS)
def test_equal_statistics_change_nothing(frames, method):
    image = frames[0]
    for mask in (None, mask_of(image)):
        out = transfer_color(image, image, mask, method)
        assert out.dtype == np.uint8
        assert np.abs(out.astype(int) - image).max() <= 1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), method=st.sampled_from(METHODS))
def test_equal_statistics_change_nothing_for_any_image(seed, method):
    random = np.random.default_rng(seed)
    low, high = sorted(random.integers(0, 257, 2))
    image = random.integers(low, max(high, low + 1), (12, 9, 3)).astype(np.uint8)
    out = transfer_color(image, image, random.random((12, 9)), method)
    assert np.abs(out.astype(int) - image).max() <= 1


@pytest.mark.parametrize("method", ["reinhard", "covariance", "histogram"])
def test_statistics_become_the_targets(pair, method):
    source, target = pair
    mask = mask_of(source)
    out = transfer_color(source, target, mask, method)
    expected = ColorStatistics.from_image(target, mask)
    before = ColorStatistics.from_image(source, mask)
    after = ColorStatistics.from_image(out, mask)
    assert np.abs(after.mean - expected.mean).max() < 1.5
    assert np.abs(before.mean - expected.mean).max() > 4
    assert np.abs(after.deviation - expected.deviation).max() < 1.5


def test_covariance_matches_correlations_too(pair):
    source, target = pair
    shifted = np.clip(target[:, :, [2, 0, 1]], 20, 235)
    expected = ColorStatistics.from_image(shifted)
    source = np.clip(source, 60, 190)
    errors = {}
    for method in ("reinhard", "covariance"):
        out = transfer_color(source.astype(np.float32) / 255, shifted, None, method)
        after = ColorStatistics.from_image(out)
        errors[method] = np.abs(after.covariance - expected.covariance).max()
    assert errors["covariance"] < errors["reinhard"]


@pytest.mark.parametrize("method", METHODS)
def test_float_in_float_out(pair, method):
    source, target = (image.astype(np.float32) / 255 for image in pair)
    out = transfer_color(source, target, None, method)
    assert out.dtype == np.float32 and out.min() >= 0 and out.max() <= 1
    whole = transfer_color(*pair, None, method)
    assert np.abs(out * 255 - whole).max() <= 1.01


@pytest.mark.parametrize("method", METHODS)
def test_zero_mask_changes_nothing(pair, method):
    out = transfer_color(*pair, np.zeros(pair[0].shape[:2]), method)
    np.testing.assert_array_equal(out, pair[0])
    assert out is not pair[0]


@pytest.mark.parametrize("method", ["reinhard", "covariance", "histogram"])
def test_pixels_outside_the_mask_do_not_count(pair, method):
    source, target = pair
    mask = (mask_of(source) > 0).astype(np.float32)
    other = target.copy()
    other[mask == 0] = [255, 0, 255]
    np.testing.assert_array_equal(
        transfer_color(source, target, mask, method),
        transfer_color(source, other, mask, method),
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0, 128, 255])
def test_images_of_one_color_can_be_source_and_target(method, value):
    flat = np.full((8, 8, 3), value, np.uint8)
    busy = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    for source, target in ((flat, busy), (busy, flat)):
        assert transfer_color(source, target, None, method).dtype == np.uint8


def test_apply_statistics_is_what_transfer_does(pair):
    source, target = pair
    has, expected = (ColorStatistics.from_image(image) for image in pair)
    for method in ("reinhard", "covariance"):
        np.testing.assert_array_equal(
            apply_statistics(source, has, expected, method),
            transfer_color(source, target, None, method),
        )
    np.testing.assert_array_equal(
        apply_statistics(source, has, expected, "none"), source
    )


def test_target_of_another_size(pair):
    source, target = pair
    out = transfer_color(source, target[::2, ::3], mask_of(source))
    assert out.shape == source.shape


def test_wrong_images_and_methods_are_refused(pair):
    source, target = pair
    with pytest.raises(ValueError, match="method='magic' was given"):
        transfer_color(source, target, None, "magic")
    with pytest.raises(ValueError, match=r"mask of shape \(2, 2\).*Resize the mask"):
        transfer_color(source, target, np.ones((2, 2)))
    with pytest.raises(ValueError, match="mask is zero everywhere"):
        ColorStatistics.from_image(source, np.zeros(source.shape[:2]))
    has = ColorStatistics.from_image(source)
    with pytest.raises(ValueError, match="'histogram' was given"):
        apply_statistics(source, has, has, "histogram")
    with pytest.raises(ValueError, match=r"Expected \(height, width, 3\)"):
        transfer_color(source[:, :, 0], target)

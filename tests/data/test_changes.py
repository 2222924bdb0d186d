"""Colors and what a camera does: changes of the input's pixels."""

from __future__ import annotations

from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.data import Augmentation, change_colors, degrade
from deepface_models.data import color as C
from deepface_models.data import degradation as D
from deepface_models.media import rgb_to_lab

STILL = Augmentation.none()
COLORS = ({"lightness": 0.3}, {"tint": 0.08}, {"clahe": 1.0}, {"hsv": 0.3})
CAMERA = (
    {"motion_blur": 1.0},
    {"defocus": 1.0, "defocus_size": 0.03},
    {"shrink": 1.0},
    {"noise": 0.1},
    {"jpeg": 1.0},
)
EACH = [(change_colors, c) for c in COLORS] + [(degrade, c) for c in CAMERA]
NAMES = [next(iter(c)) for _, c in EACH]
images = st.builds(
    lambda seed, size, flat: noisy(seed, size) // (8 if flat else 1),
    st.integers(0, 10**6),
    st.sampled_from([16, 48, 64]),
    st.booleans(),
)


def noisy(seed: int = 0, size: int = 64) -> np.ndarray:
    shape = (size, size, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype="uint8")


def smooth(size: int = 64, seed: int = 0) -> np.ndarray:
    small = noisy(seed, 5) // 2 + 64
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


def detail(image: np.ndarray) -> float:
    return float(cv2.Laplacian(image.astype("float32"), cv2.CV_32F).std())


# Of all


@settings(max_examples=25, deadline=None)
@given(images, st.integers(0, 10**6))
def test_nothing_asked_for_leaves_the_image_itself(image, seed):
    rng = np.random.default_rng(seed)
    before = image.copy()
    assert change_colors(image, rng, STILL) is image
    assert degrade(image, rng, STILL) is image
    np.testing.assert_array_equal(image, before)
    assert rng.random() == np.random.default_rng(seed).random()  # no draw either


@settings(max_examples=25, deadline=None)
@given(images)
def test_neutral_parameters_change_no_bit(image):
    rng = np.random.default_rng(0)
    for out in (
        C.shift_lab(image, 0, 0, 0),
        C.shift_hsv(image, 0, 0, 0),
        C.shift_hsv(image, 1, 0, 0),
        D.motion_blur(image, 1.0, 30),
        D.defocus(image, 0.0),
        D.shrink(image, 1.0),
        D.add_noise(image, 0.0, rng),
    ):
        np.testing.assert_array_equal(out, image)


@pytest.mark.parametrize(("function", "ranges"), EACH, ids=NAMES)
@settings(max_examples=12, deadline=None)
@given(image=images, seed=st.integers(0, 10**6))
def test_shape_type_input_and_repeatability_are_kept(function, ranges, image, seed):
    a, before = replace(STILL, **ranges), image.copy()
    out, again = (function(image, np.random.default_rng(seed), a) for _ in range(2))
    assert out.shape == image.shape
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(out, again)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(("function", "ranges"), EACH, ids=NAMES)
def test_each_change_does_something_and_differs_from_draw_to_draw(function, ranges):
    a, rng, image = (
        replace(STILL, **ranges),
        np.random.default_rng(1),
        smooth() // 2 + noisy() // 4,
    )
    outs = [function(image, rng, a) for _ in range(8)]
    assert sum(np.abs(o.astype(int) - image).mean() > 0.2 for o in outs) >= 4
    assert len({o.tobytes() for o in outs}) >= 4


SHARES = [
    i for i, n in enumerate(NAMES) if getattr(replace(STILL, **EACH[i][1]), n) == 1
]


@pytest.mark.parametrize("index", SHARES, ids=[NAMES[i] for i in SHARES])
def test_a_share_is_that_part_of_the_images(index):
    function, ranges = EACH[index]
    a = replace(STILL, **{**ranges, NAMES[index]: 0.25})
    rng, image = np.random.default_rng(2), noisy(size=32)
    changed = np.mean([function(image, rng, a) is not image for _ in range(800)])
    assert changed == pytest.approx(0.25, abs=0.05)


def test_defaults_of_what_is_new_are_off():
    known = {"rotation", "zoom", "shift", "flip", "warp", "color", "color_match"}
    ranges = {"landmark_noise", "clahe_grid", "motion_length", "defocus_size"}
    ranges |= {"shrink_to", "jpeg_quality", "occluded"}
    for a in (Augmentation(), Augmentation.light(), Augmentation.none()):
        for field in fields(a):
            if field.name not in known | ranges:
                assert getattr(a, field.name) == 0.0, field.name


# Color


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.5, 0.5), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_lab_moves_as_documented(lightness, a, b):
    shifts = np.array([lightness, a, b])
    gray = np.full((4, 4, 3), 120, "uint8")
    lab = np.array(cv2.cvtColor(gray, cv2.COLOR_RGB2LAB)[0, 0], float)
    moved = lab + (255 * (shifts > 0) - lab) * np.abs(shifts)
    scale = np.array([100 / 255, 1, 1])
    expected = moved * scale - [0, 128, 128]
    expected = cv2.cvtColor(np.float32(expected)[None, None], cv2.COLOR_LAB2RGB)[0, 0]
    got = C.shift_lab(gray, *shifts)[0, 0] / 255
    np.testing.assert_allclose(got, expected.clip(0, 1), atol=0.03)


def test_lightness_stays_in_its_range_and_fills_it():
    gray, rng = np.full((8, 8, 3), 120, "uint8"), np.random.default_rng(0)
    a = replace(STILL, lightness=0.3)
    light = [rgb_to_lab(change_colors(gray, rng, a) / 255)[0, 0] for _ in range(400)]
    level, tint = np.array(light)[:, 0], np.array(light)[:, 1:]
    own = rgb_to_lab(gray / 255)[0, 0, 0]
    assert level.min() == pytest.approx(own * 0.7, abs=1)
    assert level.max() == pytest.approx(own + (100 - own) * 0.3, abs=1)
    assert np.abs(tint).max() < 3


def test_clahe_evens_out_light_and_leaves_the_tint():
    ramp = np.linspace(0, 1, 64)[None, :, None]
    image = (40 + 30 * ramp + 8 * (noisy() / 255 - 0.5)).astype("uint8")
    out = C.equalize(image, 4)
    assert detail(out) > 1.4 * detail(image)
    before, after = (rgb_to_lab(i / 255)[..., 1:].mean((0, 1)) for i in (image, out))
    np.testing.assert_allclose(after, before, atol=2.0)


@pytest.mark.parametrize(
    ("size", "tiles"), [(64, range(2, 7)), (512, (4, 6, 8, 10, 12))]
)
def test_clahe_has_the_published_grids(size, tiles, monkeypatch):
    seen = []
    monkeypatch.setattr(C, "equalize", lambda image, n: seen.append(n) or image)
    rng, image = np.random.default_rng(0), np.zeros((size, size, 3), "uint8")
    for _ in range(60):
        change_colors(image, rng, replace(STILL, clahe=1.0))
    assert sorted(set(seen)) == list(tiles)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 255))
def test_hue_turns_there_and_back(turn):
    # Saturated, bright colors: dark ones have too few levels to come back.
    image = noisy(turn) // 4
    image[..., turn % 3] += 190
    image[..., (turn + 1) % 3] //= 2
    back = C.shift_hsv(C.shift_hsv(image, turn / 256, 0, 0), -turn / 256, 0, 0)
    error = np.abs(back.astype(int) - image)  # 256 steps of hue, rounded thrice
    assert error.max() <= 24
    assert error.mean() < 4


def test_saturation_and_value_are_added():
    gray = np.full((4, 4, 3), 100, "uint8")
    assert (C.shift_hsv(gray, 0, 0, 0.2) == 151).all()
    assert (C.shift_hsv(gray, 0, 0, -0.5) == 0).all()
    red = np.zeros((4, 4, 3), "uint8")
    red[..., 0] = 200
    pale = C.shift_hsv(red, 0, -0.5, 0)[0, 0].astype(int)
    np.testing.assert_allclose(pale, [200, 100, 100], atol=2)


def test_hsv_ranges_are_the_published_ones(monkeypatch):
    seen = []
    monkeypatch.setattr(C, "shift_hsv", lambda image, *s: seen.append(s) or image)
    rng = np.random.default_rng(0)
    for _ in range(500):
        change_colors(noisy(size=8), rng, replace(STILL, hsv=0.2))
    assert np.abs(seen).max() <= 0.1
    assert (np.ptp(seen, axis=0) > 0.19).all()


# Camera


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 150])
@pytest.mark.parametrize("length", [2.0, 5.0, 8.5])
def test_motion_blur_is_a_centered_line(length, angle):
    dot = np.zeros((33, 33, 3), "uint8")
    dot[16, 16] = 255
    spread = D.motion_blur(dot, length, angle)[..., 0].astype(float)
    rows, columns = np.indices(spread.shape) - 16
    total = spread.sum()
    assert total == pytest.approx(255, abs=8)  # rounded pixel by pixel
    assert abs((spread * rows).sum() / total) < 0.06
    assert abs((spread * columns).sum() / total) < 0.06
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along, across = columns * c + rows * s, rows * c - columns * s
    assert np.abs(across[spread > 0]).max() < 1.5
    assert (spread * along**2).sum() > (spread * across**2).sum()
    assert np.abs(along[spread > 2]).max() <= length / 2 + 1


def test_blurs_keep_the_mean_and_take_detail():
    image = smooth(64) // 2 + noisy() // 2
    for out in (
        D.motion_blur(image, 5.0, 20),
        D.defocus(image, 1.5),
        D.shrink(image, 0.3),
    ):
        assert out.mean() == pytest.approx(image.mean(), abs=1.5)
        assert detail(out) < 0.6 * detail(image)


def test_more_is_left_of_what_is_shrunk_less():
    image = noisy()
    details = [detail(D.shrink(image, part)) for part in (0.1, 0.3, 0.6, 1.0)]
    assert details == sorted(details)
    assert details[0] < details[-1] / 5


@pytest.mark.parametrize("sigma", [0.01, 0.05])
def test_noise_has_the_stated_deviation_and_no_mean(sigma):
    gray = np.full((64, 64, 3), 128, "uint8")
    noise = D.add_noise(gray, sigma, np.random.default_rng(0)).astype(float) - 128
    assert noise.std() == pytest.approx(255 * sigma, rel=0.05)
    assert abs(noise.mean()) < 0.1 * 255 * sigma
    flat = noise.reshape(-1, 3).T
    assert np.abs(np.corrcoef(flat) - np.eye(3)).max() < 0.06


def test_noise_is_cut_off_at_black_and_white():
    for level in (0, 255):
        flat = np.full((32, 32, 3), level, "uint8")
        out = D.add_noise(flat, 0.2, np.random.default_rng(0)).astype(int)
        assert np.abs(out - level).max() < 255  # no byte wraps round
        assert np.mean(out == level) == pytest.approx(0.5, abs=0.05)


def test_jpeg_keeps_colors_in_their_place_and_loses_more_at_low_quality():
    image = smooth(64) // 2
    image[..., 0] += 120
    errors = [
        np.abs(D.jpeg(image, quality).astype(int) - image).mean()
        for quality in (10, 50, 95)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 2


def test_jpeg_qualities_stay_in_their_range(monkeypatch):
    seen = []
    monkeypatch.setattr(D, "jpeg", lambda image, q: seen.append(q) or image)
    rng = np.random.default_rng(0)
    for _ in range(600):
        degrade(noisy(size=8), rng, replace(STILL, jpeg=1.0, jpeg_quality=60))
    assert (min(seen), max(seen)) == (60, 95)


# Wrong ranges


@pytest.mark.parametrize("name", ["jpeg", "hands", "landmark_warp", "hsv", "flip"])
@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan")])
def test_what_is_no_share_is_named(name, value):
    with pytest.raises(ValueError, match=rf"{name}=.* was given\. Expected a number"):
        Augmentation(**{name: value})


@pytest.mark.parametrize("given", [{"shrink_to": 0.0}, {"jpeg_quality": 100}])
def test_impossible_ranges_are_named(given):
    with pytest.raises(ValueError, match=r"shrink_to=.* jpeg_quality=.* were given"):
        Augmentation(**given)


def test_an_unknown_way_to_treat_occlusions_is_named():
    with pytest.raises(ValueError, match=r"occluded='behnd'.*Did you mean 'behind'"):
        Augmentation(occluded="behnd")


def test_strong_has_all_that_is_published_and_the_same_geometry():
    strong, plain = Augmentation.strong(), Augmentation()
    for name in ("rotation", "zoom", "shift", "flip", "warp", "color_match"):
        assert getattr(strong, name) == getattr(plain, name)
    for name in (*NAMES, "hands", "sticks", "glasses"):
        assert getattr(strong, name) > 0, name

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.data import region_weights
from deepface_models.faces import MEAN_FACE_5, MEAN_FACE_68

SIZE = 128
# The mean faces fill the unit square; a margin as around an aligned face.
POINTS = {68: MEAN_FACE_68 * 80 + 24, 5: MEAN_FACE_5 * 80 + 24}
EYES = [POINTS[68][36:42].mean(0), POINTS[68][42:48].mean(0)]
MOUTH = POINTS[68][48:68].mean(0)


def at(weights: np.ndarray, point: np.ndarray) -> float:
    x, y = np.rint(point).astype(int)
    return float(weights[y, x])


@pytest.mark.parametrize("count", [68, 5])
def test_eyes_and_mouth_weigh_more_and_the_rest_one(count):
    weights = region_weights(POINTS[count], SIZE, eyes=3.0, mouth=2.0)
    assert weights.shape == (SIZE, SIZE)
    assert weights.dtype == np.float32
    for eye in EYES:
        assert at(weights, eye) == pytest.approx(3.0, abs=0.1)
    assert at(weights, MOUTH) == pytest.approx(2.0, abs=0.1)
    assert weights.min() == 1.0
    assert weights.max() <= 3.0
    for corner in ((0, 0), (SIZE - 1, 0), (0, SIZE - 1), (SIZE - 1, SIZE - 1)):
        assert at(weights, np.array(corner)) == 1.0
    assert at(weights, POINTS[68][8]) == 1.0  # the chin
    assert 0.03 < np.mean(weights > 1.5) < 0.25


def test_five_points_weigh_about_what_68_do():
    a, b = (region_weights(POINTS[n], SIZE) > 1.5 for n in (68, 5))
    assert (a & b).sum() / (a | b).sum() > 0.5


@pytest.mark.parametrize("count", [68, 5])
def test_weights_mirror_with_the_face(count):
    points = np.rint(POINTS[count])
    weights = region_weights(points, SIZE)
    mirrored = region_weights([SIZE - 1, 0] + points * [-1, 1], SIZE)[:, ::-1]
    # Hulls and boxes are drawn on whole pixels.
    assert np.abs(mirrored - weights).mean() < 0.02


@pytest.mark.parametrize("count", [68, 5])
def test_one_and_one_weigh_nothing_more(count):
    np.testing.assert_array_equal(
        region_weights(POINTS[count], SIZE, eyes=1.0, mouth=1.0), 1.0
    )


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([68, 5]), st.integers(0, 10**6), st.sampled_from([16, 64]))
def test_any_points_give_weights_in_range(count, seed, size):
    """Also those of a face that is cut off, or all in one place."""
    rng = np.random.default_rng(seed)
    spread = rng.choice([0.0, 1.0, 3.0]) * size
    points = rng.uniform(-1, 1, (count, 2)) * spread + size * rng.uniform(-1, 2, 2)
    weights = region_weights(points, size, eyes=4.0, mouth=2.5)
    assert np.isfinite(weights).all()
    assert weights.min() >= 1.0
    assert weights.max() <= 4.0 + 1e-5

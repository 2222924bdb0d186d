"""LDR-FLIP against NVIDIA's own program."""

from __future__ import annotations

import numpy as np
import pytest
from loss_helpers import array

from deepface_models.losses import FLIPLoss

y, x = np.mgrid[:48, :40]
SMOOTH = np.stack(
    [0.5 + 0.5 * np.sin(y / 5), 0.5 + 0.5 * np.cos(x / 7), (x + y) / 88], -1
)[None].astype("float32")
GREEN, BLUE = (np.zeros_like(SMOOTH) + np.eye(3, dtype="float32")[i] for i in (1, 2))
CHECKS = np.broadcast_to(((x // 4 + y // 4) % 2)[None, ..., None], SMOOTH.shape)
PAIRS = {
    "moved and darker": (SMOOTH, np.roll(SMOOTH, 2, 1) * np.float32(0.9)),
    "opposite": (SMOOTH, 1 - SMOOTH),
    "posterised": (SMOOTH, (SMOOTH > 0.5).astype("float32")),
    "green and blue": (GREEN, BLUE),
    "black and white": (0 * SMOOTH, 0 * SMOOTH + 1),
    "checks": (SMOOTH, (0.7 * SMOOTH + 0.3 * CHECKS).astype("float32")),
    "equal": (SMOOTH, SMOOTH),
}
# The mean error that the program flip-evaluator 1.7 prints for these images at 67
# and at 20 pixels per degree, and that of their lower right quarter.
PUBLISHED = {
    ("moved and darker", 67.0): (0.47211, 0.45124),
    ("moved and darker", 20.0): (0.44597, 0.42474),
    ("opposite", 67.0): (0.96843, 0.97925),
    ("opposite", 20.0): (0.96480, 0.97551),
    ("posterised", 67.0): (0.76767, 0.79564),
    ("posterised", 20.0): (0.79597, 0.79188),
    ("green and blue", 67.0): (1.00000, 1.00000),
    ("green and blue", 20.0): (1.00000, 1.00000),
    ("black and white", 67.0): (0.96740, 0.96739),
    ("black and white", 20.0): (0.96740, 0.96739),
    ("checks", 67.0): (0.50728, 0.44760),
    ("checks", 20.0): (0.64715, 0.60519),
    ("equal", 67.0): (0.00000, 0.00000),
    ("equal", 20.0): (0.00000, 0.00000),
}


@pytest.mark.parametrize("ppd", [67.0, 20.0])
@pytest.mark.parametrize("name", PAIRS)
def test_value_is_that_of_the_published_program(name, ppd):
    true, pred = PAIRS[name]
    whole, quarter = PUBLISHED[name, ppd]
    loss = FLIPLoss(ppd, outside=0.0)
    found = array(loss.call(true, pred))
    np.testing.assert_allclose(found, whole, atol=2e-3)
    marked = np.concatenate([true, true[..., :1]], -1)
    marked[..., 3] = (y >= 24) & (x >= 20)
    # Outside a mask of 0 the prediction would be replaced: leave a little of it.
    loss = FLIPLoss(ppd, outside=1e-6)
    np.testing.assert_allclose(array(loss.call(marked, pred)), quarter, atol=2e-3)


def test_default_is_67_pixels_per_degree():
    true, pred = PAIRS["opposite"]
    assert array(FLIPLoss().call(true, pred)) == array(FLIPLoss(67.0).call(true, pred))

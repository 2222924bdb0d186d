from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.data import Augmentation, occlude
from deepface_models.data.occluders import draw_glasses, draw_hand, draw_stick
from deepface_models.faces import MEAN_FACE_5, MEAN_FACE_68, face_mask
from deepface_models.faces._template import FIVE_OF_68, five_points

STILL = Augmentation.none()
DRAWERS = (draw_hand, draw_stick, draw_glasses)
SIZE = 96
POINTS = {68: MEAN_FACE_68 * 60 + 18, 5: MEAN_FACE_5 * 60 + 18}


def portrait(seed: int = 0, size: int = SIZE) -> np.ndarray:
    small = np.random.default_rng(seed).integers(90, 200, (5, 5, 3), dtype="uint8")
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("draw", DRAWERS)
@settings(max_examples=25, deadline=None)
@given(
    count=st.sampled_from([68, 5]),
    seed=st.integers(0, 10**6),
    size=st.sampled_from([32, 96, 128]),
    away=st.sampled_from([0.0, 0.1, 2.0]),
)
def test_any_face_can_be_occluded(draw, count, seed, size, away):
    """Also one that reaches out of the image."""
    rng, face = np.random.default_rng(seed), portrait(seed, size)
    points = POINTS[count] * size / SIZE + rng.normal(0, away * size, 2)
    before, drawn = face.copy(), []
    for _ in range(2):
        drawn.append(draw(face, points, np.random.default_rng(seed)))
    (image, cover), (again, cover_again) = drawn
    np.testing.assert_array_equal(face, before)
    np.testing.assert_array_equal(image, again)
    np.testing.assert_array_equal(cover, cover_again)
    assert image.shape == face.shape
    assert cover.shape == (size, size)
    assert image.dtype == cover.dtype == np.uint8


@pytest.mark.parametrize("draw", DRAWERS)
@pytest.mark.parametrize("count", [68, 5])
def test_cover_says_what_is_hidden(draw, count):
    """Elsewhere the face is as it was, but for a shadow."""
    face, hidden, lit = portrait(), 0.0, 0
    inside = face_mask(POINTS[count], SIZE) > 0.5
    for seed in range(30):
        image, cover = draw(face, POINTS[count], np.random.default_rng(seed))
        change = image.astype(int) - face
        lit = max(lit, int(change[cover == 0].max()))
        full = cover > 180
        assert np.abs(change[full]).mean() > 5
        hidden += (cover[inside] > 127).mean() / 30
        # No black rim between what is drawn and the face.
        rim = (cover > 20) & (cover < 235)
        if rim.sum() > 20 and draw is draw_hand:
            assert image[rim].min() > 20
    assert lit <= 1  # shadows only darken
    assert 0.02 < hidden < 0.4


def test_glasses_are_on_the_eyes_and_turn_with_them():
    turn = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), 25, 1.0)
    for seed in range(10):
        for points in (POINTS[68], POINTS[68] @ turn[:, :2].T + turn[:, 2]):
            rng = np.random.default_rng(seed)
            _, cover = draw_glasses(portrait(), points, rng)
            five = five_points(points)
            down = (five[4] - five[:4].mean(0)) * 0.1  # below bridge and temples
            for far, near in (five[:2], five[2:4]):
                for part in (0.0, 0.5, 1.0):
                    x, y = np.rint(far + (near - far) * part + down).astype(int)
                    assert cover[y, x] > 0
            rows, columns = np.nonzero(cover)
            middle = np.array([columns.mean(), rows.mean()])
            assert np.linalg.norm(middle - five[:4].mean(0)) < 0.08 * SIZE


def test_five_of_the_68_are_dlibs_five():
    np.testing.assert_array_equal(
        five_points(MEAN_FACE_68), MEAN_FACE_68[[*FIVE_OF_68]]
    )
    # dlib's five-point predictor sees the corners a little elsewhere.
    np.testing.assert_allclose(five_points(MEAN_FACE_68), MEAN_FACE_5, atol=0.02)
    assert five_points(MEAN_FACE_5) is MEAN_FACE_5


def test_nothing_asked_for_leaves_the_face_itself():
    face, rng = portrait(), np.random.default_rng(3)
    assert occlude(face, POINTS[68], rng, STILL) == (face, None)
    assert rng.random() == np.random.default_rng(3).random()


@pytest.mark.parametrize("name", ["hands", "sticks", "glasses"])
def test_shares_are_parts_of_the_faces(name):
    face, rng, a = portrait(size=32), np.random.default_rng(0), STILL
    points, a = POINTS[5] / 3, replace(a, **{name: 0.25})
    seen = [occlude(face, points, rng, a)[1] is not None for _ in range(400)]
    assert np.mean(seen) == pytest.approx(0.25, abs=0.06)


def test_several_things_hide_what_each_of_them_hides():
    a = replace(STILL, hands=1.0, sticks=1.0, glasses=1.0)
    for seed in range(5):
        _, cover = occlude(portrait(), POINTS[68], np.random.default_rng(seed), a)
        assert cover is not None
        alone = replace(STILL, glasses=1.0)
        _, first = occlude(portrait(), POINTS[68], np.random.default_rng(seed), alone)
        assert (cover >= first).all()
        assert (cover > first).any()

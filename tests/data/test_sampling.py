from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.data import pose_cells
from deepface_models.data.sampling import draw_balanced
from deepface_models.faces import Box, Face, FaceSet


def posed(angles: list[tuple[float | None, float | None]]) -> FaceSet:
    """Faces that look where the angles (yaw, pitch) say."""
    made = FaceSet(image_size=16, landmarks=5)
    points = np.array([[11, 6], [9, 6], [5, 6], [7, 6], [8, 10]], np.float32)
    for yaw, pitch in angles:
        face = Face(
            *(Box(0, 0, 16, 16), points, 1.0, "hand", np.eye(2, 3), 16),
            yaw=yaw,
            pitch=pitch,
        )
        made.append(face, np.zeros((16, 16, 3), "uint8"))
    return made


def test_yaw_cells_are_those_of_128_between_68_degrees():
    space = np.degrees(np.linspace(-1.2, 1.2, 128))
    yaws = [-80.0, -60.0, -0.5, 0.0, 0.5, 0.6, 33.3, 34.5, 68.0, 75.0, 89.0]
    known = np.searchsorted(space, np.clip(yaws, -68.75, 68.75), side="right")
    found = pose_cells(posed([(y, 0.0) for y in yaws]), "yaw")
    same = known[:, None] == known[None]
    np.testing.assert_array_equal(found[:, None] == found[None], same)
    assert (np.diff(found) >= 0).all()


def test_pose_cells_are_squares_of_five_degrees():
    faces = posed([(0, 0), (2.4, -2.4), (2.6, 0), (0, 2.6), (-7, 40), (-7.4, 42)])
    cells = pose_cells(faces, "pose")
    assert cells[0] == cells[1]
    assert cells[4] == cells[5]
    assert len(set(cells.tolist())) == 4
    assert len(set(pose_cells(faces, "yaw").tolist())) == 4  # pitch does not count


def test_numbers_of_cells_have_no_gaps():
    cells = pose_cells(posed([(-60, 0), (50, 3), (50, 3), (0, -30)]), "pose")
    assert sorted(set(cells.tolist())) == [0, 1, 2]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=60),
    st.integers(1, 40),
    st.integers(0, 10**6),
)
def test_a_batch_is_spread_evenly_over_the_cells(numbers, count, seed):
    cells = np.unique(numbers, return_inverse=True)[1]
    chosen = draw_balanced(cells, count, np.random.default_rng(seed))
    assert chosen.shape == (count,)
    again = draw_balanced(cells, count, np.random.default_rng(seed))
    np.testing.assert_array_equal(chosen, again)
    amount = cells.max() + 1
    drawn = np.bincount(cells[chosen], minlength=amount)
    assert np.abs(drawn - count / amount).max() < 1 + 1e-9
    # Nor is a face drawn twice before its cell is used up.
    of_each = np.bincount(chosen, minlength=len(cells))
    members = np.bincount(cells)[cells]
    assert (of_each <= np.ceil(count / amount / members) + 1).all()


def test_cells_and_their_faces_are_equally_likely():
    cells = np.array([0] * 40 + [1] * 5 + [2])
    rng = np.random.default_rng(0)
    chosen = np.concatenate([draw_balanced(cells, 4, rng) for _ in range(3000)])
    share = np.bincount(cells[chosen]) / len(chosen)
    np.testing.assert_allclose(share, 1 / 3, atol=0.01)
    of_each = np.bincount(chosen, minlength=46) / len(chosen)
    np.testing.assert_allclose(of_each[:40], 1 / 120, rtol=0.4)
    np.testing.assert_allclose(of_each[40:45], 1 / 15, rtol=0.15)


def test_rows_of_a_batch_are_in_no_order():
    cells = np.arange(64)
    rng = np.random.default_rng(0)
    first = [cells[draw_balanced(cells, 8, rng)][0] for _ in range(100)]
    assert np.mean(first) == pytest.approx(32, abs=8)


def test_any_two_faces_of_a_cell_can_meet():
    rng = np.random.default_rng(0)
    pairs = [draw_balanced(np.zeros(20, int), 2, rng) for _ in range(300)]
    assert len({abs(int(a) - int(b)) for a, b in pairs}) > 15


def test_faces_without_a_pose_are_counted():
    faces = posed([(1.0, 2.0), (None, 2.0), (3.0, None)])
    with pytest.raises(ValueError, match=r"2 of 3 faces have no yaw or pitch\. Expect"):
        pose_cells(faces, "yaw")


def test_an_unknown_balance_is_named():
    with pytest.raises(ValueError, match=r"balance='poses'.*Did you mean 'pose'"):
        pose_cells(posed([(1.0, 2.0)]), "poses")

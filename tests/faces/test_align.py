from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepface_models.conversion import paste_face
from deepface_models.faces import (
    FACE_TYPES,
    MEAN_FACE_5,
    MEAN_FACE_68,
    align,
    alignment_matrix,
    face_mask,
    invert,
    template,
    transform_points,
    umeyama,
)
from deepface_models.faces.align import align_part, visible_part

numbers = st.floats(-50, 50)


def restore(face, matrix, frame, mask=None):
    """The inverse of `align`, as `convert` pastes: the mask's pixels only."""
    mask = np.ones(face.shape[:2], np.float32) if mask is None else mask
    return paste_face(face, mask, frame, matrix, blend="alpha")


@given(st.floats(0.1, 5), st.floats(-3.1, 3.1), numbers, numbers)
@settings(max_examples=40, deadline=None)
def test_umeyama_recovers_any_similarity(scale, turn, x, y):
    points = np.random.default_rng(0).normal(size=(12, 2))
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    matrix = np.array([[c, -s, x], [s, c, y]])
    found = umeyama(points, transform_points(points, matrix))
    assert np.allclose(found, matrix, atol=1e-8)


def test_umeyama_never_mirrors():
    points = np.random.default_rng(1).normal(size=(12, 2))
    found = umeyama(points, points * [-1, 1])
    assert np.linalg.det(found[:, :2]) > 0


@pytest.mark.parametrize(
    "src, dst", [(np.zeros((3, 2)), np.ones((4, 2))), (np.ones((3, 2)),) * 2]
)
def test_umeyama_names_wrong_points(src, dst):
    with pytest.raises(ValueError, match="Expected"):
        umeyama(src, dst)


def test_half_reaches_from_brows_to_chin_and_full_adds_the_published_margin():
    assert MEAN_FACE_68[17:27, 1].min() == pytest.approx(0, abs=1e-3)
    assert MEAN_FACE_68[8, 1] == pytest.approx(1, abs=1e-3)
    side = 200
    full = template(68, side, "full")
    margin = 0.2109375 / (1 + 2 * 0.2109375) * side
    assert full[8, 1] == pytest.approx(side - margin - 0.5, abs=0.2)
    assert FACE_TYPES["half"] == 0


def test_mean_face_is_symmetric():
    assert np.allclose(MEAN_FACE_68[36] + MEAN_FACE_68[45] * [1, -1], [1, 0], atol=1e-3)
    assert np.allclose(MEAN_FACE_5[0] + MEAN_FACE_5[2] * [1, -1], [1, 0], atol=1e-3)


@pytest.mark.parametrize("face_type", FACE_TYPES)
@pytest.mark.parametrize("points", [68, 5])
def test_the_template_itself_needs_no_change(face_type, points):
    target = template(points, 128, face_type)
    matrix = alignment_matrix(target, 128, face_type)
    assert np.allclose(matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-9)


def test_unknown_face_type_and_number_of_points_are_named():
    with pytest.raises(ValueError, match="'head'"):
        alignment_matrix(MEAN_FACE_68, 128, "head")
    with pytest.raises(ValueError, match="7 landmarks"):
        alignment_matrix(np.zeros((7, 2)), 128)


@pytest.mark.slow
def test_five_and_sixtyeight_points_give_the_same_crop(portraits, aligner, aligner5):
    corners = np.array([[0, 0], [127, 0], [127, 127], [0, 127.0]])
    for image in portraits.values():
        a, b = aligner.detect(image)[0], aligner5.detect(image)[0]
        there = transform_points(transform_points(corners, invert(a.matrix)), b.matrix)
        assert np.linalg.norm(there - corners, axis=1).mean() < 8


def test_invert_is_exact(face):
    points = np.random.default_rng(0).uniform(0, 500, (20, 2))
    back = transform_points(transform_points(points, face.matrix), invert(face.matrix))
    assert np.allclose(back, points, atol=1e-9)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_align_then_restore_stays_near_the_frame(portrait, face, size):
    matrix = alignment_matrix(face.landmarks, size)
    crop = align(portrait, matrix, size)
    mask = face_mask(transform_points(face.landmarks, matrix), size)
    again = restore(crop, matrix, portrait, mask)
    off = np.abs(again.astype(float) - portrait)
    inside = restore(np.ones((size, size, 3)), matrix, np.zeros(portrait.shape), mask)
    bound = {64: 5.0, 128: 3.0, 256: 1.5}[size]
    assert off[inside[..., 0] > 0.5].mean() < bound


def test_pasting_back_at_full_detail_is_nearly_exact(portrait, face):
    matrix = alignment_matrix(face.landmarks, 1024)
    again = restore(align(portrait, matrix, 1024), matrix, portrait)
    assert np.abs(again.astype(int) - portrait).mean() < 0.8


def test_zero_mask_leaves_every_bit(portrait, face):
    black = np.zeros((128, 128, 3), np.uint8)
    again = restore(black, face.matrix, portrait, np.zeros((128, 128), np.float32))
    assert (again == portrait).all()


def test_outside_the_mask_every_bit_stays(portrait, face):
    mask = face_mask(face.landmarks_aligned, 128)
    white = np.full((128, 128, 3), 255, np.uint8)
    again = restore(white, face.matrix, portrait, mask)
    touched = restore(white, face.matrix, np.zeros_like(portrait), mask) > 0
    assert (again == portrait)[~touched].all()
    assert (again != portrait).any()


def test_restoring_does_not_move_the_face(portrait, face):
    """A shift of half a pixel would show as a slope in the difference."""
    matrix = alignment_matrix(face.landmarks, 256)
    again = restore(align(portrait, matrix, 256), matrix, portrait).astype(float)
    gray, old = again.mean(2), portrait.astype(float).mean(2)
    x0, y0 = face.landmarks.min(0).astype(int)
    x1, y1 = face.landmarks.max(0).astype(int)
    dy, dx = np.gradient(old[y0:y1, x0:x1])
    a = np.stack([dx.ravel(), dy.ravel()], 1)
    shift = np.linalg.lstsq(a, (gray - old)[y0:y1, x0:x1].ravel(), rcond=None)[0]
    assert np.abs(shift).max() < 0.05


def test_float_frames_stay_float(portrait, face):
    frame = portrait.astype(np.float32) / 255
    crop = align(frame, face.matrix, 128)
    assert crop.dtype == np.float32 and 0 <= crop.min() and crop.max() <= 1
    assert restore(crop, face.matrix, frame).dtype == np.float32


def test_face_wholly_outside_the_frame_changes_nothing(portrait):
    far = np.array([[1.0, 0, 9000], [0, 1, 9000]])
    face = np.full((64, 64, 3), 255, np.uint8)
    assert (restore(face, far, portrait) == portrait).all()


def test_shrinking_averages_rather_than_picks():
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    small = align(stripes, np.array([[0.125, 0, 0], [0, 0.125, 0]]), 64)
    inner = small[4:-4, 4:-4].astype(int)
    assert np.abs(inner - 128).max() < 12


@pytest.mark.slow
def test_mask_covers_face_and_forehead_for_both(portraits, aligner, aligner5):
    for image in portraits.values():
        both = []
        for one in (aligner, aligner5):
            points = one.detect(image)[0].landmarks_aligned
            mask = face_mask(points, 128)
            assert mask.dtype == np.float32 and mask.min() == 0 and mask.max() == 1
            assert 0.25 < mask.mean() < 0.6
            both.append(mask > 0.5)
        overlap = (both[0] & both[1]).sum() / (both[0] | both[1]).sum()
        assert overlap > 0.7


def test_dilation_grows_and_shrinks(face):
    points = face.landmarks_aligned
    sizes = [face_mask(points, 128, d).sum() for d in (-0.05, 0, 0.05)]
    assert sizes[0] < sizes[1] < sizes[2]


def test_mask_names_wrong_points():
    with pytest.raises(ValueError, match=r"\(7, 2\)"):
        face_mask(np.zeros((7, 2)), 64)


@settings(max_examples=40, deadline=None)
@given(*[st.floats(-40, 400)] * 2, st.floats(8, 900), st.floats(-3.2, 3.2))
def test_the_visible_part_is_enough(x, y, side, turn):
    frame = np.random.default_rng(0).integers(0, 256, (230, 310, 3)).astype(np.uint8)
    frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), 2))
    scale = 64 / side
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    rotation = np.array([[cos, -sin], [sin, cos]])
    matrix = np.column_stack([rotation, 31.5 - rotation @ np.array([x, y])])
    place = visible_part(matrix, 64, frame.shape)
    part = align_part(frame[place], place, matrix, 64)
    # OpenCV rounds places to 1/32 px, which is not the same from another corner.
    assert np.abs(part.astype(int) - align(frame, matrix, 64)).max() <= 2

"""Colors come from skin; eyes and teeth keep the person's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from convert_helpers import TintModel

from deepface_models.conversion import COLORS, Converter
from deepface_models.conversion.colors import bounded
from deepface_models.conversion.skin import eye_whites, looks_like_skin, skin
from deepface_models.faces import _outlines, template
from deepface_models.media import ColorStatistics, rgb_to_lab

SIZE = 128
POINTS = template(68, SIZE)
SKIN, IRIS, TEETH = (0.75, 0.55, 0.45), (0.25, 0.35, 0.5), (0.9, 0.88, 0.82)


def opened(points):
    """The mean face with its mouth and eyes wide open."""
    points = points.copy()
    points[[65, 66, 67, 55, 56, 57, 58, 59], 1] += SIZE * 0.08
    points[[37, 38, 43, 44], 1] -= SIZE * 0.02
    return points


def hole_of(points, reach=0.0):
    parts = [*_outlines.eyes(points), *_outlines.opened_mouth(points)]
    return _outlines.filled(parts, SIZE, reach) > 0


def made(skin_color=SKIN, background=(0.5, 0.5, 0.5), points=None):
    """A drawn face: skin, whites of the eyes, irises and teeth."""
    points = opened(POINTS) if points is None else points
    image = np.empty((SIZE, SIZE, 3), np.float32)
    image[:] = background
    face = skin(points, SIZE) > 0
    around = np.ones_like(face)
    rows, columns = np.nonzero(face)
    around[: rows.min()], around[rows.max() :] = False, False
    around[:, : columns.min()], around[:, columns.max() :] = False, False
    y, x = np.mgrid[:SIZE, :SIZE]
    shading = (x / SIZE - 0.5)[..., None] * 0.1
    image = np.where(around[..., None], np.float32(skin_color) + shading, image)
    hole = hole_of(points)
    image[hole] = TEETH
    for eye in (points[36:42].mean(0), points[42:48].mean(0)):
        image[np.hypot(x - eye[0], y - eye[1]) < 3] = IRIS
    return np.float32(np.clip(image, 0, 1)), hole


class Drawn(TintModel):
    """Draws the same face, whatever it is shown."""

    image_size = SIZE

    def __init__(self, image):
        super().__init__()
        self.drawn = image

    def predict(self, images, identity):
        mask = np.ones((*self.drawn.shape[:2], 1), np.float32)
        one = np.concatenate([self.drawn, mask], axis=-1)
        return np.repeat(one[None], len(images), axis=0)


@pytest.fixture
def drawn_face(face):
    """A `Face` whose aligned image is the frame itself."""
    points = np.float32(opened(POINTS))
    return replace(face, matrix=np.eye(2, 3), image_size=SIZE, landmarks=points)


def colored(image, frame, face, color="reinhard", **options):
    converter = Converter(Drawn(image), "ben", color=color, mask="hull", **options)
    frame = np.rint(frame * 255).astype(np.uint8)
    return converter.colored(converter.decode([frame], [face])[0])


def test_skin_is_neither_eyes_nor_brows_nor_mouth():
    """No eyes, lips, brows or background in the statistics."""
    for count in (68, 5):
        points = template(count, SIZE)
        where = skin(points, SIZE) > 0
        there = np.rint(template(68, SIZE)).astype(int)
        for part in (slice(37, 39), slice(43, 45), slice(61, 64), slice(18, 21)):
            x, y = there[part].T
            assert not where[y, x].any()
        cheeks = np.rint((POINTS[[2, 14]] + POINTS[[33, 33]]) / 2).astype(int)
        assert where[cheeks[:, 1], cheeks[:, 0]].all()
        assert not where[:4].any() and 0.15 < where.mean() < 0.6


@pytest.mark.parametrize("color", [c for c in COLORS if c != "none"])
def test_lips_and_background_do_not_change_the_skin(drawn_face, color):
    """A wall, a red mouth or dark eyes do not tint the cheeks."""
    image, hole = made()
    plain = colored(image, image, drawn_face, color)
    frame, _ = made(background=(0.0, 0.2, 1.0))
    frame[hole] = (0.6, 0.0, 0.1)
    changed = colored(image, frame, drawn_face, color)
    cheek = np.s_[70:80, 30:40]
    np.testing.assert_allclose(changed[cheek], plain[cheek], atol=0.01)


@pytest.mark.parametrize("color", ["reinhard", "covariance", "histogram"])
def test_irises_and_teeth_keep_their_color(drawn_face, color):
    """Another skin makes neither violet irises nor pink teeth."""
    image, hole = made()
    other = (0.55, 0.35, 0.3)
    frame, _ = made(skin_color=other)
    changed = colored(image, frame, drawn_face, color)
    assert hole.sum() > 100
    far = np.linalg.norm(rgb_to_lab(changed) - rgb_to_lab(image), axis=-1)
    skins = np.linalg.norm(np.diff(rgb_to_lab(np.float32([[SKIN, other]])), axis=1))
    assert far[hole].max() < 0.6 * skins
    # The whites of the eyes are the same, so the light is.
    teeth = hole & (image == np.float32(TEETH)).all(-1)
    if color != "histogram":
        assert np.median(far[teeth]) < 0.1 * skins
    cheek = np.s_[70:80, 30:40]
    np.testing.assert_allclose(changed[cheek], frame[cheek], atol=0.03)


def test_irises_and_teeth_follow_the_light(drawn_face):
    """The light of the scene falls on eyes and teeth too."""
    image, hole = made()
    light = np.float32([0.8, 0.85, 1.0])
    changed = colored(image, image * light, drawn_face)
    lab, lit = rgb_to_lab(changed), rgb_to_lab(image * light)
    before = np.linalg.norm(rgb_to_lab(image) - lit, axis=-1)[hole].mean()
    assert np.linalg.norm(lab - lit, axis=-1)[hole].mean() < before / 2


def test_closed_eyes_have_no_white():
    image, _ = made()
    closed = opened(POINTS)
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        closed[upper] = closed[lower]
    closed[[39, 36], 1] = closed[40, 1]
    closed[[42, 45], 1] = closed[47, 1]
    assert eye_whites(image, closed) is None
    found = eye_whites(image, opened(POINTS))
    np.testing.assert_allclose(
        found.mean, rgb_to_lab(np.float32([[TEETH]]))[0, 0], atol=8
    )


def test_changes_of_contrast_and_color_are_bounded():
    """No blotches where a flat face meets a contrasty frame."""
    flat = ColorStatistics(np.array([60.0, 10, 10]), np.diag([4.0, 1, 1]))
    busy = ColorStatistics(np.array([20.0, 90, -90]), np.diag([400.0, 100, 0.01]))
    reference = bounded(flat, busy)
    np.testing.assert_allclose(reference.deviation, [2.4, 1.15, 0.7], rtol=1e-3)
    assert np.abs(reference.mean - flat.mean).max() <= 50
    near = ColorStatistics(np.array([50.0, 15, 5]), np.diag([5.0, 1.2, 1]))
    np.testing.assert_allclose(bounded(flat, near).covariance, near.covariance)
    np.testing.assert_allclose(bounded(flat, near).mean, near.mean)


def test_glints_and_hair_are_trimmed():
    """Robust statistics."""
    image = np.full((64, 64, 3), SKIN, np.float32)
    image += np.random.default_rng(0).normal(0, 0.02, image.shape).astype(np.float32)
    clean = ColorStatistics.from_image(np.clip(image, 0, 1))
    image[:8] = 1.0
    image[8:14] = 0.05
    image = np.clip(image, 0, 1)
    trimmed = ColorStatistics.from_image(image, trim=2.5)
    assert np.abs(trimmed.mean - clean.mean).max() < 0.5
    assert np.abs(trimmed.deviation / clean.deviation - 1).max() < 0.2
    assert np.abs(ColorStatistics.from_image(image).mean - clean.mean).max() > 2


def test_brows_stay_dark_and_colorless(drawn_face):
    """No blue or gray brows where the frame's skin is another one."""
    dark = (0.16, 0.14, 0.13)
    image, _ = made(skin_color=(0.45, 0.32, 0.24))
    brow = _outlines.filled(_outlines.brows(drawn_face.landmarks), SIZE) > 0
    image[brow] = dark
    frame, _ = made(skin_color=(0.85, 0.66, 0.62))
    changed = rgb_to_lab(colored(image, frame, drawn_face))[brow]
    before = rgb_to_lab(np.float32([[dark]]))[0, 0]
    assert np.abs(changed.mean(0) - before).max() < 18
    assert np.abs(changed.mean(0) - before)[1:].max() < 6


WALLS = {"wall": (0.0, 0.7, 0.2), "hair": (0.08, 0.06, 0.05)}


@pytest.mark.parametrize("what", WALLS)
@pytest.mark.parametrize("which", [0, 1])
def test_neither_wall_nor_hair_beside_a_face_is_pasted(drawn_face, what, which):
    """Landmarks on the wall, of either face, paste no wall."""
    pair = [made()[0], made()[0]]
    wall = np.zeros((SIZE, SIZE), bool)
    wall[50:90, 98:] = True
    pair[which] = np.where(wall[..., None], np.float32(WALLS[what]), pair[which])
    frame = np.rint(pair[1] * 255).astype(np.uint8)
    pasted = {}
    for mask in ("learned*hull", "learned*hull*skin"):
        converter = Converter(Drawn(pair[0]), "ben", mask=mask)
        decoded = converter.decode([frame], [drawn_face])[0]
        pasted[mask] = converter.edged(decoded.mask)
    before, after = pasted.values()
    assert before[wall].sum() > 0.005 * before.sum()
    assert after[wall].sum() < 0.003 * after.sum()
    # Eyes, teeth and the rest of the skin are still pasted.
    assert after[~wall].sum() > 0.85 * before[~wall].sum()
    assert after[hole_of(drawn_face.landmarks)].min() > 0.9


def test_a_turned_head_keeps_the_eye_at_its_edge(drawn_face):
    """An eye near the outline is dark too, and belongs to the face."""
    points = opened(POINTS)
    points[:, 0] = np.where(
        points[:, 0] < 64, 64 - (64 - points[:, 0]) * 0.6, points[:, 0]
    )
    image, _ = made(points=points)
    brow = _outlines.filled(_outlines.brows(points), SIZE) > 0
    image[brow] = (0.1, 0.08, 0.07)
    (like,) = looks_like_skin([image], points)
    assert like[hole_of(points)].min() > 0.8 and like[brow].min() > 0.6


def test_too_little_skin_says_nothing():
    assert (looks_like_skin([made()[0]], POINTS - 500)[0] == 1).all()


def test_teeth_lie_in_the_shade_of_the_frames_mouth(drawn_face):
    """White teeth do not shine in a mouth whose own teeth are in shade."""
    image, hole = made()
    mouth = hole.copy()
    mouth[: int(POINTS[33, 1])] = False
    frame = image.copy()
    frame[mouth] *= np.float32([0.82, 0.8, 0.76])
    lit, shaded = (colored(image, one, drawn_face) for one in (image, frame))
    darker = (rgb_to_lab(lit) - rgb_to_lab(shaded))[..., 0]
    assert 4 < np.median(darker[mouth]) < 12
    assert abs(np.median(darker[hole & ~mouth])) < 0.5
    cheek = np.s_[70:80, 30:40]
    np.testing.assert_allclose(shaded[cheek], lit[cheek], atol=0.01)
    without = frame.copy()
    without[mouth] = (0.3, 0.1, 0.1)  # an open mouth whose teeth are hidden
    hidden = colored(image, without, drawn_face)
    np.testing.assert_allclose(hidden[mouth], lit[mouth], atol=0.01)

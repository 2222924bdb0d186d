"""Measures of what the eye sees, each with a value known beforehand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from evaluate_helpers import CLIPS, SIZE

from deepface_models.conversion import Converter
from deepface_models.data.landmark_warp import landmark_map
from deepface_models.evaluation import contact, likeness, tones
from deepface_models.evaluation.baselines import Photographs
from deepface_models.evaluation.chips import eye_distance
from deepface_models.evaluation.coverage import outside_share
from deepface_models.evaluation.expression import (
    blink_depth,
    eye_opening,
    gain,
    gaze,
    mouth_opening,
    mouth_width,
)
from deepface_models.evaluation.frames import EvaluationFrame
from deepface_models.evaluation.measures import correlation
from deepface_models.evaluation.seen import Watcher
from deepface_models.evaluation.sharpness import detail
from deepface_models.faces import FaceMesh, mesh_matrix
from deepface_models.faces._mesh_points import OVAL
from deepface_models.faces.expressions import smile
from deepface_models.media import read_image, read_video
from deepface_models.provenance import verify

PORTRAITS = Path(__file__).parents[1] / "data" / "faces"
CLIP = np.zeros(40, int)


def made_mesh(mouth=0.0, lids=0.0, width=0.8, look=0.0):
    """One mesh whose eyes are 100 px apart and 40 px wide."""
    mesh = np.zeros((1, 478, 3))
    for outer, inner, iris, x in ((33, 133, 468, -50), (362, 263, 473, 50)):
        mesh[0, [outer, inner], 0] = x - 20, x + 20
        mesh[0, iris, 0] = x + 20 * look
    for upper, lower in ((160, 144), (159, 145), (158, 153), (387, 373), (386, 374)):
        mesh[0, [upper, lower], 1] = -20 * lids, 20 * lids
    mesh[0, [385, 380], 1] = -20 * lids, 20 * lids
    for upper, lower in ((82, 87), (13, 14), (312, 317)):
        mesh[0, [upper, lower], 1] = 80, 80 + 100 * mouth
    mesh[0, [61, 291], 0] = -50 * width, 50 * width
    return mesh


def test_openings_width_and_gaze_of_a_made_mesh():
    mesh = made_mesh(mouth=0.3, lids=0.25, width=0.9, look=-0.5)
    assert mouth_opening(mesh)[0] == pytest.approx(0.3)
    assert eye_opening(mesh)[0] == pytest.approx(0.25)
    assert mouth_width(mesh)[0] == pytest.approx(0.9)
    assert gaze(mesh)[0] == pytest.approx(-0.5)


def turned(mesh, angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return mesh @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])


def test_a_smile_is_seen_with_closed_lips_and_in_a_turned_head():
    mesh = made_mesh()
    mesh[0, [61, 291], 1] = 120
    smiling = mesh.copy()
    smiling[0, [61, 291]] += [[-8, -8, -4], [8, -8, -4]]
    change = smile(smiling)[0] - smile(mesh)[0]
    assert 0.1 < change < 0.2
    np.testing.assert_allclose(smile(turned(smiling, 0.5)), smile(smiling))


def test_gain_sees_what_correlation_does_not():
    source = np.sin(np.arange(40))
    assert correlation(0.3 * source + 5, source, CLIP) == pytest.approx(1)
    assert gain(0.3 * source + 5, source, CLIP) == pytest.approx(0.3)
    assert gain(source, source, CLIP) == pytest.approx(1)
    clips = np.repeat([0, 1], 20)
    shifted = np.where(clips == 0, 0.5 * source, 0.5 * source + 9)
    assert gain(shifted, source, clips) == pytest.approx(0.5)
    holes = np.where(np.arange(40) % 5 == 0, np.nan, 0.5 * source)
    assert gain(holes, source, CLIP) == pytest.approx(0.5)
    assert np.isnan(gain(source, np.ones(40), CLIP))
    assert np.isnan(gain(source[:2], source[:2], CLIP[:2]))


def test_blink_depth_is_the_opening_where_the_source_closes_its_eyes():
    source = np.full(40, 0.3)
    source[10:13] = 0.06
    lazy = np.full(40, 0.4)
    lazy[10:13] = 0.3
    assert blink_depth(source, source, CLIP) == pytest.approx(0.2)
    assert blink_depth(lazy, source, CLIP) == pytest.approx(0.75)
    assert blink_depth(np.full(40, 0.4), source, CLIP) == pytest.approx(1)
    assert np.isnan(blink_depth(lazy, np.full(40, 0.3), CLIP))


@pytest.fixture(scope="module")
def face(aligner):
    """A portrait, its mesh and its 68 landmarks."""
    image = read_image(PORTRAITS / "london_005_neutral.jpg")
    points = aligner.detect(image)[0].landmarks
    mesh, _ = FaceMesh().predict([image], [mesh_matrix(points)])
    return image, mesh[0], points


def test_a_mouth_that_is_warped_open_is_seen_open(face):
    image, mesh, points = face
    moved = points.copy()
    moved[[*range(55, 60), *range(65, 68), *range(5, 12)], 1] += 25
    opened = cv2.remap(
        image, landmark_map(points, moved, len(image)), None, cv2.INTER_LINEAR
    )
    # Between the lips a mouth is dark, which a warp cannot make.
    inner = moved[60:68].astype(np.int32)
    cv2.fillPoly(opened, [inner], (40, 15, 15), cv2.LINE_AA)
    after, _ = FaceMesh().predict([opened], [mesh_matrix(points)])
    wider = mouth_opening(after)[0] - mouth_opening(mesh[None])[0]
    assert wider == pytest.approx(25 / eye_distance(mesh), rel=0.3)
    assert eye_opening(after)[0] == pytest.approx(eye_opening(mesh[None])[0], abs=0.03)


def test_detail_falls_with_blur_and_with_the_model_s_pixels(face):
    image, mesh, _ = face
    distance = float(eye_distance(mesh))
    sharp = detail(image, mesh, distance)
    assert sharp > 0
    assert detail(image, mesh, distance) == sharp
    assert detail(cv2.GaussianBlur(image, (0, 0), 2), mesh, distance) < 0.2 * sharp
    small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    there = mesh.copy()
    there[:, :2] = (mesh[:, :2] + 0.5) / 2 - 0.5
    assert detail(small, there, distance) < 0.6 * sharp
    # At an equal, small distance of the eyes both show the same.
    pair = [detail(*one, distance / 5) for one in ((image, mesh), (small, there))]
    assert pair[1] == pytest.approx(pair[0], rel=0.2)
    flat = np.full_like(image, 90)
    assert detail(flat, mesh, distance) == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
def test_the_reduced_source_has_the_pixels_of_the_output(face, aligner, target_faces):
    """A model may render larger images than it takes."""
    image = face[0]
    found = aligner.detect(image)[0]
    frame = EvaluationFrame("a.png", 0, 0, found, found, image)
    sizes = ((64, 64), (64, 256), (256, 256))
    through = []
    for size, output_size in sizes:
        model = SimpleNamespace(image_size=size, output_size=output_size)
        model.identities, model.predict = ("mb",), None
        watcher = Watcher([frame], target_faces)
        watcher._see_sources(Converter(model, "mb", aligner=aligner), [frame], 0)
        through.append(watcher.sources[0].values["through"])
    assert through[0] < 0.5 * through[1]
    assert through[1] == pytest.approx(through[2])


def test_what_is_pasted_beside_the_face_is_counted(face):
    image, mesh, _ = face
    x, y = mesh[list(OVAL), :2].mean(0).astype(int)
    mask = np.zeros(image.shape[:2], np.float32)
    mask[y - 20 : y + 20, x - 20 : x + 20] = 1  # all of it in the face
    assert outside_share(mask, (0, 0), [mesh, mesh]) == 0
    mask[:10, :80] = 1  # half as much again in the corner of the image
    assert outside_share(mask, (0, 0), [mesh]) == pytest.approx(800 / 2400)
    part = mask[5:, 30:]
    expected = 5 * 50 / (1600 + 5 * 50)
    assert outside_share(part, (30, 5), [mesh]) == pytest.approx(expected)
    assert np.isnan(outside_share(mask * 0, (0, 0), [mesh]))


def test_a_color_that_is_shifted_is_measured(face):
    image, mesh, _ = face
    before = tones.tones(image, mesh)
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    shifted = cv2.cvtColor(lab + np.float32([-6, 3, 2]), cv2.COLOR_Lab2RGB)
    after = tones.tones(np.clip(shifted, 0, 1), mesh)
    for part in ("skin", "iris"):
        assert np.allclose(after[part] - before[part], [-6, 3, 2], atol=1)
        found = tones.difference([after[part]], [before[part]])
        assert found == pytest.approx(7, abs=1)
    assert np.isnan(before["teeth"]).all()  # the mouth is closed
    assert np.isnan(tones.difference([after["teeth"]], [before["teeth"]]))
    assert before["iris"][0] < before["skin"][0]


def test_the_share_of_the_way_to_the_person():
    assert likeness.share(0.7, source=0.7, real=0.3) == 0
    assert likeness.share(0.3, source=0.7, real=0.3) == pytest.approx(1)
    assert likeness.share(0.5, source=0.7, real=0.3) == pytest.approx(0.5)
    assert np.isnan(likeness.share(0.5, source=0.3, real=0.3))
    rows = np.array([[0.0, 0], [3, 4], [0, 0], [np.nan, 0]])
    assert likeness.leave_one_out(rows) == pytest.approx(10 / 3)


def test_shapes_do_not_depend_on_place_size_and_pose(face):
    _, mesh, _ = face
    turn = cv2.Rodrigues(np.array([0.1, 0.4, 0.2]))[0]
    turned = mesh @ turn.T
    # The distance of the eyes is measured in the image: undo what the turn took.
    turned *= eye_distance(mesh) / eye_distance(turned)
    one, two = likeness.shape(mesh), likeness.shape(turned * 3 + 50)
    scale = np.linalg.norm(two) / np.linalg.norm(one)
    person = np.array([one] * 3)
    assert likeness.shape_distance(np.array([two / scale]), person) < 1e-3
    wide = mesh * [1.0, 0.9, 1.0]
    assert likeness.shape_distance(likeness.shape(wide)[None], person) > 0.02
    assert likeness.own_shape_distance(person) == pytest.approx(0, abs=1e-9)


def test_the_sheet_shows_the_widest_mouth_and_the_closed_eyes(tmp_path, face):
    image, mesh, _ = face
    rng = np.random.default_rng(0)
    values = {name: rng.random(200) for name in ("mouth", "eyes", "smile", "gaze")}
    values["mouth"][77], values["eyes"][140] = 2.0, -1.0
    chosen = contact.choose(values)
    assert len(chosen) == contact.COUNT and {77, 140} <= set(chosen)
    assert min(np.diff(chosen)) >= 4
    pair = contact.crops(image, mesh)
    dark = tuple(one // 3 for one in pair)
    contact.write(tmp_path / "sheet.png", [pair] * 3, [dark] * 3)
    sheet = read_image(tmp_path / "sheet.png")
    quarter = sheet.shape[0] // 4
    above, below = sheet[:quarter, -200:], sheet[quarter : 2 * quarter, -200:]
    assert above.mean() > below.mean()
    assert quarter >= 4 * max(one.shape[0] for one in pair)


def test_a_model_that_changes_nothing_has_gain_1(kept):
    for column, near in (("swap", 0.12), ("source", 1e-9)):
        found = kept.summary[column]
        for key in ("mouth_gain", "eyes_gain"):
            assert found[key] == pytest.approx(1, abs=near), (column, key)
        for key in ("smile_gain", "gaze_gain"):  # both hardly move in these frames
            assert found[key] == pytest.approx(1, abs=3 * near), (column, key)
        assert found["seen_mouth"] > 0.95
        assert found["detail"] == pytest.approx(1, abs=0.6)
    assert kept.summary["source"]["likeness"] == 0
    assert abs(kept.summary["swap"]["likeness"]) < 0.1
    assert kept.summary["source"]["detail_through"] > 1
    unchanged = kept.summary["source"]["skin_color"]
    assert kept.summary["swap"]["skin_color"] == pytest.approx(unchanged, abs=2)
    assert np.isnan(kept.summary["source"]["outside"])
    assert kept.summary["swap"]["outside"] < 0.03


def test_the_mean_face_does_not_move_but_gets_near_the_person(kept):
    mean_face = kept.summary["mean_face"]
    assert mean_face["mouth_gain"] < 0.4 and mean_face["gaze_gain"] < 0.4
    assert mean_face["likeness"] > 0.5
    assert mean_face["detail"] < kept.summary["swap"]["detail"]
    assert mean_face["skin_color"] < kept.summary["source"]["skin_color"]


def test_table_and_sheet_show_them(kept, tmp_path):
    text = kept.table()
    assert "mouth by mesh" in text and "pasted beside face" in text
    kept.sheet(tmp_path / "sheet.png")
    assert read_image(tmp_path / "sheet.png").shape[0] > 100
    assert verify(tmp_path / "sheet.png").synthetic
    assert len(kept.to_json()["per_frame"]["swap"]["seen_mouth"]) == len(kept.frames)


def test_real_clips_open_and_close_their_mouths(aligner):
    frames = [f.image for f in read_video(CLIPS / "s1/bbaf2n.mpg", start=10, stop=50)]
    faces = [found[0] for found in aligner.detect_frames(frames)]
    meshes, _ = FaceMesh().predict(frames, [mesh_matrix(f.landmarks) for f in faces])
    theirs = np.array([f.landmarks for f in faces])
    gap = np.linalg.norm(theirs[:, 62] - theirs[:, 66], axis=1)
    assert np.corrcoef(mouth_opening(meshes), gap)[0, 1] > 0.8
    assert np.ptp(mouth_opening(meshes)) > 0.1


def test_a_real_blink_is_seen(aligner):
    frames = [f.image for f in read_video(CLIPS / "s1/bbaf2n.mpg", start=40, stop=64)]
    faces = [found[0] for found in aligner.detect_frames(frames)]
    meshes, _ = FaceMesh().predict(frames, [mesh_matrix(f.landmarks) for f in faces])
    lids, clip = eye_opening(meshes), np.zeros(len(frames), int)
    assert 48 <= 40 + lids.argmin() <= 56
    assert blink_depth(lids, lids, clip) < 0.45


def test_photographs_are_of_the_person_and_as_sharp(kept):
    photographs = kept.summary["photographs"]
    assert photographs["target_share"] == 1
    assert photographs["likeness"] > kept.summary["mean_face"]["likeness"] - 0.05
    # Both are sharpened to the frame's detail.
    assert photographs["detail_own"] > 0.9 * kept.summary["mean_face"]["detail_own"]


def test_photographs_have_the_nearest_expression(target_faces):
    photographs = Photographs(target_faces, "mb", SIZE)
    asked = target_faces.expressions[[3, 0, 7]]
    decoded = photographs.predict(None, identity="mb", expressions=asked + 1e-4)
    assert decoded.shape == (3, SIZE, SIZE, 4)
    images = target_faces.images[[3, 0, 7]] / 255
    np.testing.assert_allclose(decoded[..., :3], images, atol=1e-6)

"""MediaPipe's face mesh and iris networks on every backend."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from faces_helpers import DATA, TRUTH

from deepface_models.core.errors import IntegrityError
from deepface_models.faces import (
    FaceAligner,
    FaceMesh,
    FaceSet,
    invert,
    mesh_matrix,
    models,
    template,
    transform_points,
)
from deepface_models.faces._mesh_points import LEFT_EYE, OVAL, RIGHT_EYE
from deepface_models.faces.models import model_path
from deepface_models.media import read_image

FIRST = next(iter(TRUTH))
# What ai-edge-litert 2.3.0 gives for the same pixels, from mediapipe's files.
FACE = {
    1: (97.269, 111.040, -31.273),
    13: (95.758, 138.060, -11.861),
    33: (57.484, 71.747, 11.018),
    152: (93.779, 173.964, 3.341),
    263: (143.140, 77.470, 9.914),
}
FACE_LOGIT = 23.669
OUTLINE = {
    0: (22.298, 36.501, 6.614),
    4: (35.743, 41.478, 0.342),
    8: (48.363, 38.763, 0.346),
    12: (32.256, 31.899, -2.087),
}
IRIS = {0: (33.600, 35.020, 1.782), 1: (40.383, 33.918, 1.800)}


def run(name, crop):
    from deepface_models.faces import _mesh_network

    network = getattr(_mesh_network, f"{name}_network")()
    network.load_weights(model_path(f"mesh_{name}"))
    outputs = network.predict_on_batch(crop[None].astype(np.float32) / 255)
    return [np.asarray(one)[0] for one in outputs]


def rows(points, expected):
    return points[list(expected)], np.array(list(expected.values()))


@pytest.mark.backend
@pytest.mark.slow_on_tensorflow
def test_the_networks_give_what_mediapipe_s_files_give():
    image = read_image(DATA / FIRST)
    points, logit = run("face", image[82:466:2, 56:440:2])
    np.testing.assert_allclose(*rows(points, FACE), atol=0.02)
    assert logit[0] == pytest.approx(FACE_LOGIT, abs=0.02)
    outline, iris = run("iris", image[190:254, 165:229])
    np.testing.assert_allclose(*rows(outline, OUTLINE), atol=0.05)
    np.testing.assert_allclose(*rows(iris, IRIS), atol=0.05)


@pytest.mark.slow
def test_opencv_gives_what_the_keras_models_give():
    image = read_image(DATA / FIRST)
    crops = {"face": image[82:466:2, 56:440:2], "iris": image[190:254, 165:229]}
    for name, crop in crops.items():
        ours = FaceMesh()._run(name, crop[None].astype(np.float32) / 255)
        for one, other in zip(ours, run(name, crop), strict=True):
            np.testing.assert_allclose(one[0], other, atol=1e-3)


@pytest.fixture(scope="module")
def found(portraits, aligner5):
    faces = [aligner5.detect(image)[0] for image in portraits.values()]
    matrices = [mesh_matrix(face.landmarks) for face in faces]
    return FaceMesh().predict(list(portraits.values()), matrices), matrices


def test_irises_lie_on_the_pupils(portraits, found):
    (points, presence), _ = found
    assert points.shape == (len(TRUTH), 478, 3) and points.dtype == np.float32
    pupils = np.array([truth["pupils"] for truth in TRUTH.values()])
    apart = np.linalg.norm(pupils[:, 0] - pupils[:, 1], axis=1)
    off = np.linalg.norm(points[:, [468, 473], :2] - pupils, axis=2) / apart[:, None]
    assert off.max() < 0.03 and off.mean() < 0.015
    assert presence.min() > 0.9


def test_the_crop_of_a_face_is_about_that_of_its_own_mesh(found):
    (points, _), matrices = found
    for mesh, matrix in zip(points, matrices, strict=True):
        there = mesh[:468, :2] @ matrix[:, :2].T + matrix[:, 2]
        low, high = there.min(0), there.max(0)
        assert np.abs((low + high) / 2 - 95.5).max() < 12
        assert 1.35 < 192 / (high - low).max() < 1.65


def test_a_mirrored_face_has_the_mirrored_mesh(portrait, found):
    (points, _), matrices = found
    last = portrait.shape[1] - 1
    flip = np.array([[-1.0, 0, last], [0, 1, 0], [0, 0, 1]])
    square = np.vstack([matrices[0], [0, 0, 1]])
    inside = np.array([[-1.0, 0, 191], [0, 1, 0], [0, 0, 1]])
    into = (inside @ square @ flip)[:2]
    mirrored, _ = FaceMesh().predict([portrait[:, ::-1]], [into])
    there = mirrored[0, :, :2] * [-1, 1] + [last, 0]
    eye = np.linalg.norm(points[0, 468] - points[0, 473])
    pairs = [*zip(LEFT_EYE, RIGHT_EYE, strict=True), (468, 473), (152, 152), (10, 10)]
    one, two = np.array(pairs).T
    off = np.linalg.norm(there[one] - points[0, two, :2], axis=1) / eye
    assert off.max() < 0.06 and off.mean() < 0.02


def test_one_by_one_and_together_are_equal(portraits, found):
    (points, presence), matrices = found
    for i, image in enumerate(list(portraits.values())[:3]):
        alone, score = FaceMesh().predict([image], [matrices[i]])
        np.testing.assert_allclose(alone[0], points[i], atol=0.01)
        assert score[0] == pytest.approx(presence[i], abs=1e-4)


def test_a_turned_picture_has_a_turned_mesh(portrait, found):
    (points, _), matrices = found
    turned = np.ascontiguousarray(np.rot90(portrait))
    size = portrait.shape[1] - 1
    back = np.array([[0.0, -1, size], [1, 0, 0], [0, 0, 1]])
    into = np.vstack([matrices[0], [0, 0, 1]]) @ back
    mesh, _ = FaceMesh().predict([turned], [into[:2]])
    there = mesh[0, :, :2] @ back[:2, :2].T + back[:2, 2]
    np.testing.assert_allclose(there, points[0, :, :2], atol=0.5)


def test_no_face_has_no_presence_and_no_images_no_points():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (100, 100, 3), np.uint8)
    points, presence = FaceMesh().predict([noise], [mesh_matrix(template(5, 100))])
    assert presence[0] < 0.5 and np.isfinite(points).all()
    points, presence = FaceMesh().predict([], [])
    assert points.shape == (0, 478, 3) and presence.shape == (0,)


def test_wrong_input_is_refused(portrait):
    with pytest.raises(ValueError, match="2 images and 1 matrices"):
        FaceMesh().predict([portrait, portrait], [np.eye(2, 3)])


def test_the_outline_goes_around_the_face(portraits, found):
    (points, _), _ = found
    for mesh in points:
        outline = mesh[list(OVAL), :2]
        inner = mesh[[1, 13, 468, 473], :2]
        assert all(
            cv2.pointPolygonTest(outline, one, False) > 0 for one in inner.tolist()
        )


def test_a_changed_weights_file_is_refused(monkeypatch):
    file, _, license = models.MODELS["mesh_iris"]
    monkeypatch.setitem(models.MODELS, "mesh_iris", (file, "0" * 64, license))
    with pytest.raises(IntegrityError, match="force-reinstall deepface_models"):
        model_path("mesh_iris")


def test_importing_the_mesh_imports_no_keras():
    code = "import sys; from deepface_models.faces import FaceMesh; FaceMesh(); "
    code += "sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.fixture(scope="module")
def aligner_mesh():
    return FaceAligner(image_size=128, landmarks="mesh", embeddings=False)


@pytest.mark.parametrize("name", TRUTH)
def test_the_mesh_gives_the_68_landmarks(portraits, aligner_mesh, name):
    face = aligner_mesh.detect(portraits[name])[0]
    assert face.landmarks.shape == (68, 2) and face.mesh.shape == (478, 3)
    ours = [int(k) for k in TRUTH[name]["landmarks"]]
    theirs = np.array(list(TRUTH[name]["landmarks"].values()))
    pupils = np.array(TRUTH[name]["pupils"])
    apart = np.linalg.norm(pupils[0] - pupils[1])
    off = np.linalg.norm(face.landmarks[ours] - theirs, axis=1) / apart
    assert off.mean() < 0.045


def test_mesh_landmarks_are_left_and_right_as_dlib_s(portrait, aligner, aligner_mesh):
    ours, theirs = (a.detect(portrait)[0] for a in (aligner_mesh, aligner))
    apart = np.linalg.norm(theirs.landmarks[36] - theirs.landmarks[45])
    gaps = np.linalg.norm(ours.landmarks - theirs.landmarks, axis=1) / apart
    assert gaps.mean() < 0.05 and gaps[17:].max() < 0.12
    corners = np.array([[0, 0], [127, 127]])
    back = [transform_points(corners, invert(f.matrix)) for f in (ours, theirs)]
    assert np.abs(back[0] - back[1]).max() < 0.06 * apart  # the same crop


def test_frames_and_images_have_the_same_mesh(portrait, aligner_mesh):
    frames = [np.roll(portrait, 2 * i, axis=1) for i in range(9)]
    found = aligner_mesh.detect_frames(frames)
    for i, faces in enumerate(found):
        moved = faces[0].mesh[:, :2] - found[0][0].mesh[:, :2] - [2 * i, 0]
        assert np.abs(moved).mean() < 1.0


def test_sets_of_mesh_faces_can_be_stored_and_continued(tmp_path, aligner_mesh):
    sources = [DATA / name for name in list(TRUTH)[:2]]
    first = aligner_mesh.extract(sources[:1], tmp_path / "set", progress=False)
    assert first.landmarks == "mesh"
    aligner_mesh.extract(sources, tmp_path / "set", progress=False)
    opened = FaceSet.open(tmp_path / "set")
    assert len(opened) == 2 and opened.landmarks == "mesh"
    assert opened.landmarks_aligned.shape == (2, 68, 2)
    assert opened.masks().mean() > 0.2
    assert opened.faces[0].mesh is None  # not stored
    with pytest.raises(ValueError, match="same settings"):
        FaceAligner(embeddings=False).extract(sources, tmp_path / "set", progress=False)


@pytest.mark.parametrize("wrong", ["meshes", "68", 7, 5.5, None])
def test_other_landmarks_are_refused(wrong):
    with pytest.raises(ValueError, match="landmarks"):
        FaceAligner(landmarks=wrong)


@pytest.mark.slow
def test_the_mesh_never_opens_the_68_point_file():
    code = """
import sys
opened = []
sys.addaudithook(lambda e, a: opened.append(str(a[0])) if e == "open" else None)
from deepface_models.faces import FaceAligner
from deepface_models.media import read_image
face = FaceAligner(landmarks="mesh").detect(read_image(sys.argv[1]))[0]
assert len(face.landmarks) == 68 and face.embedding is not None
assert any("5_face" in name for name in opened)
assert not any("68_face" in name for name in opened)
"""
    command = [sys.executable, "-c", code, str(DATA / FIRST)]
    assert subprocess.run(command).returncode == 0

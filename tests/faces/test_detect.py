from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from faces_helpers import DATA, TRUTH

from deepface_models.core.errors import IntegrityError
from deepface_models.faces import (
    Box,
    CascadeDetector,
    Detection,
    FaceAligner,
    HogDetector,
    blur,
    head_pose,
    licenses,
    model_path,
)
from deepface_models.faces._sequence import near
from deepface_models.faces.detect import merge, rotated_box, rotated_points
from deepface_models.faces.models import check_file
from deepface_models.media import read_image


def eyes(points):
    if len(points) == 68:
        return np.stack([points[36:42].mean(0), points[42:48].mean(0)])
    return np.stack([points[[2, 3]].mean(0), points[[0, 1]].mean(0)])


def test_overlap_is_intersection_over_union():
    a, b = Box(0, 0, 10, 10), Box(5, 0, 15, 10)
    assert a.iou(b) == pytest.approx(1 / 3)
    assert a.iou(Box(20, 20, 30, 30)) == 0
    assert (a.width, a.height, a.area, a.center) == (10, 10, 100, (5, 5))


@pytest.mark.parametrize("name", TRUTH)
@pytest.mark.parametrize("points", [68, 5])
def test_every_portrait_is_found_and_measured(portraits, name, points):
    truth = TRUTH[name]
    found = FaceAligner(landmarks=points, embeddings=False).detect(portraits[name])
    assert len(found) == 1
    x, y, w, h = truth["box"]
    assert found[0].box.iou(Box(x, y, x + w, y + h)) > 0.5
    pupils = np.array(truth["pupils"])
    apart = np.linalg.norm(pupils[0] - pupils[1])
    off = np.linalg.norm(eyes(found[0].landmarks) - pupils, axis=1) / apart
    assert off.max() < 0.12
    if points == 68:
        ours = [int(k) for k in truth["landmarks"]]
        theirs = np.array(list(truth["landmarks"].values()))
        off = np.linalg.norm(found[0].landmarks[ours] - theirs, axis=1) / apart
        assert off.mean() < 0.06


@pytest.mark.parametrize("name", ["skimage_chelsea.jpg", "skimage_rocket.jpg"])
def test_no_face_where_there_is_none(name):
    assert HogDetector(480)(read_image(DATA / name)) == []
    assert HogDetector(640, upsample=1)(read_image(DATA / name)) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 300, 3), (40, 40, 3)])
def test_tiny_images_have_no_face(aligner, shape):
    assert aligner.detect(np.full(shape, 90, np.uint8)) == []


@pytest.mark.parametrize(
    "image", [np.zeros((9, 9)), np.zeros((9, 9, 4)), np.zeros((0, 9, 3))]
)
def test_what_is_no_rgb_image_is_named(aligner, image):
    with pytest.raises(ValueError, match=r"Expected \(height, width, 3\), RGB"):
        aligner.detect(image)


def test_integers_other_than_bytes_are_named(aligner):
    with pytest.raises(ValueError, match="int64"):
        aligner.detect(np.zeros((9, 9, 3), np.int64))


def test_float_images_in_0_to_255_are_refused(aligner, portrait):
    """They were clipped to white, and no face was found in them."""
    bright = portrait.astype(np.float32)
    for method in (aligner.detect, lambda image: aligner.detect_frames([image])):
        with pytest.raises(ValueError, match=r"values from .* Divide by 255"):
            method(bright)


def test_uint8_and_float_images_give_the_same(aligner, portrait):
    a = aligner.detect(portrait)[0]
    b = aligner.detect(portrait.astype(np.float32) / 255)[0]
    assert (a.landmarks == b.landmarks).all()


def test_all_of_several_faces_largest_first(aligner, several):
    faces = aligner.detect(several)
    assert len(faces) == 3
    areas = [face.box.area for face in faces]
    assert areas == sorted(areas, reverse=True)
    one = FaceAligner(embeddings=False, max_faces=1).detect(several)
    assert len(one) == 1 and one[0].box.iou(faces[0].box) > 0.7


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_faces_in_rotated_images_are_found(aligner, portrait, face, turns):
    turned = np.ascontiguousarray(np.rot90(portrait, turns))
    found = aligner.detect(turned)
    assert len(found) == 1
    expected = rotated_points(face.landmarks, turns, portrait)
    apart = np.linalg.norm(face.landmarks[36] - face.landmarks[45])
    assert np.linalg.norm(found[0].landmarks - expected, axis=1).mean() < 0.05 * apart
    upright = aligner.align(turned, found[0]).astype(int)
    assert np.abs(upright - aligner.align(portrait, face)).mean() < 12


@pytest.mark.parametrize("turns", range(-3, 4))
def test_turning_points_follows_numpy(turns):
    image = np.zeros((5, 8, 3))
    image[1, 6] = 1
    x, y = rotated_points(np.array([[6, 1]]), turns, image)[0]
    assert np.rot90(image, turns)[y, x, 0] == 1
    box = rotated_box(Box(6, 1, 7, 2), turns, image)
    assert box.as_tuple() == (x, y, x + 1, y + 1)


def test_ladder_stops_at_the_first_step_that_finds():
    asked = []

    def step(name, found, slow=False):
        def ask(image):
            asked.append(name)
            return found

        ask.slow = slow
        return ask

    hit = [Detection(Box(0, 0, 9, 9), 1.0, "b")]
    steps = [step("a", []), step("b", hit), step("c", hit, slow=True)]
    cascade = CascadeDetector(steps)
    image = np.zeros((9, 9, 3), np.uint8)
    assert cascade(image) == hit and asked == ["a", "b"]
    asked.clear()
    assert CascadeDetector([steps[0], steps[2]]).fast(image) == [] and asked == ["a"]
    assert cascade.thorough(image) == hit and "c" not in asked
    with pytest.raises(ValueError, match="at least one"):
        CascadeDetector([])


def test_merge_keeps_the_better_of_two_on_one_face():
    a = Detection(Box(0, 0, 10, 10), 1.0, "a")
    b = Detection(Box(1, 0, 11, 10), 2.0, "b")
    c = Detection(Box(50, 0, 60, 10), 0.5, "c")
    assert merge([a, b, c]) == [b, c]


def test_near_finds_a_face_that_moved_a_little(portrait, face):
    last = Detection(face.box.moved(12, -9), 1.0, "hog")
    found = near(portrait, last)
    assert found is not None and found.box.iou(face.box) > 0.7
    assert near(np.zeros_like(portrait), last) is None


def test_blur_rises_with_blurring_and_not_with_darkness(portrait, face, aligner):
    import cv2

    sharp = aligner.align(portrait, face)
    soft = cv2.GaussianBlur(sharp, (0, 0), 2)
    softer = cv2.GaussianBlur(sharp, (0, 0), 4)
    assert 0 <= blur(sharp) < blur(soft) < blur(softer) <= 1
    assert blur(sharp // 2) == pytest.approx(blur(sharp), abs=0.03)


@pytest.mark.parametrize("points", [68, 5])
@pytest.mark.slow
def test_pose_of_front_views_and_their_mirror_and_roll(portraits, points):
    one = FaceAligner(landmarks=points, embeddings=False)
    for image in portraits.values():
        face = one.detect(image)[0]
        assert abs(face.yaw) < 15 and abs(face.pitch) < 25 and abs(face.roll) < 10
        mirrored = one.detect(np.ascontiguousarray(image[:, ::-1]))[0]
        assert mirrored.yaw == pytest.approx(-face.yaw, abs=6)
    size = image.shape[1], image.shape[0]
    turn = np.radians(20)
    c, s = np.cos(turn), np.sin(turn)
    center = np.array(size) / 2
    rolled = (face.landmarks - center) @ np.array([[c, s], [-s, c]]) + center
    before = head_pose(face.landmarks, size)[2]
    assert head_pose(rolled, size)[2] == pytest.approx(before + 20, abs=3)


def test_model_files_are_the_published_ones(tmp_path):
    assert model_path("landmarks_5").is_file()
    names = {row["name"] for row in licenses()}
    ours = {"mesh_face", "mesh_iris"}
    assert names == {"landmarks_5", "landmarks_68", "embedding", "mmod"} | ours
    assert all(model_path(name).is_file() for name in ours)
    with pytest.raises(ValueError, match="landmarks_7"):
        model_path("landmarks_7")


def test_changed_model_file_is_refused(tmp_path):
    path = tmp_path / "model.dat"
    path.write_bytes(b"other bytes")
    with pytest.raises(IntegrityError, match="Reinstall"):
        check_file(path, "0" * 64)


def test_five_points_never_open_the_68_point_file():
    code = """
import sys
opened = []
sys.addaudithook(lambda e, a: opened.append(str(a[0])) if e == "open" else None)
import numpy as np
from deepface_models.faces import FaceAligner, face_mask, models
from deepface_models.media import read_image
asked = []
true_path = models.model_path
import deepface_models.faces._dlib as inner
inner.model_path = lambda name: (asked.append(name), true_path(name))[1]
aligner = FaceAligner(landmarks=5)
face, crop = aligner.faces(read_image(sys.argv[1]))[0]
face_mask(face.landmarks_aligned, 128)
assert "landmarks_5" in asked and "landmarks_68" not in asked, asked
assert not any("68_face" in name for name in opened)
assert "keras" not in sys.modules
"""
    image = DATA / next(iter(TRUTH))
    done = subprocess.run(
        [sys.executable, "-c", code, str(image)],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr


def test_an_aligner_with_other_options():
    """`replace` instead of copying and patching."""

    class Quick(FaceAligner):
        def __init__(self):
            super().__init__(96, embeddings=False)
            self.extra = 7

    first = Quick()
    second = first.replace(embeddings=4)
    assert (first.embeddings, second.embeddings) == (False, 4)
    assert second.detector is first.detector and second.image_size == 96
    assert type(second) is Quick and second.extra == 7
    with pytest.raises(ValueError, match=r"option='face_typ'.*mean 'face_type'"):
        first.replace(face_typ="half")
    with pytest.raises(ValueError, match=r"image_size=8 was given"):
        first.replace(image_size=8)

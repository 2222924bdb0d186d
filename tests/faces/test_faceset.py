from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from faces_helpers import made_face

from deepface_models.core.errors import FaceNotFoundError, MediaError
from deepface_models.faces import FaceSet
from deepface_models.faces._table import COLUMNS
from deepface_models.media import read_image


def image(seed, size=32):
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)


def filled(folder=None, count=6, sources=("a.mp4",)):
    made = FaceSet(32) if folder is None else FaceSet.create(folder, 32)
    for i in range(count):
        embedding = np.full(128, i % 2, np.float32)
        face = made_face(100 + i, blur=i / 10, yaw=float(-20 * i), embedding=embedding)
        source = sources[i * len(sources) // count]
        made.append(face, image(i), source, i, i / 25)
    return made


@pytest.mark.parametrize("on_disk", [False, True])
def test_everything_comes_back(tmp_path, on_disk):
    made = filled(tmp_path / "set" if on_disk else None)
    if on_disk:
        made.save()
        made = FaceSet.open(tmp_path / "set")
    assert len(made) == 6 and made.image_size == 32
    assert made.images.shape == (6, 32, 32, 3) and made.images.dtype == np.uint8
    for i, face in enumerate(made.faces):
        expected = made_face(100 + i)
        assert (made.images[i] == image(i)).all()
        assert np.allclose(face.landmarks, expected.landmarks, atol=1e-3)
        assert np.allclose(face.matrix, expected.matrix)
        assert face.box == expected.box and face.blur == i / 10
    assert made.landmarks_aligned.shape == (6, 68, 2)
    assert made.masks().shape == (6, 32, 32) and made.masks().max() == 1
    assert made.embeddings.shape == (6, 128)
    assert np.allclose(made.mean_embedding, 0.5)
    assert made.sources == ["a.mp4"] and made.frames.tolist() == list(range(6))
    assert tuple(made.table[0]) == COLUMNS


def test_the_table_opens_in_pandas(tmp_path):
    pandas = pytest.importorskip("pandas")
    made = filled(tmp_path / "set")
    table = pandas.read_csv(tmp_path / "set" / "table.csv")
    assert list(table.columns) == list(COLUMNS) and len(table) == 6
    assert table["yaw"].tolist() == [-20.0 * i for i in range(6)]
    frame = made.to_pandas()
    assert frame["landmarks"][0].shape == (68, 2)
    assert frame["embedding"][1].tolist() == [1.0] * 128


def test_torn_last_line_is_left_out_and_mended(tmp_path):
    filled(tmp_path / "set")
    table = tmp_path / "set" / "table.csv"
    table.write_bytes(table.read_bytes()[:-40])
    again = FaceSet.open(tmp_path / "set")
    assert len(again) == 5
    again.drop([True] * 5)
    again.append(made_face(), image(9))
    whole = FaceSet.open(tmp_path / "set")
    assert len(whole) == 6 and (whole.images[5] == image(9)).all()


def test_deleting_an_image_removes_its_face(tmp_path):
    filled(tmp_path / "set")
    (tmp_path / "set" / "faces" / "000002.png").unlink()
    again = FaceSet.open(tmp_path / "set")
    assert again.frames.tolist() == [0, 1, 3, 4, 5]
    again.append(made_face(), image(9))
    assert len(list((tmp_path / "set" / "faces").glob("*.png"))) == 6


def test_truncated_image_is_named(tmp_path):
    filled(tmp_path / "set")
    path = tmp_path / "set" / "faces" / "000001.png"
    path.write_bytes(b"")
    with pytest.raises(MediaError, match=r"000001\.png"):
        _ = FaceSet.open(tmp_path / "set").images


@pytest.mark.parametrize("kind", ["larger", "long", "jpeg"])
def test_only_bounded_images_are_decoded(tmp_path, kind, monkeypatch):
    """A stranger's face must not fill the memory."""
    filled(tmp_path / "set")
    path = tmp_path / "set" / "faces" / "000001.png"
    whole = path.read_bytes()
    if kind == "larger":
        stated = struct.pack(">II", 30_000, 30_000)
        path.write_bytes(whole[:16] + stated + whole[24:])
    elif kind == "long":
        path.write_bytes(whole + bytes(2**21))
    else:
        cv2.imwrite(str(path.with_suffix(".jpg")), image(1))
        path.with_suffix(".jpg").replace(path)

    def never(*arguments):
        pytest.fail("it was decoded")

    faces = FaceSet.open(tmp_path / "set")
    monkeypatch.setattr(cv2, "imdecode", never)
    monkeypatch.setattr(cv2, "imread", never)
    with pytest.raises(MediaError, match=r"000001\.png is not an image of 32x32"):
        _ = faces.select([1]).images


def test_missing_or_damaged_sets_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no face set"):
        FaceSet.open(tmp_path)
    (tmp_path / "faceset.json").write_text('{"version": 1', encoding="utf-8")
    with pytest.raises(MediaError, match="damaged"):
        FaceSet.open(tmp_path)
    (tmp_path / "faceset.json").write_text('{"version": 99}', encoding="utf-8")
    with pytest.raises(MediaError, match="version 99"):
        FaceSet.open(tmp_path)
    filled(tmp_path / "set")
    with pytest.raises(FileExistsError, match=r"FaceSet\.open"):
        FaceSet.create(tmp_path / "set")


def test_mixed_sizes_and_landmarks_are_refused():
    made = filled()
    with pytest.raises(ValueError, match="64 px"):
        made.append(made_face(image_size=64), image(0, 64))
    with pytest.raises(ValueError, match="5 landmarks"):
        made.append(made_face(landmarks=np.zeros((5, 2), np.float32)), image(0))
    assert len(made) == 6


def test_select_is_a_view(tmp_path):
    made = filled(tmp_path / "set")
    for which in ([1, 3], np.array([0, 1, 0, 1, 0, 0], bool)):
        view = made.select(which)
        assert view.frames.tolist() == [1, 3]
        assert (view.images == made.images[[1, 3]]).all()
    view.append(made_face(), image(9))
    assert len(view) == 3 and len(FaceSet.open(tmp_path / "set")) == 6
    assert len(made.select([])) == 0 and made.select([]).images.shape == (0, 32, 32, 3)


def test_filter_by_blur_pose_score_and_person():
    made = filled()
    assert made.filter(max_blur=0.25).frames.tolist() == [0, 1, 2]
    assert made.filter(max_yaw=45).frames.tolist() == [0, 1, 2]
    assert len(made.filter(min_score=1.5)) == 0
    ones = np.ones(128, np.float32)
    assert made.filter(reference=ones).frames.tolist() == [1, 3, 5]
    other = made.select([0, 2])
    assert made.filter(reference=other).frames.tolist() == [0, 2, 4]


def test_faces_without_descriptor_never_match():
    made = FaceSet(32)
    made.append(made_face(), image(0))
    assert len(made.filter(reference=np.zeros(128))) == 0
    with pytest.raises(FaceNotFoundError, match="embeddings=True"):
        _ = made.mean_embedding


def test_split_holds_out_whole_clips_or_the_end():
    clips = filled(count=10, sources=("a", "b", "c", "d", "e"))
    train, held = clips.split(0.2)
    assert held.sources == ["e"] and train.sources == ["a", "b", "c", "d"]
    one = filled(count=10)
    train, held = one.split(0.3)
    assert train.frames.tolist() == list(range(7)) and held.frames.tolist() == [7, 8, 9]
    train, held = clips.split(0.5, by="time")
    assert held.frames.tolist() == [1, 3, 5, 7, 9]
    with pytest.raises(ValueError, match="'random'"):
        one.split(by="random")


def test_the_contact_sheet_shows_the_faces(tmp_path):
    made = filled()
    sheet = made.contact_sheet(tmp_path / "sheet.png", columns=3)
    assert (read_image(tmp_path / "sheet.png") == sheet).all()
    assert sheet.shape[0] < sheet.shape[1]
    with pytest.raises(FaceNotFoundError, match="no face"):
        FaceSet(32).contact_sheet()

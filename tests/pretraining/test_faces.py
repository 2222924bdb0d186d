"""Training data of autoencoder presets: faces, held-out people, batches, files."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from pretraining_helpers import FACES

from deepface_models.data import Augmentation
from deepface_models.faces import align, alignment_matrix
from deepface_models.media import read_image
from deepface_models.pretraining import RECIPES
from deepface_models.pretraining.aligned import crop_matrix, read
from deepface_models.pretraining.batches import Images
from deepface_models.pretraining.data import Data
from deepface_models.pretraining.people import Face, folders_of, listed, spaced

FIVE_OF_DLIB = (45, 42, 36, 39, 33)


@pytest.fixture(scope="module")
def faces(data):
    return read([data / "portraits"], 64, data / "cache")


def test_faces_are_cut_out_as_the_aligner_does(data, faces):
    truth = json.loads((FACES / "truth.json").read_text(encoding="utf-8"))
    face = listed(data / "portraits")[0]
    image = read_image(face.file)
    marks = truth["london_005_neutral.jpg"]["landmarks"]
    expected = alignment_matrix(np.array([marks[str(i)] for i in FIVE_OF_DLIB]), 64)
    found = crop_matrix(image, face.points, 64)
    corners = np.array([(0, 0, 1), (63, 0, 1), (0, 63, 1), (63, 63, 1)]).T
    there = np.linalg.inv(np.vstack([expected, (0, 0, 1)])) @ corners
    assert np.abs(found @ there - corners[:2]).max() < 5  # px of 64

    # A larger crop averages other blocks of pixels when it shrinks.
    apart = faces.images[0].astype(int) - align(image, found, 64)
    assert np.abs(apart).mean() < 2
    again = read([data / "portraits"], 64, data / "cache")
    assert np.array_equal(again.wide, faces.wide)
    assert len(list((data / "cache").iterdir())) == 1


def test_nobody_is_both_trained_on_and_held_out(faces):
    training, test = (({f.person for f in s.faces}) for s in faces.split())
    assert training and test and not training & test
    assert len(training | test) == 24
    one = faces.faces[0]
    sources = ("congress", "synthetic_people")
    made = [replace(one, person=f"q{i}", source=s) for s in sources for i in range(999)]
    out = [face.held_out for face in made]
    assert np.mean(out[:999]) == pytest.approx(0.1, abs=0.03)
    assert np.mean(out[999:]) == pytest.approx(0.5, abs=0.05)


def test_groups_are_what_the_data_say(data):
    found = listed(data / "portraits")
    assert "women" in found[1].groups and "under 30 years" in found[1].groups
    assert "men" in found[0].groups
    assert not any("years" in group for group in found[0].groups)


@pytest.mark.parametrize(("limit", "count"), [(None, 24), (99, 24), (5, 5), (1, 1)])
def test_few_are_spread_over_all(data, limit, count):
    found = listed(data / "portraits")
    some = spaced(found, limit)
    assert len(some) == len({face.file for face in some}) == count
    gaps = np.diff([found.index(face) for face in some])
    assert some[0] == found[0] and (np.ptp(gaps) <= 1 if len(gaps) else True)


def test_images_of_ones_own_are_named_by_their_folder(tmp_path):
    for name in ("ana/1.jpg", "ana/2.jpg", "ben.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (folder,) = folders_of(tmp_path)
    assert [(f.person, f.file.name) for f in listed(folder)] == [
        *(("ana", "1.jpg"), ("ana", "2.jpg"), ("ben", "ben.png"))
    ]


def test_generated_faces_of_an_unclear_license_are_left_out(tmp_path):
    rows = [f"{s}/1.jpg,{s}_1,,1 2," for s in ("sfhq", "sfhq_t2i")]
    text = "\n".join(["file,person,license,lm5,note", *rows])
    (tmp_path / "index.csv").write_text(text, encoding="utf-8")
    assert [face.source for face in listed(tmp_path)] == ["sfhq_t2i"]


def test_batches_change_with_the_epoch_alone(faces):
    moves = Augmentation(**RECIPES["vae_faces_64"].moves)
    few, more = (
        Images(faces.wide, 8, 8, moves, 0.05, seed=1, blend=0.5, **more)
        for more in ({}, {"workers": 2, "steps": 6})
    )
    assert (len(few), len(more)) == (3, 6)
    first = few[0][0]
    assert first.shape == (8, 64, 64, 3) and first.dtype == np.uint8
    for number in range(6):  # two epochs of the one, one of the other
        assert np.array_equal(few[number % 3][0], more[number][0])
        few.epoch = (number + 1) // 3
    few.epoch = 1
    assert not np.array_equal(first, few[0][0])
    still = Images(faces.wide, 8, 24, Augmentation.none())[0][0]
    assert any(np.array_equal(one, faces.images[0]) for one in still)


def test_what_was_gathered_is_what_was_aligned(faces, tmp_path):
    path = tmp_path / "faces.npz"
    Data(faces.wide, faces.border, "three", commit="1a2b3c4").save(path)
    found = Data.open(path, 64)
    assert (found.border, found.text, found.commit) == (8, "three", "1a2b3c4")
    assert found.test is None and found.wide.shape == faces.wide.shape
    assert np.abs(found.wide.astype(int) - faces.wide).mean() < 1.5
    with pytest.raises(ValueError, match=r"64 px\. Expected 128 px"):
        Data.open(path, 128)


@pytest.mark.parametrize("damage", ["jpegs", "cut", "other"])
def test_a_damaged_file_of_faces_is_refused(faces, tmp_path, damage):
    path = tmp_path / "faces.npz"
    Data(faces.wide[:2], faces.border, "two").save(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:2000])
    else:
        with np.load(path) as arrays:
            jpegs = arrays["jpegs"] * (0 if damage == "jpegs" else 1)
            kept = {**arrays, "jpegs": jpegs}
        if damage == "other":
            del kept["ends"]
        np.savez(path, **kept)
    with pytest.raises(ValueError, match="Expected a file of `pretrain --gather`"):
        Data.open(path, 64)


def test_a_face_is_held_out_by_its_name_alone():
    """The shipped presets were measured on these people: they may not change."""
    known = {"london_001": False, "london_005": True, "synthetic_P001": True}
    known["synthetic_P002"] = False
    for person, out in known.items():
        source = "london_smiling" if "london" in person else "synthetic_people"
        assert Face(FACES, person, source).held_out is out

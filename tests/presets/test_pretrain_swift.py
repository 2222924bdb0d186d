"""What Swift is pretrained on and by: groups, gathered people, a small preset."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from deepface_models import presets
from deepface_models.swap import Swift

ROOT = Path(__file__).resolve().parents[2]
CLIPS = ROOT / "deepface_models" / "demo" / "clips"
FACES = ROOT / "tests" / "data" / "faces"
pytestmark = pytest.mark.skipif(
    not (ROOT / "benchmarks").is_dir(), reason="needs the source tree"
)


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    names = ("pretrain_people", "pretrain_groups", "pretrain_swift")
    yield {name: importlib.import_module(name) for name in names}
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def people(scripts, tmp_path_factory):
    """A talker with a clip, one left out, and five people with a picture each."""
    folder = tmp_path_factory.mktemp("people")
    for name in ("s1", "mb"):
        (folder / "talkers" / name).mkdir(parents=True)
        clip = next((CLIPS / name).glob("*.mpg"))
        (folder / "talkers" / name / clip.name).symlink_to(clip)
    (folder / "pictures").mkdir()
    for path in sorted(FACES.glob("*_*.jpg")):
        if not path.name.startswith("skimage"):
            (folder / "pictures" / path.name).symlink_to(path)
    gather = scripts["pretrain_people"].gather
    where = (folder / "talkers", [folder / "pictures"], ["mb"])
    return gather(64, folder / "cache", *where)


def test_people_are_gathered_kept_and_read_again(scripts, people, tmp_path):
    count = np.bincount(people.owner)
    assert people.sources[0] == "talkers" and count[0] > 50 and set(count[1:]) == {1}
    assert len(people.sources) > 4 and not people.grey.any()
    own = people.faces[0]
    np.testing.assert_allclose(people.moved[own].mean(0), 0, atol=1e-3)
    people.save(tmp_path / "people.npz")
    again = scripts["pretrain_people"].People.load(tmp_path / "people.npz")
    np.testing.assert_array_equal(again.points, people.points)
    assert again.sources == people.sources and again.commit == people.commit
    assert np.abs(again.images.astype(int) - people.images).mean() < 3
    half = people.resized(32)
    assert half.images.shape[1:] == (32, 32, 3)
    assert people.resized(64) is people


def test_batches_depend_on_the_seed_alone(scripts, people):
    drawer = scripts["pretrain_groups"].Drawer(people)
    one, two, other = (drawer.batch((seed, 0), 2) for seed in (3, 3, 4))
    for key in one:
        np.testing.assert_array_equal(one[key], two[key])
    assert not np.array_equal(one["image"], other["image"])
    assert one["image"].shape == (12, 64, 64, 3) and one["target"].shape[-1] == 5
    groups = one["points"].reshape(2, 6, -1)
    np.testing.assert_allclose(groups.mean(1), 0, atol=1e-4)
    assert np.abs(groups).max() > 0.3


def test_a_move_takes_another_face_where_the_first_went(scripts, people):
    """Landmarks of a real view and of somebody else's drawn one move alike."""
    drawer = scripts["pretrain_groups"].Drawer(people)
    face = int(np.abs(people.moved[people.faces[0]]).sum((1, 2)).argmax())
    other = int(people.faces[2][0])
    image, marks = drawer._moved(other, people.moved[face], True)
    np.testing.assert_allclose(
        marks - people.points[other], people.moved[face], atol=1e-3
    )
    assert image.shape == people.images[other].shape
    assert np.abs(image.astype(int) - people.images[other]).max() > 10
    still, same = drawer._moved(other, None)
    assert still is people.images[other] or np.array_equal(still, people.images[other])
    np.testing.assert_array_equal(same, people.points[other])


def test_a_mirrored_face_has_its_points_on_the_other_side(scripts, people):
    mirror = scripts["pretrain_groups"].MIRROR
    np.testing.assert_array_equal(np.sort(mirror), np.arange(68))
    np.testing.assert_array_equal(mirror[mirror], np.arange(68))
    points = people.points[people.faces[0]].mean(0)
    turned = (63 - points[:, 0])[mirror]
    assert np.abs(turned - points[:, 0]).mean() < 3  # a face is nearly symmetric


def test_a_mouth_that_opens_is_dark_inside(scripts, people):
    groups = scripts["pretrain_groups"]
    marks = people.points[people.faces[0][0]].copy()
    marks[60:68, 1] = marks[60:68, 1].mean()
    wanted = marks.copy()
    wanted[65:68, 1] += 8
    light = np.full((64, 64, 3), 200, "uint8")
    painted = groups._mouth(light, marks, wanted)
    x, y = wanted[[62, 66]].mean(0).round().astype(int)
    assert painted[y, x].mean() < 130 and painted[2, 2].mean() == 200
    assert groups._mouth(light, marks, marks) is light


def test_a_small_preset_is_made_and_begins_new_people(
    scripts, people, tmp_path, monkeypatch
):
    weights = tmp_path / "weights"
    weights.mkdir()
    for module in (presets, presets.registry):
        monkeypatch.setattr(module, "weights_folder", lambda: weights)
    people.save(tmp_path / "people.npz")
    swift = scripts["pretrain_swift"]
    monkeypatch.setattr(swift.pretrain, "MANY_EPOCHS", 1)
    words = ["--size", "64", "--gathered", str(tmp_path / "people.npz")]
    words += ["--groups", "1", "--steps", "2", "--processes", "1", "--leave-out", "mb"]
    words += ["--dtype", "mixed_bfloat16"]
    words += ["--output", str(tmp_path / "run"), "--weights", str(weights)]
    swift.main(words)
    told = json.loads((tmp_path / "run" / "swift_64" / "training.json").read_text())
    assert told["steps"] == 2 and told["people"] == len(people.sources)
    assert told["dtype"] == "mixed_bfloat16"
    record = presets.describe("swift_64")
    assert set(record["parts"]) == {"encoder", "trunk", "start"}
    assert "Left out: mb" in record["data"]
    model = Swift.from_preset("swift_64", identities=("zoe", "joe"))
    codes = model.encode(people.images[people.faces[0]])
    assert np.isfinite(codes).all() and set(model.starting_parts) == {"start"}
    assert codes.shape[1] == model.latent_size + swift.DETAIL
    assert (
        codes[:, : model.latent_size].any() and not codes[:, model.latent_size :].any()
    )
    assert max(presets.check_golden(model, weights / "swift_64").values()) < 1e-3

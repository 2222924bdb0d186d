"""What Swift is pretrained on and by: views of many people, groups, a small preset."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from deepface_models import presets
from deepface_models.faces._template import MIRROR_68
from deepface_models.models.swap import Swift
from deepface_models.pretraining import RECIPES, command, pretrain
from deepface_models.pretraining.group_batches import Groups
from deepface_models.pretraining.groups import GroupSampler, open_mouth
from deepface_models.pretraining.swift import ADAPTED
from deepface_models.pretraining.views import Views, gather

pytestmark = pytest.mark.usefixtures("eager")


@pytest.mark.slow
def test_people_are_gathered_kept_and_read_again(views, tmp_path):
    count = np.bincount(views.owner)
    assert views.sources[0] == "talkers" and count[0] > 50 and set(count[1:]) == {1}
    assert len(views.sources) > 4 and not views.gray.any()
    own = views.faces[0]
    np.testing.assert_allclose(views.moved[own].mean(0), 0, atol=1e-3)
    views.save(tmp_path / "views.npz")
    again = Views.open(tmp_path / "views.npz")
    np.testing.assert_array_equal(again.points, views.points)
    assert again.sources == views.sources and again.commit == views.commit
    assert np.abs(again.images.astype(int) - views.images).mean() < 3
    half = views.resized(32)
    assert half.images.shape[1:] == (32, 32, 3)
    assert views.resized(64) is views


def test_batches_depend_on_the_seed_alone(views):
    sampler = GroupSampler(views)
    one, two, other = (sampler.batch((seed, 0), 2) for seed in (3, 3, 4))
    for key in one:
        np.testing.assert_array_equal(one[key], two[key])
    assert not np.array_equal(one["image"], other["image"])
    assert one["image"].shape == (12, 64, 64, 3) and one["target"].shape[-1] == 5
    groups = one["points"].reshape(2, 6, -1)
    np.testing.assert_allclose(groups.mean(1), 0, atol=1e-4)
    assert np.abs(groups).max() > 0.3


def test_inputs_may_be_smaller_than_targets(views):
    """The encoder of a larger output sees the same faces, reduced."""
    whole, reduced = (GroupSampler(views, size).batch((3, 0), 1) for size in (None, 32))
    assert reduced["image"].shape == (6, 32, 32, 3)
    for key in ("target", "points"):
        np.testing.assert_array_equal(whole[key], reduced[key])
    halves = whole["image"].reshape(6, 32, 2, 32, 2, 3).mean((2, 4))
    missed = np.abs(halves - reduced["image"])
    assert missed.mean() < 1 and missed.max() < 30


def test_a_move_takes_another_face_where_the_first_went(views):
    """Landmarks of a real view and of somebody else's made one move alike."""
    sampler = GroupSampler(views)
    face = int(np.abs(views.moved[views.faces[0]]).sum((1, 2)).argmax())
    other = int(views.faces[2][0])
    image, marks = sampler.moved(other, views.moved[face], True)
    np.testing.assert_allclose(
        marks - views.points[other], views.moved[face], atol=1e-3
    )
    assert image.shape == views.images[other].shape
    assert np.abs(image.astype(int) - views.images[other]).max() > 10
    still, same = sampler.moved(other, None)
    assert still is views.images[other] or np.array_equal(still, views.images[other])
    np.testing.assert_array_equal(same, views.points[other])


def test_a_mirrored_face_has_its_points_on_the_other_side(views):
    mirror = MIRROR_68
    np.testing.assert_array_equal(np.sort(mirror), np.arange(68))
    np.testing.assert_array_equal(mirror[mirror], np.arange(68))
    points = views.points[views.faces[0]].mean(0)
    turned = (63 - points[:, 0])[mirror]
    assert np.abs(turned - points[:, 0]).mean() < 3  # a face is nearly symmetric


def test_a_mouth_that_opens_is_dark_inside(views):
    marks = views.points[views.faces[0][0]].copy()
    marks[60:68, 1] = marks[60:68, 1].mean()
    moved_to = marks.copy()
    moved_to[65:68, 1] += 8
    light = np.full((64, 64, 3), 200, "uint8")
    painted = open_mouth(light, marks, moved_to)
    x, y = moved_to[[62, 66]].mean(0).round().astype(int)
    assert painted[y, x].mean() < 130 and painted[2, 2].mean() == 200
    assert open_mouth(light, marks, marks) is light


def test_who_is_to_be_left_out_has_to_be_there(talkers, tmp_path):
    with pytest.raises(ValueError, match="leave_out=zoe was given"):
        gather(talkers, 64, tmp_path, ["zoe"])
    with pytest.raises(FileNotFoundError, match="has no people"):
        gather(tmp_path, 64, tmp_path)


@pytest.mark.slow
def test_a_small_preset_is_made_and_begins_new_people(views, weights, tmp_path):
    file = tmp_path / "views.npz"
    views.save(file)
    options = {"epochs": 1, "batch_size": 6, "steps": 2, "dtype": "mixed_bfloat16"}
    where = {"output": tmp_path / "run", "weights": weights, "workers": 1}
    folder = pretrain("swift_64", file, **where, **options)
    told = json.loads(
        (tmp_path / "run" / "swift_64" / "training.json").read_text(encoding="utf-8")
    )
    assert told["steps"] == 2 and told["dtype"] == "mixed_bfloat16"
    record = presets.describe("swift_64")
    assert record["command"] == command("swift_64", options)
    assert set(record["parts"]) == {"encoder", "shared_decoder", "decoder_initializer"}
    people = f"{len(views.images)} images of {len(views.sources)} people"
    assert people in record["data"] and "Left out: mb" in record["data"]
    model = Swift.from_preset("swift_64", identities=("zoe", "joe"))
    latents = model.encode(views.images[views.faces[0]])
    assert np.isfinite(latents).all() and set(model.decoder_initializers) == {
        "decoder_initializer"
    }
    assert latents.shape[1] == model.latent_size + ADAPTED
    known, adapted = np.split(latents, [model.latent_size], axis=1)
    assert known.any() and not adapted.any()
    assert max(presets.check_golden(model, folder).values()) < 1e-3


@pytest.mark.by_hand
@pytest.mark.slow
def test_a_larger_output_is_pretrained_from_a_preset(views, tmp_path, monkeypatch):
    """Only what the encoder sees stays small."""
    sizes = {"image_size": 64, "output_size": 128}
    small = replace(RECIPES["swift_256"], arguments=sizes, preset="swift_64")
    monkeypatch.setitem(RECIPES, "swift_256", small)
    file = tmp_path / "views.npz"
    views.resized(128).save(file)
    options = {"epochs": 1, "batch_size": 6, "steps": 2, "workers": 1}
    folder = pretrain("swift_256", file, tmp_path / "run", **options)
    model = Swift.from_preset(folder, identities=("zoe", "joe"))
    assert (model.image_size, model.output_size) == (64, 128)
    given = Swift.from_preset("swift_64", identities=("zoe", "joe"))
    faces = views.images[:2]
    np.testing.assert_allclose(model.encode(faces), given.encode(faces), atol=1e-4)
    fine = model.shared_decoder.get_layer("fine_image").get_weights()[0]
    assert np.abs(fine).max() > 0
    for name, network in given.decoder_initializers.items():
        pairs = (network.weights, model.decoder_initializers[name].weights)
        for one, two in zip(*pairs, strict=True):
            np.testing.assert_allclose(np.array(two), np.array(one), atol=1e-3)
    known, learned = (
        [w for w in one.shared_decoder.weights if "fine_" not in w.path]
        for one in (given, model)
    )
    assert len(known) > 5  # two steps change weights by little
    for one, two in zip(known, learned, strict=True):
        np.testing.assert_allclose(np.array(two), np.array(one), atol=0.01)


def test_processes_make_groups_though_opencv_used_threads_before(views):
    """Its threads do not live on in a fork, which then waited for them for ever."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(4)
    cv2.GaussianBlur(np.zeros((1500, 1500, 3), "uint8"), (0, 0), 5)
    groups = Groups(views, seed=0, groups=1, steps=2, workers=1)
    try:
        made = groups._ahead.result((0, 0, 1), timeout=60)
        assert made["image"].shape == (6, 64, 64, 3)
        assert cv2.getNumThreads() == 4
    finally:
        groups.close()
        cv2.setNumThreads(before)


def test_a_batch_is_of_whole_groups(views, tmp_path):
    views.save(tmp_path / "views.npz")
    with pytest.raises(ValueError, match="Expected a multiple of 6"):
        pretrain("swift_64", tmp_path / "views.npz", tmp_path, batch_size=8)

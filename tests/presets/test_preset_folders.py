"""Packing and loading preset folders, and which folders are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from preset_helpers import FACTS, fill

from deepface_models import IntegrityError, InUseError, ModelFileError, load, presets
from deepface_models.core.locks import hold
from deepface_models.models.autoencoders import (
    Autoencoder,
    DeepAutoencoder,
    DenseAutoencoder,
)
from deepface_models.models.swap import FaceSwap, Original, Swift
from deepface_models.presets.half import to_float16
from deepface_models.presets.record import read_record, sign, to_bytes

pytestmark = pytest.mark.usefixtures("eager")

FACES = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype="uint8")
PEOPLE = ("ana", "ben")


def weights(model, *names):
    return [w for name in names for w in model.parts[name].get_weights()]


def same(one, other):
    return all(map(np.array_equal, one, other))


def restate(folder: Path, **values):
    """Changes a record and signs it anew, as a careless publisher would."""
    record = read_record(folder) | values
    record.pop("digest")
    (folder / "preset.json").write_bytes(to_bytes(sign(record)))


@pytest.mark.slow
def test_one_process_packs_a_preset(packed, tmp_path, elsewhere, monkeypatch):
    """One writer at a time; refused before the work is done."""
    model = load(packed / "dense")
    monkeypatch.setattr(presets.packing, "_write_parts", None)
    elsewhere(hold(tmp_path / "dense"))
    with pytest.raises(InUseError, match="being written by another thread"):
        presets.save_preset(model, tmp_path / "dense", **FACTS)


@pytest.mark.backend
def test_golden_values_come_back(packed, dense):
    for name in ("dense", "people"):
        model = load(packed / name)
        found = presets.check_golden(model, packed / name)
        assert max(found.values()) < 1e-5
    assert set(found) == {"encode", "predict.ana", "predict.ben"}
    model = Swift.from_preset(packed / "shared", identities=("cleo", "dan", "eve"))
    found = presets.check_golden(model, packed / "shared")
    assert max(found.values()) < 1e-5
    assert set(found) == {"encode", "shared_decoder"}
    assert (
        presets.check_golden(fill(model, 1), packed / "shared")["shared_decoder"] > 1e-3
    )


def test_the_folder_is_ready_to_publish(packed):
    folder = packed / "shared"
    record = read_record(folder)
    files = {"config.json", "README.md", "golden.npz", "preset.json"}
    parts = {"encoder.weights.h5", "shared_decoder.weights.h5"}
    assert {path.name for path in folder.iterdir()} == files | parts
    assert set(record["files"]) == (files | parts) - {"preset.json"}
    assert record["bytes"] == sum((folder / p).stat().st_size for p in parts)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: cc0-1.0\nlibrary_name: keras\n")
    assert "\npipeline_tag: image-to-image\n" in card
    assert 'Swift.from_preset("shared", identities=("ana", "ben"))' in card
    assert "| glasses, ssim | 0.25 |" in card
    assert record["files"]["shared_decoder.weights.h5"]["sha256"] in card
    assert "## Not for\n\nNot stated." in card


def test_packing_twice_gives_the_same_bytes(packed, dense, tmp_path):
    presets.save_preset(dense, tmp_path / "dense", **FACTS)
    for path in (packed / "dense").iterdir():
        if path.name in ("golden.npz", "preset.json"):  # a zip holds dates
            continue
        assert path.read_bytes() == (tmp_path / "dense" / path.name).read_bytes()


def test_float16_is_half_and_comes_back_as_float32(packed, swift, tmp_path):
    presets.save_preset(swift, tmp_path / "people", **FACTS)
    half, full = (read_record(f / "people") for f in (packed, tmp_path))
    assert half["bytes"] < 0.7 * full["bytes"]
    assert half["parameters"] == full["parameters"] == swift.count_params()
    assert 1e-6 < half["rounding"] < 0.5  # random weights amplify it
    assert full["rounding"] < 1e-5
    model = load(packed / "people")
    pairs = zip(weights(model, *model.parts), weights(swift, *model.parts), strict=True)
    for stored, own in pairs:
        assert stored.dtype == own.dtype
        rounded = own.astype("float16") if own.dtype == np.float32 else own
        assert np.array_equal(stored, rounded.astype(own.dtype))


def test_float16_refuses_what_would_overflow(tmp_path):
    path = tmp_path / "x.weights.h5"
    with h5py.File(path, "w") as file:
        file.create_group("a").create_dataset("b", data=np.float32([1, 7e4]))
    before = path.read_bytes()
    with pytest.raises(
        ValueError, match=r"x.weights.h5/a/b has the value 70000.*float32"
    ):
        to_float16(path)
    assert path.read_bytes() == before


def test_from_preset_of_both_families(packed):
    assert type(Autoencoder.from_preset(packed / "dense")) is DenseAutoencoder
    assert FaceSwap.from_preset(packed / "people").identities == PEOPLE
    with pytest.raises(ModelFileError, match=r"a DenseAutoencoder.*a DeepAutoencoder"):
        DeepAutoencoder.from_preset(packed / "dense")
    with pytest.raises(ModelFileError, match=r"a Swift.*a Original"):
        Original.from_preset(packed / "people")


def test_the_architecture_alone(packed, swift, tmp_path):
    keras.utils.set_random_seed(0)
    folder = shutil.copytree(packed / "people", tmp_path / "people")
    (folder / "encoder.weights.h5").unlink()
    model = Swift.from_preset(folder, load_weights=False)
    config, own = model.get_config(), swift.get_config()
    assert {**config, "name": ""} == {**own, "name": ""}
    assert not same(weights(model, "encoder"), weights(swift, "encoder"))
    with pytest.raises(IntegrityError, match=r"encoder.weights.h5 is missing"):
        Swift.from_preset(folder)


def test_people_start_afresh_from_what_is_shared(packed, swift):
    model = Swift.from_preset(packed / "shared", identities=("ben", "cleo"))
    assert model.identities == ("ben", "cleo")
    assert same(
        weights(model, "encoder", "shared_decoder"),
        weights(swift, "encoder", "shared_decoder"),
    )
    assert not same(weights(model, "decoder.ben"), weights(swift, "decoder.ben"))
    with pytest.raises(ValueError, match=r"shared parts only.*identities=\("):
        Swift.from_preset(packed / "shared")
    with pytest.raises(ValueError, match="or more different people"):
        Swift.from_preset(packed / "shared", identities=("ana", "ana"))


@pytest.mark.slow
def test_reordered_people_keep_their_faces(packed, swift):
    model = Swift.from_preset(packed / "people", identities=("ben", "ana"))
    assert model.identities == ("ben", "ana")
    original = Swift.from_preset(packed / "people")
    drawn = [original.predict(FACES, identity=name) for name in PEOPLE]
    assert not np.allclose(*drawn)
    for name, expected in zip(PEOPLE, drawn, strict=True):
        assert np.array_equal(model.predict(FACES, identity=name), expected)


@pytest.mark.parametrize("names", [("ana", "cleo"), ("ana", "ben", "cleo"), ("a", "b")])
def test_no_person_is_decoded_by_the_parts_of_another(packed, names):
    with pytest.raises(ValueError, match=r"people are 'ana', 'ben'.*add_identity"):
        Swift.from_preset(packed / "people", identities=names)
    with pytest.raises(ValueError, match="has no people"):
        load(packed / "dense", identities=PEOPLE)


def test_swapped_files_of_two_people_are_refused(swift, tmp_path):
    folder = presets.save_preset(swift, tmp_path / "people", **FACTS)
    one, two = (folder / f"decoder.{name}.weights.h5" for name in PEOPLE)
    first, second = one.read_bytes(), two.read_bytes()
    assert len(first) == len(second)
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(IntegrityError, match=r"decoder\.\w+\.weights\.h5 has"):
        load(folder)


def test_a_flipped_byte_anywhere_is_refused(folder, monkeypatch):
    """Nothing is read but the record before all bytes were compared."""
    from deepface_models.core import parts

    def read(*args):
        raise AssertionError("read before it was checked")

    monkeypatch.setattr(parts, "read_config", read)
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        small = path.name in ("preset.json", "config.json")
        step = 7 if small else max(1, len(content) // 50)
        for place in [*range(0, len(content), step), len(content) - 1]:
            flipped = bytearray(content)
            flipped[place] ^= 1
            path.write_bytes(flipped)
            with pytest.raises((IntegrityError, ModelFileError), match="Expected"):
                load(folder)
        path.write_bytes(content[:-1])
        with pytest.raises(IntegrityError, match="Expected"):
            load(folder)
        path.write_bytes(content)
    monkeypatch.undo()
    load(folder)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"architecture": "deepface_models>DeepAutoencoder"}, "record of a"),
        ({"config": {"latent_size": 4}}, "same model, settings"),
        ({"architecture": "os>system"}, "record of a os>system"),
        ({"parts": ["encoder"]}, "'decoder.weights.h5' cannot"),
        ({"parts": ["encoder", "../decoder"]}, r"parts\.1: .*cannot be used"),
        ({"files": {}}, "README.md"),
        ({"name": "../up"}, r"name: .*cannot be used"),
        ({"license": None}, r"license: .*cannot be used"),
        ({"format": 2}, r"format 2.*newer"),
    ],
)
def test_a_record_of_something_else_is_refused(folder, values, says):
    restate(folder, **values)
    with pytest.raises(ModelFileError, match=says):
        load(folder)


def test_people_passed_off_as_shared_are_refused(packed, tmp_path):
    folder = shutil.copytree(packed / "people", tmp_path / "people")
    restate(folder, shared=True, identities=None)
    with pytest.raises(
        ModelFileError, match=r"decoder\.ana.*Expected encoder, shared_decoder"
    ):
        Swift.from_preset(folder, identities=("cleo", "dan"))


def test_other_layers_than_this_version_builds_are_refused(folder):
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["parts"]["decoder"]["structure"] = "0" * 64
    path.write_text(json.dumps(config), encoding="utf-8")
    content = presets.packing.measure(path)
    restate(folder, files={**read_record(folder)["files"], "config.json": content})
    with pytest.raises(ModelFileError, match=r"'decoder' .* other layers or weights"):
        load(folder)


def test_plain_folders_and_wrong_paths(swift, dense, tmp_path):
    model = Swift.from_preset(swift.save_parts(tmp_path / "m"), identities=PEOPLE[::-1])
    assert np.array_equal(
        model.predict(FACES, identity="ben"), swift.predict(FACES, identity="ben")
    )
    with pytest.raises(FileNotFoundError, match="no preset has that name"):
        load(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"has no preset.json"):
        presets.fetch(tmp_path / "m")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"license": ""}, "license=''"),
        ({"dtype": "int8"}, "dtype='int8'.*float16"),
        ({"shared": True}, "which has no people"),
        ({"name": "Big Name"}, "lower-case letters"),
        ({"results": {"source_identity": object()}}, "not JSON serializable"),
    ],
)
def test_what_cannot_be_packed(dense, tmp_path, facts, says):
    with pytest.raises((ValueError, TypeError), match=says):
        presets.save_preset(dense, tmp_path / "x", **{**FACTS, **facts})
    assert not list(tmp_path.glob("*x*"))


def test_packing_replaces_a_preset_and_nothing_else(folder, dense):
    presets.save_preset(dense, folder, **{**FACTS, "seed": 1})
    assert read_record(folder)["seed"] == 1
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="other files than a preset's"):
        presets.save_preset(dense, folder, **FACTS)
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "mine"

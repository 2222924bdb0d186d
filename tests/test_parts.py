from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from deepface_models import IntegrityError, ModelFileError, load
from deepface_models.core.parts import (
    restore_parts,
    save_parts,
    structure_digest,
)
from deepface_models.models.swap import Original, Swift

pytestmark = pytest.mark.usefixtures("eager")
NAMES = ("b", "a", "c")


def faces(size: int = 64) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (2, size, size, 3), dtype="uint8")


def swift(names: tuple[str, ...] = NAMES, seed: int = 0, latent: int = 32) -> Swift:
    """A model each of whose weights differs from every other, biases included."""
    model = Swift(names, image_size=64, latent_size=latent)
    rng = np.random.default_rng(seed)
    for part in model.parts.values():
        part.set_weights([rng.normal(0, 0.1, w.shape) for w in part.get_weights()])
    return model


@pytest.fixture(scope="module")
def model():
    return swift()


@pytest.fixture
def folder(model, tmp_path):
    return save_parts(model, tmp_path / "model", {"measure": 0.5})


def assert_same_people(one, other, names):
    for name in names:
        assert np.array_equal(
            one.predict(faces(), identity=name), other.predict(faces(), identity=name)
        )


@pytest.mark.backend
def test_round_trip_gives_everybody_their_face(model, folder):
    loaded = load(folder)
    assert type(loaded) is Swift
    assert loaded.identities == NAMES
    assert_same_people(model, loaded, NAMES)
    drawn = [model.predict(faces(), identity=name) for name in NAMES]
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[1], drawn[2])


def test_files_and_config(model, folder):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert {p.name for p in folder.iterdir()} == {
        "config.json",
        *(f"{part}.weights.h5" for part in model.parts),
    }
    assert config["class"] == "deepface_models>Swift"
    assert config["identities"] == list(NAMES)
    assert config["metadata"] == {"measure": 0.5}
    assert config["keras"] == keras.__version__
    for part, record in config["parts"].items():
        assert record["size"] == (folder / f"{part}.weights.h5").stat().st_size
        assert record["structure"] == structure_digest(model.parts[part])


def test_saving_twice_gives_the_same_bytes(model, folder, tmp_path):
    again = save_parts(model, tmp_path / "again")
    one, two = (
        json.loads((f / "config.json").read_text(encoding="utf-8"))
        for f in (folder, again)
    )
    assert one["parts"] == two["parts"]


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("c", "a")])
def test_another_order_of_identities_is_the_same_people(model, folder, order):
    loaded = load(folder, identities=order)
    assert loaded.identities == order
    assert_same_people(model, loaded, order)


def test_reordered_config_is_the_same_people(model, folder):
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["identities"] = ["c", "b", "a"]
    path.write_text(json.dumps(config), encoding="utf-8")
    assert_same_people(model, load(folder), NAMES)


def test_restoring_into_another_order(model, folder):
    other = swift(("c", "a", "b"), seed=9)
    assert restore_parts(other, folder) == {"measure": 0.5}
    assert_same_people(model, other, NAMES)


def test_a_new_name_is_nobody_elses_decoder(folder):
    with pytest.raises(ValueError, match="'d'"):
        load(folder, identities=("a", "d"))
    renamed = swift(("a", "d"))
    before = renamed.get_weights()
    with pytest.raises(ModelFileError, match=r"decoder\.d"):
        restore_parts(renamed, folder)
    assert all(map(np.array_equal, before, renamed.get_weights()))


@pytest.mark.parametrize("how", ["flip", "cut", "gone", "swapped"])
@pytest.mark.slow
def test_damaged_weights_are_refused_before_any_weight_changes(model, folder, how):
    path = folder / "decoder.c.weights.h5"
    content = bytearray(path.read_bytes())
    if how == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif how == "cut":
        path.write_bytes(content[:100])
    elif how == "gone":
        path.unlink()
    else:
        path.write_bytes((folder / "decoder.a.weights.h5").read_bytes())
    other = swift(seed=9)
    before = other.get_weights()
    with pytest.raises(IntegrityError, match=r"decoder\.c"):
        restore_parts(other, folder)
    assert all(map(np.array_equal, before, other.get_weights()))
    with pytest.raises(IntegrityError):
        load(folder)


def test_another_structure_is_refused(model, folder):
    with pytest.raises(ModelFileError, match="structure"):
        restore_parts(swift(latent=40), folder)
    one = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="x")])
    two = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="y")])
    three = keras.Sequential(
        [keras.Input((4,)), keras.layers.EinsumDense("ab,bc->ac", 3)]
    )
    assert structure_digest(one) == structure_digest(two)
    assert structure_digest(one) != structure_digest(three)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("class", "keras.layers>Lambda"),
        ("class", "deepface_models>Nothing"),
        ("class", "deepface_models>FaceLoss"),
        ("class", None),
        ("format", 99),
        ("parts", {}),
        ("parts", 3),
        ("config", {"image_size": 63.5, "evil": True}),
    ],
)
def test_foreign_or_broken_configs_are_refused(folder, key, value):
    path = folder / "config.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text(encoding="utf-8")), key: value}),
        encoding="utf-8",
    )
    with pytest.raises(ModelFileError):
        load(folder)


def test_identities_cannot_lead_out_of_the_folder(folder):
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["identities"] = ["a", "../../etc/b"]
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelFileError):
        load(folder)


def test_missing_empty_and_unrelated_places(tmp_path):
    with pytest.raises(FileNotFoundError, match="Nothing is at"):
        load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="Nothing is at"):
        load(tmp_path / "nowhere.keras")
    with pytest.raises(ModelFileError):
        load(tmp_path)
    (tmp_path / "a.keras").write_bytes(b"PK nonsense")
    with pytest.raises(ModelFileError):
        load(tmp_path / "a.keras")


def test_a_folder_of_other_things_is_never_replaced(model, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(ValueError, match="is not a saved model"):
        save_parts(model, tmp_path)
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_saving_again_keeps_notes_and_drops_former_parts(folder):
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "images").mkdir()
    (folder / "images" / "a.txt").write_text("too", encoding="utf-8")
    two = swift(("a", "b"), seed=4)
    save_parts(two, folder)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (folder / "images" / "a.txt").read_text(encoding="utf-8") == "too"
    assert not (folder / "decoder.c.weights.h5").exists()
    assert_same_people(two, load(folder), ("a", "b"))
    assert os.listdir(folder.parent) == [folder.name]


@pytest.mark.parametrize("rename", [1, 2])
@pytest.mark.slow
def test_a_crash_while_saving_keeps_the_former(model, folder, monkeypatch, rename):
    seen = 0
    real = os.rename

    def failing(*args):
        nonlocal seen
        seen += 1
        if seen == rename:
            raise OSError("power cut")
        real(*args)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(OSError, match="power cut"):
        save_parts(swift(seed=7), folder)
    monkeypatch.undo()
    assert os.listdir(folder.parent) == [folder.name]
    assert_same_people(model, load(folder), NAMES)


def test_a_kill_between_the_two_renames_is_recovered(model, folder):
    folder.rename(folder.parent / ".model.former")
    (folder.parent / ".model.new").mkdir()
    assert_same_people(model, load(folder), NAMES)


@pytest.mark.backend
def test_keras_file_round_trip_is_bit_equal(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    assert loaded.identities == NAMES
    assert_same_people(model, loaded, NAMES)


def test_trained_keras_file_loads_without_its_compile_state(tmp_path):
    model = swift()
    model.compile(loss={name: foreign_loss for name in NAMES})
    model.save(tmp_path / "model.keras")
    assert_same_people(model, load(tmp_path / "model.keras"), NAMES)


def foreign_loss(y_true, y_pred):
    return keras.ops.mean(y_pred)


def test_keras_files_of_other_classes_are_refused(model, tmp_path):
    path = tmp_path / "other.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(path)
    with pytest.raises(ModelFileError, match="registered"):
        load(path)
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(content["config.json"])
    config |= {"module": "os", "class_name": "system", "registered_name": "system"}
    content["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with pytest.raises(ModelFileError, match="registered"):
        load(path)


def test_unregistered_classes_are_not_saved(tmp_path):
    class Mine(Swift):
        pass

    with pytest.raises(ValueError, match="register_keras_serializable"):
        save_parts(Mine(("a", "b"), image_size=64), tmp_path / "mine")
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_original_in_its_smallest_form(tmp_path):
    made = Original(("a", "b"), image_size=16, latent_size=8)
    made.save_parts(tmp_path / "model")
    loaded = load(Path(tmp_path / "model"))
    small = faces(16)
    assert np.array_equal(
        made.predict(small, identity="b"), loaded.predict(small, identity="b")
    )

"""A preset's name is accepted wherever a model's folder is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from preset_helpers import serve

import deepface_models as dfm
from deepface_models import load, presets
from deepface_models.cli import build_parser, main
from deepface_models.cli._arguments import load_model, model_source
from deepface_models.models.swap import Swift
from deepface_models.presets import registry

pytestmark = pytest.mark.usefixtures("eager")

FRAME = Path(__file__).resolve().parents[1] / "data/faces/london_019_neutral.jpg"
FACES = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3), dtype="uint8")


@pytest.fixture
def named(packed, monkeypatch, tmp_path):
    """The preset of two people is known as "people", and the shared one by name."""
    for name in ("people", "shared"):
        presets.register(packed / name, ["https://nowhere.invalid/x"])
    monkeypatch.setattr(registry, "weights_folder", lambda: packed)
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_a_name_an_address_and_folders_are_loaded(named, packed, swift, tmp_path):
    with serve(packed / "people") as running:
        there = running.address
        models = [load("people"), load(there), load(packed / "people")]
    drawn = models[0].predict(FACES, identity="ben")
    for name, part in swift.parts.items():  # on disk they are float16
        for one, two in zip(
            models[0].parts[name].get_weights(), part.get_weights(), strict=True
        ):
            np.testing.assert_allclose(one, two, atol=1e-3)
    for model in models[1:]:
        np.testing.assert_array_equal(model.predict(FACES, identity="ben"), drawn)
    models[0].save_parts(tmp_path / "plain")
    digest = presets.describe("people")["digest"]
    for model in (*models, load(tmp_path / "plain")):
        assert model.started_from == f"people#sha256={digest}"


def test_a_name_goes_before_a_folder(named, packed, dense, tmp_path):
    dense.save_parts(tmp_path / "people")
    assert type(load("people")) is Swift
    for path in ("./people", tmp_path / "people", str(tmp_path / "people")):
        assert type(load(path)) is type(dense)
    dense.save_parts(tmp_path / "mine")
    assert type(load("mine")) is type(dense)


def test_a_preset_without_people_asks_for_them(named, packed):
    for source in ("shared", packed / "shared"):
        with pytest.raises(ValueError, match=r"people to train.*Swift.from_preset\("):
            load(source)


def test_a_name_is_pinned_as_models_say_where_they_come_from(named):
    pinned = load("people").started_from
    assert load(pinned).started_from == pinned
    name, _, digest = pinned.partition("=")
    with pytest.raises(dfm.IntegrityError, match=f"digest of 'people' .*{digest}"):
        load(f"{name}={'0' * 64}")
    with pytest.raises(dfm.IntegrityError, match="was given"):
        load(f"{name}=")


def test_commands_refuse_what_is_no_face_swap(dense, tmp_path, capsys):
    dense.save_parts(tmp_path / "dense")
    words = ["convert", str(FRAME), str(tmp_path / "swap.png"), "--model"]
    assert (
        main([*words, str(tmp_path / "dense"), "--identity", "ben", "--consent", "x"])
        == 2
    )
    assert "holds a DenseAutoencoder. Expected a face swap" in capsys.readouterr().err
    with pytest.raises(ValueError, match="DenseAutoencoder was given as the model"):
        dfm.Converter(dense, "ben")


def test_nothing_found_names_both_possibilities(named, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no preset has that name.*'people'"):
        load("poeple")
    with pytest.raises(FileNotFoundError, match="'people'"):
        load("PEOPLE")
    with pytest.raises(FileNotFoundError, match="no preset has that name"):
        load(tmp_path / "people")
    with pytest.raises(FileNotFoundError, match=r"no preset .*\.keras file"):
        load("model.keras")


def test_saved_models_need_no_registry(dense, tmp_path, monkeypatch):
    dense.save_parts(tmp_path / "model")
    dense.save(tmp_path / "model.keras")
    monkeypatch.setattr(registry, "REGISTRY", tmp_path / "none.json")
    for name in ("model", "model.keras"):
        assert type(load(tmp_path / name)) is type(load(str(tmp_path / name)))


def test_parts_are_taken_from_a_preset_by_name(named, swift):
    model = Swift(("zoe", "joe"), image_size=64, latent_size=8, basis_size=2)
    assert set(model.take_parts("people")) == {"encoder", "shared_decoder"}


@pytest.mark.slow
def test_commands_take_names_and_either_folder_of_a_training(named, swift, tmp_path):
    swift.save_parts(tmp_path / "out" / "model")
    swift.save_parts(tmp_path / "people" / "model")
    assert Path(model_source("out")) == Path("out", "model")
    assert load_model("out").started_from is None
    assert load_model("./people").started_from is None
    assert load_model("people").started_from is not None
    for address in ("https://host/folder", "hf://owner/repo"):
        assert model_source(address) == address


@pytest.mark.slow
def test_convert_names_the_preset_it_drew_with(named, capsys):
    words = [
        "convert",
        str(FRAME),
        "swap.png",
        "--model",
        "people",
        "--identity",
        "ben",
    ]
    words += ["--consent", "A test", "--no-progress", "--mask", "ellipse"]
    assert main([*words, "--landmarks", "5"]) == 0, capsys.readouterr().err
    record = dfm.verify("swap.png").record
    digest = presets.describe("people")["digest"]
    assert record.details["started_from"] == f"people#sha256={digest}"
    assert f"people#sha256={digest}" in dfm.verify("swap.png").summary()
    assert main([*words[:4], "poeple", *words[5:]]) == 2
    assert "Did you mean 'people'?" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["convert", "evaluate"])
def test_help_says_that_a_name_serves(command):
    groups = build_parser()._subparsers._group_actions[0].choices
    (option,) = [a for a in groups[command]._actions if a.dest == "model"]
    assert "a preset's name" in option.help

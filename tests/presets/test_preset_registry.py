"""Names of presets, the commands, and the folder of the shipped presets."""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
from pathlib import Path

import pytest

import deepface_models
from deepface_models import IntegrityError, presets
from deepface_models.cli import main
from deepface_models.core import shipped
from deepface_models.presets import registry
from deepface_models.presets.record import check_files, check_record, read_record

PACKAGE = Path(deepface_models.__file__).parent
ROOT = PACKAGE.parent
CHECKOUT = pytest.mark.skipif(
    not (ROOT / "setup.cfg").exists(), reason="needs the source tree"
)
BUILT_IN = PACKAGE / "presets" / "presets.json"


@pytest.fixture
def names(packed):
    for name in ("dense", "shared"):
        presets.register(packed / name, ["https://example.org/x"])
    return packed


def test_the_built_in_registry_and_what_ships_agree(monkeypatch):
    """A preset's record is stored once."""
    monkeypatch.setattr(registry, "REGISTRY", BUILT_IN)
    monkeypatch.setattr(registry, "weights_folder", presets.weights_folder)
    home = presets.weights_folder()
    assert home is not None
    total = 0
    for folder in (path for path in home.iterdir() if (path / "preset.json").exists()):
        record, _ = registry.find(folder.name)
        assert record["name"] == folder.name
        registry.check_stated(record)
        check_files(presets.fetch(folder.name), record)
        sizes = [path.stat().st_size for path in folder.iterdir()]
        assert max(sizes) < 16e6
        total += sum(sizes)
    assert total < 60e6
    for name in presets.list_models():
        record, sources = registry.find(name)
        check_record(record, name)
        assert bool(sources) == (registry.shipped(name) is None)
        assert (name in registry._entries()) == bool(sources)


def test_list_and_describe(names):
    assert presets.list_models() == ["dense", "shared"]
    assert presets.list_models("D*") == ["dense"]
    assert presets.list_models("x") == []
    found = presets.describe("shared")
    assert found["sources"] == ["https://example.org/x"]
    assert found["folder"] is None
    assert found["results"]["glasses"] == {"ssim": 0.25}
    record = read_record(names / "shared")
    assert found == {**record, "sources": found["sources"], "folder": None}
    assert presets.describe(names / "people")["dtype"] == "float16"
    with pytest.raises(FileNotFoundError, match="Did you mean 'shared'"):
        presets.describe("shard")


def test_a_changed_registry_is_refused(names):
    path = registry.REGISTRY
    path.write_text(
        path.read_text(encoding="utf-8").replace("CC0-1.0", "MIT"), encoding="utf-8"
    )
    with pytest.raises(IntegrityError, match="was changed"):
        deepface_models.load("dense")


def test_a_preset_that_ships_is_found_by_name(packed, monkeypatch):
    monkeypatch.setattr(registry, "weights_folder", lambda: packed)
    assert presets.list_models() == ["dense", "people", "shared"]
    model = deepface_models.load("people", identities=("ben", "ana"))
    assert max(presets.check_golden(model, packed / "people").values()) < 1e-5
    assert presets.describe("people")["folder"] == str(packed / "people")


def test_what_is_not_stated_is_not_registered(dense, tmp_path):
    presets.save_preset(dense, tmp_path / "x", license="CC0-1.0", data="noise")
    with pytest.raises(ValueError, match=r"does not state description, commit.*seed"):
        presets.register(tmp_path / "x", ["https://example.org/x"])
    assert presets.list_models() == []


def test_a_preset_without_a_source_is_not_registered(packed):
    with pytest.raises(ValueError, match=r"sources=\(\) was given"):
        presets.register(packed / "dense", ())


def test_a_name_goes_before_a_folder(names, packed, monkeypatch):
    monkeypatch.chdir(packed)
    with pytest.raises(OSError, match=r"example\.org"):
        monkeypatch.setattr(presets.sources, "_from_web", _no_network)
        deepface_models.load("dense")
    deepface_models.load("./dense")


def _no_network(address, target, limit):
    raise ConnectionError(address)


def test_the_command_list_shows_the_presets(names, capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["dense", "shared"]
    assert "MB  Nothing of use" in lines[0]
    assert main(["list", "sha*", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["name"] == "shared"
    assert main(["list", "x*"]) == 0
    assert capsys.readouterr().out == "No preset matches 'x*'.\n"


def test_the_command_describe_shows_the_record(names, capsys):
    assert main(["describe", "shared"]) == 0
    text = capsys.readouterr().out
    for line in (
        "architecture  Swift",
        "size          64",
        "holds         encoder, shared_decoder (shared parts; people start afresh)",
        "results       ssim: 0.5\n              glasses, ssim: 0.25",
        "sources       https://example.org/x",
    ):
        assert f"{line}\n" in text
    assert main(["describe", str(names / "people"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["identities"] == ["ana", "ben"]
    assert main(["describe", "none"]) == 2
    assert "error: Nothing is at none" in capsys.readouterr().err


def test_the_command_fetch_prints_the_folder(server, capsys):
    assert main(["fetch", server.address, "--no-progress"]) == 0
    folder = capsys.readouterr().out.split("is in ")[1].split(";")[0]
    assert deepface_models.load(folder).latent_size == 3
    assert main(["fetch", f"{server.address}/no", "--no-progress"]) == 2
    assert "could not be fetched" in capsys.readouterr().err


def test_the_command_pack_writes_a_preset(dense, tmp_path, capsys):
    dense.save_parts(tmp_path / "out" / "model")
    measures = tmp_path / "measures.json"
    measures.write_text('{"ssim": 0.5}', encoding="utf-8")
    words = ["pack", str(tmp_path / "out"), str(tmp_path / "small")]
    words += ["--license", "my own, no. 1", "--data", "noise", "--dtype", "float16"]
    words += ["--results", str(measures), "--seed", "3", "--not-for", "anything"]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith(f"The preset small is in {tmp_path}")
    record = read_record(tmp_path / "small")
    assert record["results"] == {"ssim": 0.5}
    assert record["seed"] == 3
    assert record["not_for"] == "anything"
    card = (tmp_path / "small" / "README.md").read_text(encoding="utf-8")
    assert card.startswith('---\nlicense: other\nlicense_name: "my own, no. 1"\n')


def test_listing_imports_nothing_heavy():
    code = (
        "import sys; from deepface_models import presets; presets.list_models();"
        "print({'keras', 'numpy', 'h5py'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        encoding="utf-8",
    )
    assert done.stdout == "set()\n", done.stderr


@CHECKOUT
def test_weights_are_found_in_a_checkout_and_go_into_the_wheel():
    assert presets.weights_folder() == ROOT / "weights"
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    options = setup["options"]
    assert options["package_dir"].split() == ["deepface_models.weights", "=", "weights"]
    data = setup["options.package_data"]
    kinds = {"README.md", "*/*.json", "*/*.h5", "*/*.npz", "*/*.md"}
    assert set(data["deepface_models.weights"].split()) == kinds
    assert "presets/presets.json" in data["deepface_models"].split()


def test_weights_are_found_where_they_are_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "deepface_models")
    assert presets.weights_folder() is None
    (tmp_path / "weights").mkdir(parents=True)
    assert presets.weights_folder() is None  # somebody else's
    (tmp_path / "deepface_models" / "weights").mkdir(parents=True)
    assert presets.weights_folder() == tmp_path / "deepface_models" / "weights"

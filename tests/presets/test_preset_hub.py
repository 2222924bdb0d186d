"""Publishing on the Hugging Face hub, and what others get from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fake_hub import TOKEN, forget_library, running
from preset_helpers import FACTS, fill

import deepface_models
from deepface_models import IntegrityError, MissingDependencyError, presets
from deepface_models.models.autoencoders import DenseAutoencoder
from deepface_models.presets import registry
from deepface_models.presets.record import read_record

PART = "encoder.weights.h5"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A hub, and huggingface-hub imported with the settings for it."""
    pytest.importorskip("huggingface_hub")
    with running() as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.address)
        patch.setenv("HF_TOKEN", TOKEN)
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("huggingface")))
        patch.setenv("HF_HUB_DISABLE_XET", "1")
        patch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
        forget_library()
        yield hub
    forget_library()


@pytest.fixture
def hub(server):
    server.clear()
    return server


def files(hub, repository, revision="main"):
    return hub.at(repository, revision)[1]


def test_what_is_published_can_be_loaded(hub, packed, cache):
    where = presets.upload(packed / "dense", "hf://ana/dense")
    record = read_record(packed / "dense")
    commit = hub.at("ana/dense", "main")[0]
    assert where == f"hf://ana/dense@{commit}#sha256={record['digest']}"
    expected = {path.name: path.read_bytes() for path in (packed / "dense").iterdir()}
    published = files(hub, "ana/dense")
    assert {name: published[name] for name in expected} == expected
    assert hub.private == {"ana/dense": False}
    for address in (where, "hf://ana/dense", "hf://ana/dense@main"):
        model = deepface_models.load(address)
        assert max(presets.check_golden(model, packed / "dense").values()) < 1e-6
    hub.asked.clear()
    deepface_models.load("hf://ana/dense")  # from the cache
    assert hub.asked == []
    assert not list(cache.glob("**/huggingface")), "the hub's own records"
    assert not list(Path(os.environ["HF_HOME"]).glob("hub/models*"))


def test_in_a_folder_of_a_branch(hub, packed):
    address = "hf://ana/zoo/small/dense@next"
    presets.upload(packed / "dense", address, private=True, message="Add dense")
    assert f"small/dense/{PART}" in files(hub, "ana/zoo", "next")
    assert f"small/dense/{PART}" not in files(hub, "ana/zoo", "main")
    assert hub.private == {"ana/zoo": True}
    assert deepface_models.load(address).latent_size == 3


def test_a_new_version_replaces_the_former_in_one_commit(hub, packed, tmp_path):
    first = presets.upload(packed / "people", "hf://ana/one")
    number = len(hub.branches["ana/one", "main"])
    hub.at("ana/one", "main")[1]["notes.md"] = b"the owner's"
    presets.upload(packed / "dense", "hf://ana/one")
    assert len(hub.branches["ana/one", "main"]) == number + 1
    now = set(files(hub, "ana/one")) - {".gitattributes", "notes.md"}
    assert now == {path.name for path in (packed / "dense").iterdir()}
    assert "notes.md" in files(hub, "ana/one")
    assert deepface_models.load("hf://ana/one").latent_size == 3
    assert set(deepface_models.load(first).identities) == {"ana", "ben"}
    presets.upload(packed / "dense", "hf://ana/one")  # nothing new


def test_a_broken_connection_is_resumed(hub, packed, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1024)
    address = presets.upload(packed / "dense", "hf://ana/dense")
    record = read_record(packed / "dense")
    source = presets.fetching.parse_source(address.partition("#")[0])
    size = record["files"][PART]["size"]
    hub.break_after = 5000
    source.fetch(PART, tmp_path / PART, size)
    assert (tmp_path / PART).read_bytes() == (packed / "dense" / PART).read_bytes()
    assert hub.ranges == ["bytes=4096-"]


def test_what_the_hub_holds_is_checked(hub, packed, cache):
    presets.upload(packed / "dense", "hf://ana/dense")
    kept = files(hub, "ana/dense")[PART]
    files(hub, "ana/dense")[PART] = bytes([*kept[:-1], kept[-1] ^ 1])
    with pytest.raises(IntegrityError, match="other contents"):
        deepface_models.load("hf://ana/dense")
    hub.longer = b"x" * 2_000_000
    hub.asked.clear()
    with pytest.raises(IntegrityError, match="at most 1048576"):
        deepface_models.load("hf://ana/dense")
    assert not [line for line in hub.asked if line.startswith("GET")]
    hub.longer = b""
    assert not [path for path in cache.iterdir() if not path.name.startswith(".")]
    files(hub, "ana/dense")[PART] = kept
    deepface_models.load("hf://ana/dense")
    assert presets.fetch("hf://ana/dense", force=True)
    with pytest.raises(ConnectionError, match="hf auth login"):
        deepface_models.load("hf://ana/other")


def test_a_name_can_be_fetched_from_the_hub(hub, packed):
    where = presets.upload(packed / "dense", "hf://ana/dense")
    mirror = "http://127.0.0.1:1/nothing-here"
    presets.register(packed / "dense", [mirror, where], registry.REGISTRY)
    assert deepface_models.load("dense").latent_size == 3
    model = fill(DenseAutoencoder((4, 4, 1), latent_size=3))
    model.started_from = "dense#sha256=0"
    folder = presets.save_preset(model, packed.parent / "tuned", **FACTS)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert '\nbase_model: "ana/dense"\n' in card
    assert "| started from | dense#sha256=0 |" in card
    shutil.rmtree(folder)


def test_who_may_not_write_is_told_to_log_in(hub, packed, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    with pytest.raises(ConnectionError, match=r"(?s)Nothing was published.*hf auth"):
        presets.upload(packed / "dense", "hf://ana/dense")
    assert hub.private == {}


def test_what_is_not_fit_to_be_published_is_refused(hub, folder, dense, tmp_path):
    with pytest.raises(ValueError, match="hf://owner/name"):
        presets.upload(folder, "https://example.org/a")
    with pytest.raises(ValueError, match="hf://owner/name"):
        presets.upload(folder, "hf://owner/name/../other")
    (folder / PART).write_bytes(b"changed")
    with pytest.raises(IntegrityError, match="other contents"):
        presets.upload(folder, "hf://ana/dense")
    bare = presets.save_preset(dense, tmp_path / "bare", license="MIT", data="noise")
    with pytest.raises(ValueError, match="does not state description"):
        presets.upload(bare, "hf://ana/bare")
    with pytest.raises(FileNotFoundError, match=r"no preset\.json"):
        presets.upload(tmp_path, "hf://ana/bare")
    assert hub.asked == []


def test_publishing_needs_the_library(packed, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for call in (
        lambda: presets.upload(packed / "dense", "hf://ana/dense"),
        lambda: deepface_models.load("hf://ana/dense"),
    ):
        with pytest.raises(MissingDependencyError, match=r"deepface_models\[hub\]"):
            call()


def test_the_hub_understands_the_card(hub, dense, tmp_path):
    from huggingface_hub import ModelCard

    results = {"SSIM": 0.5, "by group": {"glasses: 3": {"SSIM": 0.25, "note": "few"}}}
    facts = FACTS | {"results": results, "base_model": "ana/start"}
    folder = presets.save_preset(dense, tmp_path / "card", **facts)
    data = ModelCard.load(folder / "README.md").data
    assert data.license == "cc0-1.0"
    assert data.library_name == "keras"
    assert data.pipeline_tag == "image-to-image"
    assert data.base_model == "ana/start"
    assert data.tags == ["deepface_models", "autoencoder"]
    assert data.model_name == "card"
    found = {(r.dataset_name, r.metric_type, r.metric_value) for r in data.eval_results}
    assert found == {("all", "ssim", 0.5), ("by group, glasses: 3", "ssim", 0.25)}
    with pytest.raises(ValueError, match="owner/name"):
        presets.save_preset(dense, tmp_path / "no", **facts | {"base_model": "swift"})


def test_by_command(hub, packed, tmp_path):
    root = Path(deepface_models.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}

    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "deepface_models", *words],
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )

    done = run("upload", str(packed / "dense"), "hf://ana/dense", "--private")
    assert done.returncode == 0, done.stderr
    where = done.stdout.split()[-1]
    assert hub.private == {"ana/dense": True}
    done = run("fetch", where, "--no-progress")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    done = run("upload", str(packed / "dense"), "hf://ana")
    assert done.returncode == 2
    assert "hf://owner/name" in done.stderr
    assert json.loads(files(hub, "ana/dense")["preset.json"])["name"] == "dense"

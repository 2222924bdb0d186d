from __future__ import annotations

import json
import shutil

import pytest
from preset_helpers import FACTS, fill, serve

from deepface_models import presets
from deepface_models.models.autoencoders import DenseAutoencoder
from deepface_models.models.swap import Swift
from deepface_models.presets import registry


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache and a registry of the test's own; nothing ships."""
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(tmp_path / "home"))
    file = tmp_path / "presets.json"
    file.write_text(json.dumps({"format": 1, "presets": {}}), encoding="utf-8")
    monkeypatch.setattr(registry, "REGISTRY", file)
    monkeypatch.setattr(registry, "weights_folder", lambda: None)
    return tmp_path / "home" / "presets"


@pytest.fixture(scope="session")
def dense():
    return fill(DenseAutoencoder((4, 4, 1), latent_size=3))


@pytest.fixture(scope="session")
def swift():
    return fill(Swift(("ana", "ben"), image_size=64, latent_size=8, basis_size=2))


@pytest.fixture(scope="session")
def packed(dense, swift, tmp_path_factory):
    """Folders of presets, by name. Not to change."""
    root = tmp_path_factory.mktemp("packed")
    presets.save_preset(dense, root / "dense", **FACTS)
    presets.save_preset(swift, root / "people", dtype="float16", **FACTS)
    presets.save_preset(swift, root / "shared", shared=True, **FACTS)
    return root


@pytest.fixture
def folder(packed, tmp_path):
    """The dense preset, to be changed."""
    return shutil.copytree(packed / "dense", tmp_path / "dense")


@pytest.fixture
def server(packed, tmp_path):
    shutil.copytree(packed / "dense", tmp_path / "web")
    with serve(tmp_path / "web") as running:
        yield running

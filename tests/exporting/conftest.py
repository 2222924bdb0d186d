"""A small face swap that knows latent means and expressions, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: Any, monkeypatch: Any) -> None:
    """The signing certificate is made in a folder of the test's own."""
    home = tmp_path_factory.getbasetemp() / "home"
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(home))


@pytest.fixture(scope="session")
def faces(people: Any) -> dict[str, Any]:
    """Sixteen faces of each person, (16, 64, 64, 3) uint8."""
    rng = np.random.default_rng(0)
    found = {}
    for name, known in people.items():
        images = np.resize(known.images, (16, 64, 64, 3)).astype("int16")
        images += rng.integers(-12, 12, images.shape, "int16")
        found[name] = images.clip(0, 255).astype("uint8")
    return found


@pytest.fixture(scope="session")
def model(faces: dict[str, Any]) -> Any:
    """A Swift of 64 px; not to change."""
    from deepface_models.models.swap import Swift

    sizes = {"latent_size": 16, "basis_size": 3, "examples": 5}
    made = Swift(identities=("ana", "ben"), image_size=64, name="small", **sizes)
    made.adapt(faces, faces)
    rng = np.random.default_rng(1)
    for name, images in faces.items():
        made.learn_expressions(name, images, rng.normal(0, 0.1, (16, 7)))
    made.started_from = "swift_64#sha256=" + 64 * "0"
    made.poses = {"ben": (-20.0, 20.0, -10.0, 10.0)}
    return made


@pytest.fixture(scope="session")
def exported(model: Any, tmp_path_factory: Any) -> Path:
    """The swap of ana to ben, with measured expressions, as an ONNX file."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    from deepface_models import export

    path = tmp_path_factory.mktemp("exported") / "ben.onnx"
    export(model, path, identity="ben", expressions=True, consent="Ben, 2026")
    return path

"""A clip with a real face, and models that need no training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from convert_helpers import TintModel

import deepface_models
from deepface_models.core.arrays import Array
from deepface_models.faces import FaceAligner
from deepface_models.faces.detect import HogDetector
from deepface_models.media import read_video

CLIPS = Path(deepface_models.__file__).parent / "demo" / "clips"


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: Any, monkeypatch: Any) -> None:
    """The signing certificate is made in a folder of the test's own."""
    home = tmp_path_factory.getbasetemp() / "home"
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(home))


@pytest.fixture(scope="session")
def clip() -> Path:
    return CLIPS / "mb" / "sbia1a.mpg"


@pytest.fixture(scope="session")
def frame(clip: Path) -> Array:
    return next(iter(read_video(clip, start=30))).image


@pytest.fixture(scope="session")
def aligner() -> FaceAligner:
    return FaceAligner(image_size=96, embeddings=False, detector=HogDetector())


@pytest.fixture(scope="session")
def face(frame: Array, aligner: FaceAligner) -> Any:
    return aligner.detect(frame)[0]


@pytest.fixture
def model() -> TintModel:
    return TintModel()


@pytest.fixture(scope="session")
def other_frame() -> Array:
    return next(iter(read_video(CLIPS / "s1" / "bbaf2n.mpg", start=30))).image

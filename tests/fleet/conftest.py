"""Short clips: with a face, without one, and one that cannot be read."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deepface_models
from deepface_models.core.errors import FaceNotFoundError, MediaError
from deepface_models.core.files import atomic_path
from deepface_models.fleet import tasks
from deepface_models.media import VideoWriter, read_video

CLIPS = Path(deepface_models.__file__).parent / "demo" / "clips"


@pytest.fixture(autouse=True)
def _own_places(tmp_path_factory: Any, monkeypatch: Any) -> None:
    """Certificate and temporary files of workers are in folders of the tests."""
    base = tmp_path_factory.getbasetemp()
    (base / "temporary").mkdir(exist_ok=True)
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(base / "home"))
    monkeypatch.setenv("TMPDIR", str(base / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)  # it is looked up once


def short(source: Path, place: Path, start: int, count: int) -> None:
    with VideoWriter(place, fps=25) as writer:
        for frame in read_video(source, start=start, stop=start + count):
            writer.write(frame.image)


@pytest.fixture(scope="session")
def made(tmp_path_factory: Any) -> Path:
    """A folder with four clips of five frames. Not to change."""
    folder = tmp_path_factory.mktemp("clips")
    short(CLIPS / "s1" / "bbaf2n.mpg", folder / "ana.mp4", 20, 5)
    short(CLIPS / "mb" / "sbia1a.mpg", folder / "ben.mp4", 30, 5)
    (folder / "damaged.mp4").write_bytes(b"no video" * 20)
    with VideoWriter(folder / "empty.mp4", fps=25) as writer:
        for _ in range(5):
            writer.write(np.full((96, 128, 3), 128, np.uint8))
    return folder


@pytest.fixture
def clips(made: Path, tmp_path: Path) -> Path:
    """A copy of the folder."""
    return shutil.copytree(made, tmp_path / "clips")


@pytest.fixture
def copying(monkeypatch: Any) -> None:
    """Lets an extraction only copy the clip, to test what is around it."""

    def run(self: Any, source: Path, output: Path, address: str) -> dict[str, int]:
        if source.name == "empty.mp4":
            raise FaceNotFoundError("No face in the test.")
        if source.name == "damaged.mp4" and source.read_bytes().startswith(b"no"):
            raise MediaError("damaged.mp4 cannot be read.")
        with atomic_path(output) as temporary:
            shutil.copyfile(source, temporary)
        return {"frames": 5, "faces": 5}

    monkeypatch.setattr(tasks.ExtractTask, "__init__", lambda *words: None)
    monkeypatch.setattr(tasks.ExtractTask, "run", run)

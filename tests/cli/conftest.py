"""Faces of two speakers, a small model and a swap, all made by the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_helpers import CLIPS, CONSENT, run_apart

from deepface_models.cli import main
from deepface_models.media import read_video, write_image


@pytest.fixture(scope="session")
def settings(tmp_path_factory: Any) -> dict[str, str]:
    """Variables that keep certificates out of the home folder, and noise away."""
    home = str(tmp_path_factory.getbasetemp() / "home")
    return {"DEEPFACE_MODELS_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(autouse=True)
def _own_settings(settings: dict[str, str], monkeypatch: Any) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def faces(tmp_path_factory: Any) -> dict[str, Path]:
    """Folders of 24 and 8 faces of the speakers s1 and mb."""
    folder = tmp_path_factory.mktemp("faces")
    clips = {"s1": CLIPS / "s1" / "bbaf2n.mpg", "mb": CLIPS / "mb" / "sbia1a.mpg"}
    for (name, clip), every, limit in zip(
        clips.items(), ("1", "6"), ("24", "8"), strict=True
    ):
        words = ["extract", str(clip), "--output", str(folder / name), "--size", "64"]
        words += ["--every-n", every, "--limit", limit, "--embed-every", "8"]
        assert main([*words, "--workers", "1", "--no-progress"]) == 0
    return {name: folder / name for name in clips}


@pytest.fixture(scope="session")
def trained(faces: dict[str, Path], tmp_path_factory: Any) -> Any:
    """The finished `train` process and its output folder."""
    output = tmp_path_factory.mktemp("training") / "out"
    people = [f"{name}={folder}" for name, folder in faces.items()]
    small = "--size 64 --epochs 1 --steps 2 --batch-size 2".split()
    return run_apart("train", *people, "--output", output, *small), output


@pytest.fixture(scope="session")
def model(trained: Any) -> Path:
    """The folder of a model that was hardly trained."""
    done, output = trained
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="session")
def frame(tmp_path_factory: Any) -> Path:
    """A frame of the speaker s1 as PNG."""
    path = tmp_path_factory.mktemp("frame") / "frame.png"
    write_image(path, next(iter(read_video(CLIPS / "s1" / "bbaf2n.mpg"))).image)
    return path


@pytest.fixture(scope="session")
def swap(
    model: Path, frame: Path, settings: dict[str, str], tmp_path_factory: Any
) -> Path:
    """A signed image."""
    path = tmp_path_factory.mktemp("swap") / "swap.png"
    words = [
        "convert",
        str(frame),
        str(path),
        "--model",
        str(model),
        "--identity",
        "mb",
    ]
    with pytest.MonkeyPatch.context() as patch:  # comes before the fixture of each test
        for name, value in settings.items():
            patch.setenv(name, value)
        assert main([*words, "--consent", CONSENT, "--no-progress"]) == 0
    return path

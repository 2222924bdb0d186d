"""Commands that need no model never import TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import deepface_models
from deepface_models.media import VideoWriter, read_video, write_image
from deepface_models.provenance import Certificate, Record, sign

CLIP = Path(deepface_models.__file__).parent / "demo" / "clips" / "mb" / "sbia1a.mpg"
CODE = """
import sys
from deepface_models.cli import main
status = main(sys.argv[1:])
heavy = {"tensorflow", "keras", "jax", "torch"} & sys.modules.keys()
sys.exit(f"{status} {heavy}" if status or heavy else 0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short clip, and a signed image."""
    made = tmp_path_factory.mktemp("imports")
    with VideoWriter(made / "clip.mp4", fps=25) as writer:
        for frame in read_video(CLIP, stop=3):
            writer.write(frame.image)
    write_image(made / "signed.png", np.zeros((32, 32, 3), np.uint8))
    record = Record("Both agreed", "a.png", "0" * 64, "model", "1" * 64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFACE_MODELS_HOME", str(made / "home"))
        sign(made / "signed.png", record, Certificate.own())
    return made


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["describe", "vae_mnist"],
        ["verify", "signed.png"],
        ["extract", "clip.mp4", "--output", "faces", "--no-progress"],
        ["tracks", "clip.mp4", "--output", "tracks", "--no-progress"],
        ["--help"],
    ],
    ids=lambda words: words[0],
)
@pytest.mark.slow
def test_no_backend_is_imported(folder: Path, words: list[str]) -> None:
    command = [sys.executable, "-c", CODE, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr

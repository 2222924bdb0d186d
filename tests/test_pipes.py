"""Untrusted folders may contain pipes, which would block for ever when opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import deepface_models as dfm
from deepface_models.core.files import sha256_file
from deepface_models.media import probe, read_image

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")


@pytest.mark.parametrize(
    ("name", "read", "error"),
    [
        ("config.json", lambda path: dfm.load(path.parent), dfm.ModelFileError),
        ("faceset.json", lambda path: dfm.FaceSet.open(path.parent), FileNotFoundError),
        ("clip.mp4", probe, dfm.MediaError),
        ("face.png", read_image, dfm.MediaError),
        ("face.png", dfm.verify, FileNotFoundError),
        ("state.npz", sha256_file, OSError),
    ],
)
def test_a_pipe_is_refused_and_not_waited_for(
    tmp_path: Path, name: str, read: Callable[[Path], Any], error: type[Exception]
) -> None:
    """No hangs; `benchmarks/faults.py` found it."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(error):
        read(tmp_path / name)

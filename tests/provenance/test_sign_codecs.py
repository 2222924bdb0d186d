"""Content Credentials in videos of every codec."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepface_models.media import VideoWriter
from deepface_models.provenance import Record, sign, verify

CASES = [*((codec, ".mp4") for codec in ("h264", "hevc", "av1", "vp9"))]
CASES += [("h264", ".mov"), ("hevc", ".mov")]


@pytest.mark.parametrize(("codec", "suffix"), CASES)
def test_every_codec_can_be_signed(tmp_path: Path, codec, suffix):
    """Content Credentials sign in those containers."""
    path = tmp_path / f"out{suffix}"
    with VideoWriter(path, codec=codec) as writer:
        for number in range(5):
            writer.write(np.full((96, 128, 3), 40 * number, np.uint8))
    record = Record("Release 1", "a.mp4", "0" * 64, "model", "1" * 64)
    sign(path, record)
    found = verify(path)
    assert found.state == "valid" and found.record.consent == "Release 1"

"""The memory that frames of a video take during face detection."""

from __future__ import annotations

import time
import weakref
from pathlib import Path

import numpy as np
import pytest

import deepface_models
from deepface_models.conversion import plan as planning
from deepface_models.conversion.report import ConversionReport
from deepface_models.core.progress import Progress
from deepface_models.faces import FaceAligner, _extract, iter_faces, video
from deepface_models.faces._frames import Found
from deepface_models.media import VideoFrame

CLIPS = Path(deepface_models.__file__).parent / "demo" / "clips"
_4K = 3840 * 2160 * 3


@pytest.mark.parametrize("workers", [1, 2, 4, 64])
@pytest.mark.parametrize("pixels", [1, 640 * 360, 1920 * 1080, _4K // 3])
def test_chunks_are_bound_by_bytes(pixels, workers):
    """Bound by bytes, not frames."""
    length = video.chunk_length(pixels * 3)
    chunk = length * pixels * 3
    assert 1 <= length <= 32
    assert (video.most_waiting(chunk, workers) + 1) * chunk <= video.MAX_BYTES
    assert length == 32 or pixels >= 1920 * 1080


class _Counted:
    """Frames of a video that count how many of them are alive at once."""

    def __init__(self, count):
        self.count, self.alive, self.most = count, 0, 0

    def __call__(self, path, start=0, stop=None, every_n=1, quick=False, keep=False):
        for number in range(start, self.count, every_n):
            image = np.full((60, 80, 3), number % 256, np.uint8)
            self.alive += 1
            self.most = max(self.most, self.alive)
            weakref.finalize(image, self._gone)
            frame = VideoFrame(number, number, number / 25, image)
            del image
            yield frame

    def _gone(self):
        self.alive -= 1


@pytest.fixture
def clip():
    return sorted(CLIPS.glob("*/*.mpg"))[0]


@pytest.fixture
def counted(monkeypatch):
    made = _Counted(100)
    monkeypatch.setattr(video, "MAX_BYTES", 12 * 60 * 80 * 3)
    monkeypatch.setattr(video, "read_video", made)
    return made


def nothing(aligner, chunk, embedder=None):
    return Found([[] for _ in chunk.frames], [])


def test_iter_faces_holds_few_frames_of_a_slow_reader(counted, monkeypatch, clip):
    """One engine with one bound, however slowly its results are used."""
    monkeypatch.setattr(video, "find_faces", nothing)
    for number, frame in enumerate(iter_faces(clip, FaceAligner(), workers=2)):
        assert frame.index == number
        if number == 50:
            time.sleep(0.2)
    assert number == 99 and counted.most <= 12 + 3
    stopped = iter_faces(clip, FaceAligner(), workers=2)
    next(stopped)
    stopped.close()
    assert counted.alive <= 1


@pytest.mark.by_hand
@pytest.mark.slow
def test_plan_video_holds_few_large_frames(counted, monkeypatch, clip):
    """Bound by bytes, not frames."""
    monkeypatch.setattr(video, "find_faces", nothing)
    report = ConversionReport(clip)
    plan = planning.plan_video(clip, FaceAligner(), None, report, Progress(False))
    assert plan.frames == 100
    assert counted.most <= 12 + 3


def test_extraction_holds_few_large_frames(counted, monkeypatch, clip, tmp_path):
    """Also in extraction."""
    aligner = FaceAligner(embeddings=False)
    monkeypatch.setattr(video, "find_faces", nothing)
    monkeypatch.setattr(_extract, "find_faces", nothing)
    job = _extract.Extraction(aligner, tmp_path / "set", 1, None, None, False, 2)
    with pytest.raises(ValueError, match=r"100 frames were searched"):
        job.run(clip)
    assert counted.most <= 12 + 3

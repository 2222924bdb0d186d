"""A conversion keeps the samples of the source wherever it swaps nothing."""

from __future__ import annotations

import av
import numpy as np
import pytest

from deepface_models.conversion import Converter, convert, paste
from deepface_models.conversion._file import FileJob
from deepface_models.conversion.halved import HalvedChange
from deepface_models.media import VideoWriter, read_video

TOLD = {
    "identity": "ben",
    "consent": "Both speakers, release of 2026",
    "progress": False,
    "crf": 0,  # keeps the samples of yuv420p
    "save_settings": False,
}
BLANK = range(4, 7)


def samples_of(path):
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(video=0)]
    return np.stack(frames).astype(int)


@pytest.fixture(scope="module")
def source(clip, tmp_path_factory):
    """A face at the edge of the frame, three frames without one, and the face."""
    images = [frame.image[:, 60:] for frame in read_video(clip, stop=10)]
    path = tmp_path_factory.mktemp("parts") / "source.mp4"
    with VideoWriter(path, fps=25) as writer:
        for number, image in enumerate(images):
            writer.write(np.full_like(image, 90) if number in BLANK else image)
    return path


def converted(source, path, model, aligner, **options):
    made = Converter(model, "ben", aligner=aligner, **options)
    report = convert(source, path, model, converter=made, **TOLD)
    assert report.swapped == 7
    return samples_of(path)


def test_only_the_face_changes(source, model, aligner, tmp_path, monkeypatch):
    before = samples_of(source)
    parts = converted(source, tmp_path / "parts.mp4", model, aligner)
    monkeypatch.setattr(FileJob, "_needs_parts", False)
    whole = converted(source, tmp_path / "whole.mp4", model, aligner)
    np.testing.assert_array_equal(parts[list(BLANK)], before[list(BLANK)])
    changed = parts != before
    assert 0.02 < changed.mean() < 0.5
    assert np.abs(parts - whole)[changed].max() <= 1


def test_an_enlarged_face_changes_samples_without_a_way_through_rgb(
    source, model, aligner, tmp_path, monkeypatch
):
    monkeypatch.setattr(paste, "_ENLARGED", 0.0)
    before = samples_of(source)
    puts = []
    put = HalvedChange.put
    monkeypatch.setattr(HalvedChange, "put", lambda *told: puts.append(put(*told)))
    parts = converted(source, tmp_path / "parts.mp4", model, aligner)
    assert len(puts) == 7
    monkeypatch.setattr(FileJob, "_needs_parts", False)
    whole = converted(source, tmp_path / "whole.mp4", model, aligner)
    assert len(puts) == 7
    changed = parts != before
    assert 0.02 < changed.mean() < 0.5
    off = np.abs(parts - whole)[changed]
    assert off.mean() < 0.6 and np.percentile(off, 99.5) <= 2


@pytest.mark.parametrize("least", [0.0, 1e9])
def test_the_colors_of_a_face_are_transferred_once(
    source, model, aligner, tmp_path, monkeypatch, least
):
    """Also of a face that is not blended at half the size."""
    monkeypatch.setattr(paste, "_ENLARGED", least)
    made = []
    colored = Converter.colored
    monkeypatch.setattr(
        Converter, "colored", lambda *told: made.append(0) or colored(*told)
    )
    converted(source, tmp_path / "out.mp4", model, aligner)
    assert len(made) == 7


def test_without_a_change_every_sample_stays(source, model, aligner, tmp_path):
    result = converted(
        source, tmp_path / "same.mp4", model, aligner, erode=1.0, color="none"
    )
    np.testing.assert_array_equal(result, samples_of(source))

"""A part of a video: frames, time stamps, sound, tracks and provenance of the range."""

from __future__ import annotations

import os

import av
import numpy as np
import pytest
from convert_helpers import TintModel

from deepface_models import IntegrityError
from deepface_models.conversion import convert
from deepface_models.conversion import plan as planning
from deepface_models.faces import FaceTracks
from deepface_models.media import probe, read_video
from deepface_models.provenance import verify

TOLD = {"identity": "ben", "consent": "Both agreed", "progress": False}
PART = (20, 45)


def sound_of(path):
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[0])
        return [(p.pts * p.time_base, bytes(p)) for p in packets if p.size]


@pytest.fixture(scope="module")
def part(clip, aligner, tmp_path_factory):
    """Frames 20 to 44 of the clip, swapped."""
    home = tmp_path_factory.mktemp("home")
    output = tmp_path_factory.mktemp("part") / "part.mp4"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFACE_MODELS_HOME", str(home))
        told = {"aligner": aligner, "frames": PART, **TOLD}
        return output, convert(clip, output, TintModel(), **told)


def test_only_the_range_is_written(clip, part):
    output, report = part
    assert (report.frames, report.swapped, report.faces_skipped) == (25, 25, 0)
    frames = list(read_video(output))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(25) / 25)
    assert probe(output).duration == pytest.approx(1.0)
    background = np.s_[20:60, 20:80]  # away from the face
    before = [frame.image for frame in read_video(clip, *PART)]
    for one, other in zip(frames, before, strict=True):
        change = np.abs(one.image[background].astype(int) - other[background])
        assert change.mean() < 3


def test_sound_is_cut_to_the_range(clip, part):
    output, _ = part
    start, end = (n / probe(clip).fps + probe(clip).first_pts / 90000 for n in PART)
    before, after = sound_of(clip), sound_of(output)
    length = before[1][0] - before[0][0]
    inside = [data for time, data in before if start - length < time < end]
    assert [data for _, data in after] == inside
    first = next(time for time, data in before if data == inside[0])
    assert float(after[0][0]) == pytest.approx(float(first - start), abs=1e-3)
    with av.open(str(output)) as container:
        stream = container.streams.audio[0]
        assert float(stream.duration * stream.time_base) < 1.0 + float(length)


def test_the_range_has_tracks_of_its_own(clip, part):
    output, report = part
    assert sorted(os.listdir(output.parent)) == [
        "part.mp4",
        "part.settings.json",
        "sbia1a.mpg.20-45.tracks",
    ]
    tracks = FaceTracks.open(report.tracks)
    assert tracks.done and tracks.span == PART
    assert [track.frames for track in tracks.tracks.values()] == [list(range(*PART))]


def test_provenance_names_the_range(part):
    found = verify(part[0])
    assert found.state == "valid" and found.record.details["frames"] == "20-45"


def test_tracks_of_a_longer_part_are_used(
    clip, part, aligner, model, tmp_path, monkeypatch
):
    from deepface_models.faces import analysis

    monkeypatch.setattr(analysis, "find_faces", None)
    output = tmp_path / "inner.mp4"
    options = {"aligner": aligner, "tracks": part[1].tracks, **TOLD}
    report = convert(clip, output, model, frames=(30, 36), **options)
    assert (report.frames, report.swapped, report.faces_skipped) == (6, 6, 0)
    inner = [frame.image.astype(int) for frame in read_video(output)]
    whole = [frame.image for frame in read_video(part[0], 10, 16)]
    for one, other in zip(inner, whole, strict=True):
        assert np.abs(one - other).mean() < 2


def test_edited_tracks_of_another_part_are_not_overwritten(
    clip, part, aligner, model, tmp_path
):
    known = FaceTracks.open(part[1].tracks)
    known.assign(0, "eva")
    known.folder = tmp_path / "tracks"
    known.folder.mkdir()
    (known.folder / "faces.csv").write_bytes(
        (part[1].tracks / "faces.csv").read_bytes()
    )
    known.save()
    options = {"aligner": aligner, "tracks": known.folder, **TOLD}
    with pytest.raises(IntegrityError, match="edited tracks of frames 20-45"):
        convert(clip, tmp_path / "o.mp4", model, frames=(10, 30), **options)


@pytest.mark.parametrize("frames", [(5, 5), (-1, 3), (3, 2), (0.5, 2), 7, (1, 2, 3)])
def test_only_ranges_are_accepted(clip, model, frames, tmp_path):
    with pytest.raises(ValueError, match=r"Expected \(start, stop\)"):
        convert(clip, tmp_path / "o.mp4", model, frames=frames, **TOLD)


def test_a_range_beyond_the_end(clip, part, aligner, model, tmp_path):
    options = {"aligner": aligner, "tracks": False, **TOLD}
    with pytest.raises(ValueError, match="has no frame 80"):
        convert(clip, tmp_path / "o.mp4", model, frames=(80, 90), **options)
    report = convert(clip, tmp_path / "o.mp4", model, frames=(70, 90), **options)
    assert report.frames == 5
    assert len(sound_of(tmp_path / "o.mp4")) > 5  # and what follows the last frame


def test_images_and_folders_have_no_range(clip, model, tmp_path):
    with pytest.raises(ValueError, match="for the folder"):
        convert(clip.parent, tmp_path / "out", model, frames=(0, 9), **TOLD)


def test_plans_keep_what_lies_inside():
    tracks = FaceTracks({"name": "a.mp4"}, {}, 64, frames=10)
    plans = [planning.SwapPlan({3: (0, None)}, 10, 0, (), tracks)]
    assert planning.cut_plans(plans, tracks, (0, None)) == plans
    (cut,) = planning.cut_plans(plans, tracks, (4, 20))
    assert (cut.faces, cut.frames, cut.span) == ({}, 6, (4, 20))

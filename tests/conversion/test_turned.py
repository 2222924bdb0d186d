"""Heads turned beyond the person's own range are counted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from convert_helpers import TintModel

import deepface_models as dfm
from deepface_models.conversion import ConversionReport, Converter, convert
from deepface_models.core.poses import as_poses, is_beyond, pose_range
from deepface_models.models.swap import Swift


def test_the_range_leaves_out_rare_errors(face):
    """One wrong measurement in a hundred does not widen the range."""
    faces = [replace(face, yaw=-20 + i * 0.4, pitch=float(i % 7)) for i in range(101)]
    faces += [replace(face, yaw=None, pitch=None)]
    faces[50] = replace(face, yaw=80.0, pitch=0.0)
    least, most, low, high = pose_range(faces)
    assert least == pytest.approx(-20, abs=1) and most == pytest.approx(20, abs=1)
    assert (low, high) == (0, 6)
    assert pose_range([replace(face, yaw=None)]) is None


def test_what_lies_beyond_a_range(face):
    known = (-10.0, 20.0, -5.0, 5.0)
    for yaw, pitch, beyond in ((24, 0, False), (26, 0, True), (-16, 0, True)):
        assert is_beyond(replace(face, yaw=yaw, pitch=pitch), known) is beyond
    assert is_beyond(replace(face, yaw=0, pitch=11), known)
    assert not is_beyond(replace(face, yaw=90, pitch=0), None)
    assert not is_beyond(replace(face, yaw=None), known)


def test_ranges_are_saved_with_the_model(tmp_path):
    model = Swift(identities=("ana", "ben"), image_size=64, latent_size=8, basis_size=3)
    assert dict(model.poses) == {}
    model.poses = {"ana": (-10.0, 20.0, -5.0, 5.5)}
    model.save_parts(tmp_path / "model")
    assert dict(dfm.load(tmp_path / "model").poses) == {"ana": (-10, 20, -5, 5.5)}
    path = tmp_path / "model" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    assert config["metadata"]["poses"] == {"ana": [-10, 20, -5, 5.5]}


@pytest.mark.parametrize("value", [None, [], {"ana": [1, 2]}, {"ana": "1234"}])
def test_what_is_no_range_is_left_out(value):
    assert as_poses(value) == {}


def test_the_report_counts_turned_heads(clip, frame, tmp_path):
    """How many frames are beyond the range, in the report of `convert`."""
    from deepface_models.media import write_image

    image = tmp_path / "face.png"
    write_image(image, frame)
    options = {"identity": "ben", "consent": "test", "progress": False}
    model = TintModel()
    counts = []
    for poses in ({}, {"ben": (-30, 30, -30, 30)}, {"ben": (60, 70, 0, 10)}):
        model.poses = poses
        report = convert(image, tmp_path / "out.png", model, **options)
        counts.append(report.turned)
    assert counts == [0, 0, 1]
    assert "In 1 frame the head is turned farther" in report.summary()
    assert Converter(model, "ana").is_turned(None) is False


def test_the_summary_names_spans_of_turned_frames(tmp_path):
    report = ConversionReport(tmp_path, turned=6, turned_frames=[0, 1, 2, 7, 9, 10])
    assert "In 6 frames (0 to 2, 7, 9 to 10) the head" in report.summary()
    many = list(range(0, 40, 2))
    report = ConversionReport(tmp_path, turned=20, turned_frames=many)
    assert "(0, 2, 4, 6, 8, 10, 12, 14, ...) the head" in report.summary()


@pytest.mark.slow
def test_the_report_of_a_video_counts_turned_heads(clip, tmp_path):
    model = TintModel()
    model.poses = {"ben": (60.0, 70.0, 0.0, 10.0)}
    options = {"identity": "ben", "consent": "test", "progress": False}
    report = convert(clip, tmp_path / "out.mp4", model, **options)
    assert report.turned == report.swapped > 60

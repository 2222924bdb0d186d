"""Image sequences as sources and as results."""

from __future__ import annotations

import hashlib
import os
from fractions import Fraction

import numpy as np
import pytest
from convert_helpers import TintModel

from deepface_models import MediaError
from deepface_models.conversion import convert
from deepface_models.media import ImageSequence, probe, read_image, read_video
from deepface_models.media.image import write_image
from deepface_models.provenance import verify

TOLD = {"identity": "ben", "consent": "Both agreed", "progress": False}


@pytest.fixture(scope="module")
def shot(clip, tmp_path_factory):
    """Eight frames of the clip as shot.1001.png and so on; the face is gone in two."""
    folder = tmp_path_factory.mktemp("shot")
    for number, frame in enumerate(read_video(clip, 20, 28), 1001):
        image = np.full_like(frame.image, 90) if number > 1006 else frame.image
        write_image(folder / f"shot.{number}.png", image)
    return folder


def test_a_sequence_becomes_a_sequence(shot, aligner, model, tmp_path):
    pattern, output = shot / "shot.%04d.png", tmp_path / "out" / "swap.%04d.png"
    report = convert(pattern, output, model, aligner=aligner, **TOLD)
    assert (report.frames, report.swapped, report.output) == (8, 6, output)
    names = [f"swap.{number}.png" for number in range(1001, 1009)]
    assert sorted(os.listdir(output.parent)) == sorted(
        ["shot.%04d.png.tracks", "swap.settings.json", *names]
    )
    for name, before in zip(names[:6], sorted(os.listdir(shot)), strict=False):
        found = verify(output.parent / name)
        source = (shot / before).read_bytes()
        assert found.state == "valid" and found.synthetic
        assert found.source_sha256 == hashlib.sha256(source).hexdigest()
        assert found.record.source == before
    for name in ("1007", "1008"):  # nothing is synthetic there
        assert verify(output.parent / f"swap.{name}.png").state == "unsigned"
        image = read_image(output.parent / f"swap.{name}.png")
        np.testing.assert_array_equal(image, read_image(shot / f"shot.{name}.png"))


def test_a_folder_with_a_frame_rate_becomes_a_video(shot, aligner, model, tmp_path):
    output, rate = tmp_path / "swap.mp4", Fraction(24000, 1001)
    options = {"aligner": aligner, "fps": rate, "frames": (1, 5), **TOLD}
    report = convert(shot, output, model, **options)
    assert (report.frames, report.swapped) == (4, 4)
    assert probe(output).fps == rate and not probe(output).has_audio
    times = [frame.time for frame in read_video(output)]
    assert times == pytest.approx([n / float(rate) for n in range(4)])
    lines = "".join(
        f"{hashlib.sha256((shot / name).read_bytes()).hexdigest()}  {name}\n"
        for name in sorted(os.listdir(shot))
    )
    found = verify(output)
    assert found.source_sha256 == hashlib.sha256(lines.encode()).hexdigest()
    assert found.record.source == "shot.%d.png"


def test_a_video_becomes_a_sequence(clip, aligner, model, tmp_path):
    options = {"aligner": aligner, "frames": (30, 33), "tracks": False, **TOLD}
    options["save_settings"] = False
    report = convert(clip, tmp_path / "a_%03d.jpg", model, **options)
    assert sorted(os.listdir(tmp_path)) == ["a_030.jpg", "a_031.jpg", "a_032.jpg"]
    assert report.notes == ["Sound left out: images have none."]
    found = verify(tmp_path / "a_031.jpg")
    assert found.state == "valid" and found.record.details["frame"] == 31
    assert found.source_sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()


def test_a_folder_as_output_keeps_the_names(shot, aligner, model, tmp_path):
    options = {"aligner": aligner, "frames": (0, 2), "tracks": False, **TOLD}
    convert(shot / "shot.%04d.png", tmp_path / "out", model, **options)
    assert sorted(os.listdir(tmp_path / "out")) == [
        "shot.1001.png",
        "shot.1002.png",
        "shot.settings.json",
    ]


@pytest.mark.parametrize(
    ("source", "output", "fps", "says"),
    [
        ("", "out.mp4", None, r"Pass fps=24"),
        ("shot.%04d.png", "out.mp4", None, r"Pass fps=24"),
        ("shot.%04d.png", "out.png", None, r"out\.%04d\.png"),
        ("shot.%04d.png", "out.%04d.tif", None, r"Pass '.*out\.%04d\.png'"),
        ("shot.%04d.png", "../shot.%04d.png", 0, "above 0"),
        ("shot.%03d.jpg", "out", None, "No image is at"),
        ("shot.1001.png", "out.png", 24, "for the image"),
    ],
)
def test_what_is_missing_is_named(shot, model, tmp_path, source, output, fps, says):
    with pytest.raises((ValueError, MediaError), match=says):
        convert(shot / source, tmp_path / output, model, fps=fps, **TOLD)


def test_the_source_is_never_overwritten(shot, model):
    before = {name: (shot / name).read_bytes() for name in os.listdir(shot)}
    for output in (shot / "shot.%04d.png", shot):
        with pytest.raises(MediaError, match="never overwritten"):
            convert(shot / "shot.%04d.png", output, model, **TOLD)
    assert before == {name: (shot / name).read_bytes() for name in os.listdir(shot)}


def test_gaps_and_mixed_folders_are_refused(shot, tmp_path):
    for number in (7, 8, 10):
        (tmp_path / f"a{number}.png").write_bytes(b"")
    with pytest.raises(MediaError, match=r"a9\.png is missing.*from 7 to 10"):
        ImageSequence.open(tmp_path)
    (tmp_path / "b1.png").write_bytes(b"")
    with pytest.raises(MediaError, match=r"a\.\.\.\.png \(3\), b\.\.\.\.png \(1\)"):
        ImageSequence.open(tmp_path)


def test_images_of_several_sizes_are_refused(frame, tmp_path):
    write_image(tmp_path / "a1.png", frame)
    write_image(tmp_path / "a2.png", frame[:-8])
    with pytest.raises(MediaError, match="Expected images of one size"):
        list(read_video(tmp_path / "a%d.png"))


def test_a_sequence_is_read_like_a_video(shot):
    info = probe(ImageSequence.open(shot, fps=50))
    assert (info.frames, info.fps, info.duration) == (8, 50, 0.16)
    frames = list(read_video(shot / "shot.%04d.png", 2, 7, every_n=2))
    assert [(f.index, f.pts, f.time) for f in frames] == [
        (2, 2, 0.08),
        (4, 4, 0.16),
        (6, 6, 0.24),
    ]
    np.testing.assert_array_equal(frames[0].image, read_image(shot / "shot.1003.png"))


def test_faces_of_a_sequence_are_extracted(shot, aligner):
    faces = aligner.extract(shot / "shot.%04d.png", progress=False)
    assert len(faces) == 6
    assert [record.frame for record in faces._records] == list(range(6))


@pytest.mark.slow
def test_what_is_written_before_an_error_is_whole(shot, aligner, tmp_path):
    class Failing(TintModel):
        calls = 0

        def predict(self, images, identity):
            self.calls += 1
            if self.calls > 8:
                raise RuntimeError("out of memory")
            return super().predict(images, identity)

    options = {"aligner": aligner, "batch_size": 2, "tracks": False, **TOLD}
    options["patches"] = tmp_path / "patches"
    long = tmp_path / "long"
    for number in range(24):
        source = shot / f"shot.{1001 + number % 6}.png"
        write_image(long / f"a{number}.png", read_image(source))
    with pytest.raises(RuntimeError, match="out of memory"):
        convert(long / "a%d.png", tmp_path / "out.%d.png", Failing(), **options)
    assert not (tmp_path / "out.settings.json").exists()
    names = [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
    assert names == []
    for written in (tmp_path.glob("out.*"), (tmp_path / "patches").glob("*.png")):
        states = [verify(path).state for path in written]
        assert states and set(states) == {"valid"}

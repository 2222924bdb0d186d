"""Conversion of images, folders and videos, and the files that it writes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from convert_helpers import TintModel

import deepface_models
from deepface_models import (
    FaceNotFoundError,
    InUseError,
    MediaError,
    ProvenanceError,
)
from deepface_models.conversion import ConversionReport, Converter, convert
from deepface_models.conversion._outputs import model_sha256, result_names
from deepface_models.conversion.batches import batches
from deepface_models.conversion.plan import plan_video
from deepface_models.conversion.report import ConversionReport as Report
from deepface_models.core.locks import hold, hold_folder
from deepface_models.core.progress import Progress
from deepface_models.faces import FaceAligner, embed
from deepface_models.faces.detect import HogDetector
from deepface_models.media import (
    VideoWriter,
    probe,
    read_image,
    read_metadata,
    read_video,
    write_image,
)
from deepface_models.provenance import verify

TOLD = {
    "identity": "ben",
    "consent": "Both speakers, release of 2026",
    "progress": False,
}


def make_video(path: Path, images, fps: int = 25) -> Path:
    with VideoWriter(path, fps=fps, lossless=path.suffix == ".mkv") as writer:
        for image in images:
            writer.write(image)
    return path


def frames_of(path: Path) -> list[np.ndarray]:
    return [frame.image for frame in read_video(path)]


def packets_of(path: Path):
    with av.open(str(path)) as container:
        sound = [
            (float(p.pts * p.time_base), bytes(p))
            for p in container.demux(container.streams.audio[0])
            if p.size
        ]
    return [time for time, _ in sound], [data for _, data in sound]


@pytest.fixture(scope="session")
def short(clip, tmp_path_factory) -> Path:
    """The first 20 frames of a real clip."""
    images = frames_of(clip)[:20]
    return make_video(tmp_path_factory.mktemp("short") / "short.mp4", images)


@pytest.fixture
def quick(aligner, model) -> Converter:
    return Converter(model, "ben", aligner=aligner)


@pytest.fixture(scope="session")
def converted(clip, aligner, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    output = tmp_path_factory.mktemp("converted") / "swap.mp4"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFACE_MODELS_HOME", str(home))
        report = convert(clip, output, TintModel(), aligner=aligner, **TOLD)
    return output, report


def test_a_whole_clip(clip, converted):
    output, report = converted
    assert isinstance(report, ConversionReport)
    assert report.frames == report.swapped == len(frames_of(clip)) == 75
    assert report.without_face == report.faces_skipped == 0
    assert {"detect", "decode", "blend", "write", "sign"} <= set(report.seconds)
    assert json.loads(json.dumps(report.to_json()))["swapped"] == 75
    assert "75 of 75 frames swapped" in report.summary()
    assert sorted(os.listdir(output.parent)) == [
        "sbia1a.mpg.tracks",
        "swap.mp4",
        "swap.settings.json",
    ]


def test_time_stamps_size_and_sound_are_the_sources(clip, converted):
    output, _ = converted
    before, after = probe(clip), probe(output)
    assert (before.width, before.height) == (after.width, after.height)
    assert before.color_range == after.color_range
    stamps = [[f.time for f in read_video(path)] for path in (clip, output)]
    np.testing.assert_allclose(*stamps, atol=1e-9)
    (times, sound), (new_times, new_sound) = packets_of(clip), packets_of(output)
    assert sound == new_sound
    np.testing.assert_allclose(times, new_times, atol=1e-4)


def test_the_result_says_what_it_is(clip, converted):
    found = verify(converted[0])
    assert found.state == "valid" and found.synthetic
    text = json.dumps(read_metadata(converted[0]))
    assert TOLD["consent"] in text and model_sha256(TintModel()) in text


@pytest.mark.slow
def test_the_swap_does_not_flicker(clip, converted):
    before, after = (np.stack(frames_of(p)).astype(int) for p in (clip, converted[0]))
    still = np.s_[:, 20:60, 20:80]  # background, away from the face
    assert np.abs(before[still] - after[still]).mean() < 3
    face = np.s_[:, 120:230, 120:240]
    noise = [np.abs(np.diff(v[face], axis=0)).mean() for v in (before, after)]
    assert noise[1] < noise[0] * 1.3


def test_images_are_swapped_and_signed(frame, model, aligner, tmp_path):
    source = tmp_path / "in.png"
    write_image(source, frame)
    for name in ("out.png", "out.jpg", "out.jpeg"):
        report = convert(source, tmp_path / name, model, aligner=aligner, **TOLD)
        assert (report.frames, report.swapped, report.files) == (1, 1, 1)
        assert verify(tmp_path / name).state == "valid"
        assert TOLD["consent"] in json.dumps(read_metadata(tmp_path / name))
    result = read_image(tmp_path / "out.png")
    expected, _ = Converter(model, "ben", aligner=aligner).image(frame)
    np.testing.assert_array_equal(result, expected)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("name", ["out.png", "out.webp", "out.jpg"])
def test_transparency_survives_the_swap(frame, model, aligner, tmp_path, name):
    """Alpha is kept through a swap; JPEG shows it over white."""
    alpha = np.full(frame.shape[:2], 255, np.uint8)
    alpha[:, :40], alpha[:, -40:] = 0, 128
    write_image(tmp_path / "in.png", np.dstack([frame, alpha]))
    report = convert(
        tmp_path / "in.png", tmp_path / name, model, aligner=aligner, **TOLD
    )
    assert report.swapped == 1
    read = read_image(tmp_path / name, alpha=True)
    if name == "out.jpg":
        assert (read[:, :35, :3] > 245).all()
    else:
        np.testing.assert_array_equal(read[:, :, 3], alpha)
    assert verify(tmp_path / name).state == "valid"


def test_transparency_beside_the_source(frame, model, aligner, tmp_path):
    """Side by side, both halves keep it."""
    alpha = np.full(frame.shape[:2], 255, np.uint8)
    alpha[:, :40] = 0
    write_image(tmp_path / "in.png", np.dstack([frame, alpha]))
    options = {"aligner": aligner, "side_by_side": True, **TOLD}
    convert(tmp_path / "in.png", tmp_path / "out.png", model, **options)
    read = read_image(tmp_path / "out.png", alpha=True)
    np.testing.assert_array_equal(read[:, :, 3], np.hstack([alpha, alpha]))


def test_consent_is_required(tmp_path, frame, model):
    write_image(tmp_path / "in.png", frame)
    for consent in ("", "  ", None):
        with pytest.raises(ProvenanceError, match="who agreed"):
            told = {**TOLD, "consent": consent}
            convert(tmp_path / "in.png", tmp_path / "out.png", model, **told)
    with pytest.raises(TypeError, match="consent"):
        convert(tmp_path / "in.png", tmp_path / "out.png", model, identity="ben")
    assert not (tmp_path / "out.png").exists()


def test_the_source_is_never_overwritten(tmp_path, frame, model):
    source = tmp_path / "in.png"
    write_image(source, frame)
    os.link(source, tmp_path / "hard.png")
    (tmp_path / "soft.png").symlink_to(source)
    (tmp_path / "sub").mkdir()
    before = source.read_bytes()
    aliases = ["in.png", "hard.png", "soft.png", "sub/../in.png"]
    for alias in aliases:
        with pytest.raises(ValueError, match=r"source .* itself.*never overwritten"):
            convert(source, tmp_path / alias, model, **TOLD)
    with pytest.raises(ValueError, match="never overwritten"):
        convert(tmp_path, tmp_path, model, **TOLD)
    assert source.read_bytes() == before


def test_outputs_that_cannot_be_signed_are_refused(tmp_path, frame, model, clip):
    write_image(tmp_path / "in.png", frame)
    with pytest.raises(MediaError, match=r"\.bmp.*\.png"):
        convert(tmp_path / "in.png", tmp_path / "out.bmp", model, **TOLD)
    with pytest.raises(MediaError, match=r"\.mp4"):
        convert(clip, tmp_path / "out.avi", model, **TOLD)
    with pytest.raises(ValueError, match="is a folder"):
        convert(clip, tmp_path, model, **TOLD)
    with pytest.raises(FileNotFoundError):
        convert(tmp_path / "none.mp4", tmp_path / "out.mp4", model, **TOLD)


def test_faceless_and_broken_sources(tmp_path, model, aligner):
    write_image(tmp_path / "wall.png", np.full((90, 120, 3), 80, np.uint8))
    make_video(tmp_path / "wall.mp4", [np.full((90, 120, 3), 80, np.uint8)] * 5)
    for name in ("wall.png", "wall.mp4"):
        with pytest.raises(FaceNotFoundError, match="A face was not found"):
            output = tmp_path / f"out_{name}"
            convert(tmp_path / name, output, model, aligner=aligner, **TOLD)
        assert not output.exists()
    for name in ("broken.mp4", "broken.png"):
        (tmp_path / name).write_bytes(b"no media at all")
        with pytest.raises(MediaError):
            convert(tmp_path / name, tmp_path / f"out_{name}", model, **TOLD)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith((".", "out"))]


@pytest.mark.slow
def test_frames_without_a_face_stay_and_are_counted(short, quick, tmp_path):
    images = frames_of(short)
    blank = np.random.default_rng(0).integers(0, 256, images[0].shape, np.uint8)
    source = make_video(tmp_path / "in.mkv", images[:8] + [blank] * 16 + images[8:12])
    output = tmp_path / "out.mp4"
    told = {**TOLD, "converter": quick, "lossless": True}
    report = convert(source, output, quick.model, **told)
    assert (report.frames, report.swapped, report.without_face) == (28, 12, 16)
    result, before = frames_of(output), frames_of(source)
    for number in range(8, 24):
        np.testing.assert_array_equal(result[number], before[number])
    assert all((result[n] != before[n]).any() for n in (0, 7, 24, 27))


def test_zero_mask_keeps_a_video_bit_exact(short, aligner, tmp_path):
    source = make_video(tmp_path / "in.mkv", frames_of(short)[:6])
    report = convert(
        source,
        tmp_path / "out.mp4",
        TintModel(mask=0.0),
        aligner=aligner,
        lossless=True,
        **TOLD,
    )
    assert report.swapped == 6
    result = np.stack(frames_of(tmp_path / "out.mp4"))
    np.testing.assert_array_equal(result, np.stack(frames_of(source)))


def test_only_the_named_person_of_two(short, other_frame, quick, tmp_path):
    images = frames_of(short)[:10]
    width = images[0].shape[1]
    both = [np.hstack([image, other_frame]) for image in images]
    source = make_video(tmp_path / "two.mkv", both)
    faces = quick.aligner.detect(other_frame)
    person = embed(other_frame, faces[0])
    output = tmp_path / "out.mp4"
    told = {**TOLD, "converter": quick, "lossless": True, "person": person}
    report = convert(source, output, quick.model, **told)
    assert (report.swapped, report.faces_skipped) == (10, 10)
    before, after = np.stack(frames_of(source)), np.stack(frames_of(output))
    np.testing.assert_array_equal(before[:, :, :width], after[:, :, :width])
    assert (before[:, :, width:] != after[:, :, width:]).any()


def test_the_main_person_returns_after_a_cut(short, other_frame, aligner, tmp_path):
    images = frames_of(short)
    other = [np.ascontiguousarray(other_frame[..., ::-1])] * 6
    source = make_video(tmp_path / "cuts.mkv", images[:8] + other + images[8:14])
    plan = plan_video(source, aligner, None, Report(source), Progress(False))
    assert plan.cuts == (8, 14)
    assert sorted(plan.faces) == [*range(8), *range(14, 20)]
    assert plan.others == 6 and plan.frames == 20
    assert plan.faces[0][0] != plan.faces[14][0]  # nothing is smoothed across cuts


def test_smoothed_matrices_jitter_less(clip, aligner):
    plan = plan_video(clip, aligner, None, Report(clip), Progress(False))
    found = [aligner.detect(image)[0].matrix for image in frames_of(clip)[:30]]
    steady = [plan.faces[n][1].matrix for n in range(30)]

    def jitter(matrices):
        return np.abs(np.diff(np.stack(matrices)[:, :, 2], n=2, axis=0)).mean()

    assert jitter(steady) < jitter(found) / 2


def test_a_folder_keeps_its_frames_and_names(short, frame, quick, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    write_image(folder / "1.png", frame)
    write_image(folder / "2.webp", frame)
    write_image(folder / "wall.jpg", np.full((64, 64, 3), 9, np.uint8))
    (folder / "broken.png").write_bytes(b"\x89PNG not really")
    (folder / "notes.txt").write_text("no media", encoding="utf-8")
    shutil.copy(short, folder / "clip.mp4")
    output = tmp_path / "out"
    report = convert(folder, output, quick.model, converter=quick, **TOLD)
    names = ["1.png", "2.webp", "clip.mp4", "clip.mp4.tracks", "conversion.jsonl"]
    assert sorted(os.listdir(output)) == [*names, "wall.jpg"]
    assert (report.files, report.frames, report.swapped) == (4, 23, 22)
    assert report.without_face == 1 and list(report.failed) == ["broken.png"]
    assert (output / "wall.jpg").read_bytes() == (folder / "wall.jpg").read_bytes()
    assert all(verify(output / n).state == "valid" for n in names[:3])
    again = convert(folder, output, quick.model, converter=quick, **TOLD)
    assert (again.resumed, again.files) == (4, 0)


def test_odd_entries_of_a_folder_are_counted(
    frame, quick, tmp_path, odd_entries, monkeypatch
):
    """Neither an odd entry nor a failed signature ends the run."""
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    count = odd_entries(folder)
    for name in ("12:30.png", "frame10.png", "frame2.png", "x" * 250 + ".png"):
        write_image(folder / name[-100:], frame)
    (folder / "frame10.png").write_bytes((folder / "frame2.png").read_bytes() + b" ")
    (folder / ("x" * 96 + ".png")).rename(folder / ("x" * 250 + ".png"))
    (folder / "notes.txt").write_text("no media", encoding="utf-8")
    seen: list[str] = []

    def sign_or_fail(place, record, certificate):
        seen.append(record.source)
        if record.source == "frame2.png":
            raise ProvenanceError("The certificate has expired.")

    monkeypatch.setattr("deepface_models.conversion._statements.sign", sign_or_fail)
    report = convert(folder, output, quick.model, converter=quick, **TOLD)
    assert seen == ["12:30.png", "frame2.png", "frame10.png", "x" * 250 + ".png"]
    assert report.files == 3 and len(report.failed) == count + 1
    assert "expired" in report.failed["frame2.png"]
    assert report.left_out == {".txt": 1}
    assert not [name for name in os.listdir(output) if name.startswith(".")]
    json.dumps(report.to_json())


def test_a_folder_is_not_converted_into_itself(frame, quick, tmp_path):
    """Output inside the source folder."""
    write_image(tmp_path / "a.png", frame)
    with pytest.raises(ValueError, match="inside the source folder"):
        convert(tmp_path, tmp_path / "out", quick.model, converter=quick, **TOLD)
    assert os.listdir(tmp_path) == ["a.png"]


def test_other_settings_or_sources_are_converted_anew(frame, quick, aligner, tmp_path):
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    write_image(folder / "a.png", frame)
    convert(folder, output, quick.model, converter=quick, **TOLD)
    other = Converter(quick.model, "ben", aligner=aligner, blend="alpha")
    assert convert(folder, output, quick.model, converter=other, **TOLD).files == 1
    write_image(folder / "a.png", frame // 2)
    assert convert(folder, output, quick.model, converter=other, **TOLD).files == 1
    assert convert(folder, output, quick.model, converter=other, **TOLD).resumed == 1


def test_result_names_never_collide():
    sources = [Path(n) for n in ("a.bmp", "a.mpg", "a.png", "b.bmp", "b.tif", "c.mp4")]
    names = result_names(sources)
    assert len(set(names.values())) == len(sources)
    assert names[Path("a.png")] == "a.png" and names[Path("a.bmp")] == "a.bmp.png"
    assert names[Path("a.mpg")] == "a.mp4" and names[Path("b.bmp")] == "b.png"


SCRIPT = """
import sys, time
sys.path.insert(0, {here!r})
from convert_helpers import TintModel
from deepface_models.conversion import convert
from deepface_models.faces import FaceAligner
from deepface_models.faces.detect import HogDetector

class Slow(TintModel):
    def predict(self, images, identity):
        time.sleep({wait})
        return super().predict(images, identity)

aligner = FaceAligner(image_size=96, embeddings=False, detector=HogDetector())
convert({source!r}, {output!r}, Slow(), identity="ben", consent="yes", progress=False,
        aligner=aligner, batch_size=4)
"""


def killed_when(condition, source: Path, output: Path, wait: float) -> None:
    """Starts a conversion in a process of its own and kills it -9 at a moment."""
    here = str(Path(__file__).parent)
    code = SCRIPT.format(here=here, source=str(source), output=str(output), wait=wait)
    root = str(Path(deepface_models.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    deadline = time.monotonic() + 120
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "the conversion ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_killed_video_starts_again_cleanly(short, quick, tmp_path):
    output = tmp_path / "out.mp4"

    killed_when((tmp_path / ".out.mp4.new1").is_dir, short, output, wait=1.0)
    assert not output.exists()
    assert any(p.name.startswith(".") for p in tmp_path.iterdir())
    report = convert(short, output, quick.model, converter=quick, **TOLD)
    assert report.swapped == 20 and verify(output).state == "valid"
    assert sorted(os.listdir(tmp_path)) == [
        "out.mp4",
        "out.settings.json",
        "short.mp4.tracks",
    ]


@pytest.mark.slow
def test_a_killed_folder_goes_on_where_it_was(frame, quick, tmp_path):
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(6):
        write_image(folder / f"{number}.png", np.roll(frame, 5 * number, axis=1))

    def third_begun() -> bool:
        progress_log = output / "conversion.jsonl"
        return (
            progress_log.exists()
            and progress_log.read_text(encoding="utf-8").count('"source"') >= 2
        )

    killed_when(third_begun, folder, output, wait=0.4)
    before = {p.name: p.stat().st_mtime_ns for p in output.glob("*.png")}
    assert 2 <= len(before) < 6
    assert all(verify(output / name).state == "valid" for name in before)
    told = {**TOLD, "consent": "yes", "batch_size": 4, "aligner": quick.aligner}
    report = convert(folder, output, TintModel(), **told)
    assert report.resumed >= 2 and report.resumed + report.files == 6
    kept = [n for n, t in before.items() if (output / n).stat().st_mtime_ns == t]
    assert len(kept) == report.resumed
    assert len(list(output.glob("*.png"))) == 6
    assert not [p for p in output.iterdir() if p.name.startswith(".")]


def test_a_torn_line_of_the_progress_log_is_ignored(frame, quick, tmp_path):
    folder, output = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    write_image(folder / "a.png", frame)
    convert(folder, output, quick.model, converter=quick, **TOLD)
    progress_log = output / "conversion.jsonl"
    progress_log.write_text(
        progress_log.read_text(encoding="utf-8") + '\n{"output": "b.pn',
        encoding="utf-8",
    )
    write_image(folder / "b.png", frame)
    report = convert(folder, output, quick.model, converter=quick, **TOLD)
    assert (report.resumed, report.files) == (1, 1)
    report = convert(folder, output, quick.model, converter=quick, **TOLD)
    assert report.resumed == 2


def test_one_conversion_writes_an_output(frame, quick, tmp_path, elsewhere):
    """One writer at a time of a file, and of a folder."""
    write_image(tmp_path / "in" / "a.png", frame)
    elsewhere(hold(tmp_path / "out.png"))
    elsewhere(hold_folder(tmp_path / "out"))
    for source, output in (("in/a.png", "out.png"), ("in", "out")):
        with pytest.raises(InUseError, match=f"{output} is being written by another"):
            convert(
                *(tmp_path / source, tmp_path / output, quick.model),
                converter=quick,
                **TOLD,
            )
    assert not (tmp_path / "out.png").exists()
    assert os.listdir(tmp_path / "out") == [".deepface_models.lock"]


def test_a_file_that_somebody_else_writes_does_not_end_a_folders_run(
    frame, quick, tmp_path, elsewhere
):
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "in" / name, frame)
    elsewhere(hold(tmp_path / "out" / "a.png"))
    told = {"converter": quick, **TOLD}
    report = convert(tmp_path / "in", tmp_path / "out", quick.model, **told)
    assert report.files == 1 and list(report.failed) == ["a.png"]
    assert "being written by another thread" in report.failed["a.png"]


def test_what_a_killed_run_left_of_a_source_that_is_gone_is_swept(
    frame, quick, tmp_path
):
    """Temporary files are swept by the next run; others' are kept."""
    write_image(tmp_path / "in" / "a.png", frame)
    for folder, name in (("gone.mp4", ".gone.mp4.new1.mp4"), ("mine", "notes.txt")):
        left = tmp_path / "out" / f".{folder}.new1"
        left.mkdir(parents=True)
        (left / name).write_text("half", encoding="utf-8")
    told = {"converter": quick, **TOLD}
    convert(tmp_path / "in", tmp_path / "out", quick.model, **told)
    names = [".mine.new1", "a.png", "conversion.jsonl"]
    assert sorted(os.listdir(tmp_path / "out")) == names


def test_a_failing_model_leaves_nothing_behind(short, aligner, tmp_path):
    class Failing(TintModel):
        def predict(self, images, identity):
            raise RuntimeError("out of memory")

    (tmp_path / "out.mp4").write_bytes(b"an older result")
    with pytest.raises(RuntimeError, match="out of memory"):
        convert(short, tmp_path / "out.mp4", Failing(), aligner=aligner, **TOLD)
    assert (tmp_path / "out.mp4").read_bytes() == b"an older result"
    assert sorted(os.listdir(tmp_path)) == ["out.mp4", "short.mp4.tracks"]


def test_converter_and_call_must_agree(short, quick, tmp_path):
    told = {**TOLD, "identity": "ana"}
    with pytest.raises(
        ValueError, match=r"identity='ben' together with identity='ana'"
    ):
        convert(short, tmp_path / "o.mp4", quick.model, converter=quick, **told)
    with pytest.raises(ValueError, match=r"\['feather'\]"):
        convert(
            *(short, tmp_path / "o.mp4", quick.model),
            converter=quick,
            feather=0.2,
            **TOLD,
        )


def test_side_by_side_video(short, model, aligner, tmp_path):
    output = tmp_path / "wide.mp4"
    told = {**TOLD, "aligner": aligner, "side_by_side": True, "debug": "mask"}
    convert(short, output, model, **told)
    assert probe(output).width == 2 * probe(short).width


def test_frames_are_held_only_until_their_batch_is_full():
    def frames(face):
        for number in range(200):
            yield number, np.zeros((4, 4, 3), np.uint8), face

    sizes = [len(batch) for batch in batches(frames((0, None)), 16)]
    assert max(sizes) == 16 and sum(sizes) == 200
    nowhere = [len(batch) for batch in batches(frames(None), 16)]
    assert max(nowhere) <= 64 and sum(nowhere) == 200
    large = [len(b) for b in batches(frames(None), 16, lambda item: 12 << 20)]
    assert max(large) == 4 and sum(large) == 200


def test_bytes_of_stored_frames_count_for_a_batch(short, quick, tmp_path, monkeypatch):
    """Stored frames of 4K were held until their batch had enough faces."""
    held = []

    def counted(items, size, weigh):
        for batch in batches(items, size, weigh):
            held.append(sum(weigh(item) - item[1].nbytes for item in batch))
            yield batch

    monkeypatch.setattr("deepface_models.conversion.batches.batches", counted)
    convert(short, tmp_path / "o.mp4", quick.model, converter=quick, **TOLD)
    frame = probe(short)
    assert sum(held) >= frame.frames * frame.width * frame.height * 3 // 2


def test_the_progress_bar_shows_both_passes(short, quick, tmp_path, capsys):
    told = {**TOLD, "progress": True}
    convert(short, tmp_path / "o.mp4", quick.model, converter=quick, **told)
    shown = capsys.readouterr().out
    assert "find faces" in shown and "swap" in shown and "20/20" in shown


def test_the_module_demo_can_be_called():
    assert callable(deepface_models.convert)
    assert FaceAligner(detector=HogDetector()).image_size == 128

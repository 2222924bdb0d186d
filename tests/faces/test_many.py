"""Large face sets, two writers of one set, and the files of a killed writer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest
from faces_helpers import CLIPS, made_face

from deepface_models import InUseError, MediaError
from deepface_models.core.locks import hold_folder
from deepface_models.faces import Box, FaceAligner, FaceSet, _extract, faceset
from deepface_models.faces._store import last_clips, last_frames
from deepface_models.faces.detect import Detection
from deepface_models.faces.video import Chunk
from deepface_models.media import VideoFrame, write_image

KILLED = """
import sys
from deepface_models.faces import FaceAligner
aligner = FaceAligner(image_size=64, landmarks=5, embeddings=False, repeats=1)
aligner.extract(sys.argv[2], sys.argv[1], progress=False)
"""


class Everywhere:
    """Takes the whole image for a face."""

    name = "everywhere"

    def __call__(self, image):
        height, width = image.shape[:2]
        return [Detection(Box(0.0, 0.0, float(width), float(height)), 1.0, self.name)]


def extract(source, output, **changes):
    settings = {"image_size": 16, "landmarks": 5, "embeddings": False, "repeats": 1}
    aligner = FaceAligner(**settings, detector=Everywhere())
    return aligner.extract(source, output, progress=False, workers=2, **changes)


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    rng = np.random.default_rng(0)
    for number in range(24):
        image = rng.integers(0, 256, (20, 20, 3), np.uint8)
        write_image(folder / f"{number:02d}.png", image)
    return folder


@pytest.fixture
def saved(monkeypatch):
    """How many sources each written `faceset.json` knew."""
    seen: list[int] = []
    write = faceset.write_json

    def counted(path, value):
        seen.append(len(value["sources"]))
        write(path, value)

    monkeypatch.setattr(faceset, "write_json", counted)
    return seen


@pytest.mark.slow
def test_two_runs_do_not_mix_people(tmp_path):
    """The second extraction into one folder is refused, even if killed."""
    folder = tmp_path / "set"
    words = [sys.executable, "-c", KILLED, str(folder), str(CLIPS[0])]
    with subprocess.Popen(words) as process:
        deadline = time.monotonic() + 120
        while not list(folder.glob("faces/0*.png")) and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(InUseError, match=f"by process {process.pid} on .* since"):
            extract(CLIPS[-1], folder)
        process.send_signal(signal.SIGKILL)
    aligner = FaceAligner(image_size=64, landmarks=5, embeddings=False, repeats=1)
    again = aligner.extract(CLIPS[0], folder, limit=20, progress=False)
    assert again.sources == [str(CLIPS[0])]
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


def test_progress_is_not_saved_with_each_image(images, tmp_path, saved):
    """The whole state was saved after each image."""
    assert len(extract(images, tmp_path / "set")) == 24
    assert len(saved) < 6 and saved[-1] == 24


def test_progress_is_saved_in_time(images, tmp_path, saved, monkeypatch):
    monkeypatch.setattr(_extract, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(_extract, "_SAVE_SHARE", 1e9)
    extract(images, tmp_path / "set")
    assert len(saved) >= 24


@pytest.mark.parametrize("every", [0.0, 1e9])
@pytest.mark.parametrize("at", [1, 11, 23])
def test_ended_between_two_saves_it_ends_the_same(
    images, tmp_path, monkeypatch, every, at
):
    """Killed at any moment it resumes with the same faces."""
    whole = extract(images, tmp_path / "whole")
    write, seen = faceset.write_face, 0

    def deadly(path, data):
        nonlocal seen
        seen += 1
        if seen == at:
            path.with_name(f".{path.name}.new1.png").write_bytes(b"half")
            raise KeyboardInterrupt
        write(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(_extract, "_SAVE_EVERY", every)
        patch.setattr(faceset, "write_face", deadly)
        patch.setattr(FaceSet, "save", FaceSet.save if not every else lambda self: None)
        patch.setattr(FaceSet, "create", _created)
        with pytest.raises(KeyboardInterrupt):
            extract(images, tmp_path / "set")
    again = extract(images, tmp_path / "set")
    assert again.table == whole.table
    assert (again.images == whole.images).all()
    assert FaceSet.open(tmp_path / "set").table == whole.table
    names = sorted(os.listdir(tmp_path / "set" / "faces"))
    assert names == [f"{number:06d}.png" for number in range(24)]


@classmethod
def _created(cls, folder, *settings):
    """An empty set, whatever `save` does now."""
    made = cls(*settings, folder)
    (folder / "faces").mkdir()
    made._write_table()
    path = folder / "faceset.json"
    info = dict(zip(("image_size", "face_type", "landmarks"), settings, strict=True))
    faceset.write_json(path, {"version": 1, **info, "sources": {}})
    return made


def test_a_moved_folder_is_noted_at_once(images, tmp_path, saved):
    """One save, and one table, for each moved image before."""
    before = extract(images, tmp_path / "set")
    saved.clear()
    moved = images.rename(tmp_path / "moved")
    again = extract(moved, tmp_path / "set")
    assert len(saved) < 6
    assert again.sources == sorted(map(str, moved.iterdir()))
    assert (again.images == before.images).all()


def test_a_source_that_cannot_be_read_to_its_end_stays_unreadable(
    images, tmp_path, monkeypatch
):
    """Chunks that waited for their turn set it back to "partial"."""
    source = images / "00.png"
    frame = np.zeros((20, 20, 3), np.uint8)

    def torn(source, start, every_n, keep):
        frames = [VideoFrame(n, n, 0.04 * n, frame) for n in range(start, 4)]
        for one, following in pairwise(frames):
            yield Chunk(source, [one], one.index + 1, following)
        raise MediaError("Its end is missing.")

    with monkeypatch.context() as patch:
        patch.setattr(_extract, "read_chunks", torn)
        found = extract(source, tmp_path / "set")
    assert list(found.failed) == [str(source.resolve())] and len(found) == 3
    (state,) = FaceSet.open(tmp_path / "set").progress.values()
    assert (state["status"], state["next_frame"]) == ("unreadable", 3)
    write_image(source, frame + 9)  # a whole copy takes its place
    found = extract(source, tmp_path / "set")
    assert len(found) == 1 and not found.failed
    assert next(iter(found.progress.values()))["status"] == "done"


def test_what_a_killed_run_left_is_swept(images, tmp_path):
    """Temporary files are swept by the next run."""
    extract(images, tmp_path / "set")
    faces = tmp_path / "set" / "faces"
    left = (".000007.png.new1.png", ".000030.png.new1.png", "000031.png")
    for name in (*left, "mine.png"):
        (faces / name).write_bytes(b"half")
    assert len(extract(images, tmp_path / "set")) == 24
    kept = {f"{number:06d}.png" for number in range(24)} | {"mine.png"}
    assert set(os.listdir(faces)) == kept


def test_a_set_is_written_by_one_at_a_time(tmp_path, elsewhere):
    folder = tmp_path / "set"
    image = np.zeros((32, 32, 3), np.uint8)
    FaceSet.create(folder, image_size=32)
    first, second = FaceSet.open(folder), FaceSet.open(folder)
    first.append(made_face(), image)
    with pytest.raises(InUseError, match=r"FaceSet\.open"):
        second.append(made_face(), image)
    with pytest.raises(InUseError, match=r"FaceSet\.open"):
        second.save()
    first.append(made_face(), image)
    elsewhere(hold_folder(folder))
    with pytest.raises(InUseError, match="one writer at a time"):
        first.append(made_face(), image)
    with pytest.raises(InUseError, match="one writer at a time"):
        first.drop([True, False])
    assert len(FaceSet.open(folder)) == 2


@pytest.mark.parametrize("part", [0.1, 0.2, 0.5])
def test_held_out_faces_are_those_of_the_plain_rule(part):
    """The same faces, without going through all for each source."""
    rng = np.random.default_rng(1)
    places = [(f"{n}.jpg", int(f)) for n, f in rng.integers(0, 30, (200, 2))]
    names = list(dict.fromkeys(name for name, _ in places))
    clips = np.zeros(200, bool)
    for name in names[:0:-1]:
        clips |= np.array([place[0] == name for place in places])
        if clips.mean() >= part - 0.02:
            break
    assert (last_clips(places, part) == clips).all()
    ends = np.zeros(200, bool)
    for name in names:
        mine = sorted(
            (i for i in range(200) if places[i][0] == name), key=lambda i: places[i][1]
        )
        count = max(1, round(len(mine) * part)) if len(mine) > 1 else 0
        ends[mine[len(mine) - count :]] = True
    assert (last_frames(places, part) == ends).all()

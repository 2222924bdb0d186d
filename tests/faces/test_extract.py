from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from faces_helpers import CLIPS, DATA, TRUTH

from deepface_models.conversion import paste_face
from deepface_models.core.errors import FaceNotFoundError, IntegrityError, MediaError
from deepface_models.faces import FaceAligner, FaceSet
from deepface_models.media import read_image, read_video, write_image

QUICK = {"image_size": 64, "landmarks": 5, "embeddings": False, "repeats": 1}


def quick(**changes):
    return FaceAligner(**{**QUICK, **changes})


def same(a, b):
    assert len(a) == len(b)
    assert a.table == b.table
    assert (a.images == b.images).all()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "set"
    return quick().extract(CLIPS[:2], folder, progress=False)


@pytest.mark.slow
def test_video_gives_one_face_a_frame(whole):
    assert len(whole) == 150 and len(whole.sources) == 2
    assert whole.frames.tolist() == [*range(75), *range(75)]
    assert (whole.folder / "sheet.png").is_file()
    assert all(s["status"] == "done" for s in whole.progress.values())
    yaw = [face.yaw for face in whole.faces]
    assert np.abs(yaw).max() < 45


def test_image_goes_back_into_its_frame(whole):
    frame = next(iter(read_video(whole.sources[0], start=3))).image
    face = whole.faces[3]
    mask = np.ones((64, 64), np.float32)
    again = paste_face(whole.images[3], mask, frame, face.matrix, blend="alpha")
    assert np.abs(again.astype(int) - frame).mean() < 1


@pytest.mark.slow
def test_in_memory_equals_on_disk(whole):
    again = quick().extract(CLIPS[0], progress=False)
    assert again.folder is None
    assert (again.images == whole.images[:75]).all()


@pytest.mark.slow
def test_number_of_threads_does_not_matter(whole):
    again = quick().extract(CLIPS[0], progress=False, workers=1)
    assert (again.images == whole.images[:75]).all()


def test_finished_set_is_left_alone(whole):
    before = (whole.folder / "table.csv").stat().st_mtime_ns
    again = quick().extract(CLIPS[:2], whole.folder, progress=False)
    assert (whole.folder / "table.csv").stat().st_mtime_ns == before
    same(again, whole)


def test_every_nth_frame_and_limit():
    some = quick().extract(CLIPS[0], every_n=10, progress=False)
    assert some.frames.tolist() == list(range(0, 75, 10))
    few = quick().extract(CLIPS[0], limit=5, progress=False)
    assert few.frames.tolist() == list(range(5))


@pytest.mark.slow
def test_limit_then_more_equals_all(tmp_path, whole):
    quick().extract(CLIPS[:2], tmp_path / "set", limit=85, progress=False)
    again = quick().extract(CLIPS[:2], tmp_path / "set", progress=False)
    same(again, whole)


KILLED = """
import sys
from deepface_models.faces import FaceAligner
aligner = FaceAligner(image_size=64, landmarks=5, embeddings=False, repeats=1)
aligner.extract(sys.argv[2:], sys.argv[1], progress=False)
"""


@pytest.mark.parametrize("after", [1, 20, 60, 100])
@pytest.mark.slow
def test_kill_at_any_moment_then_resume(tmp_path, whole, after):
    """After SIGKILL at `after` images the set opens, and a rerun ends equal."""
    folder = tmp_path / "set"
    command = [sys.executable, "-c", KILLED, str(folder), *map(str, CLIPS[:2])]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if len(list((folder / "faces").glob("[0-9]*.png"))) >= after:
            break
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    half = FaceSet.open(folder)
    assert half.images.shape == (len(half), 64, 64, 3)
    again = quick().extract(CLIPS[:2], folder, progress=False)
    same(again, whole)
    same(FaceSet.open(folder), whole)
    assert len(list((folder / "faces").glob("[0-9]*.png"))) == len(whole)


@pytest.mark.slow
def test_folder_with_images_corrupt_and_empty_ones(tmp_path, caplog):
    for name in TRUTH:
        shutil.copy(DATA / name, tmp_path)
    shutil.copy(DATA / "skimage_rocket.jpg", tmp_path)
    (tmp_path / "torn.jpg").write_bytes((DATA / "skimage_rocket.jpg").read_bytes()[:99])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no image", encoding="utf-8")
    found = quick().extract(tmp_path, progress=False)
    assert len(found) == len(TRUTH)
    assert "torn.jpg" in caplog.text and "empty.png" in caplog.text


@pytest.mark.slow
def test_nothing_found_says_how_much_was_looked_at(tmp_path):
    with pytest.raises(FaceNotFoundError, match=r"2 sources \(2 frames were searched"):
        for name, level in (("a", 80), ("b", 90)):
            blank = np.full((40, 40, 3), level, np.uint8)
            write_image(tmp_path / f"{name}.png", blank)
        quick().extract(tmp_path, progress=False)


def test_empty_folder_and_unreadable_file(tmp_path):
    with pytest.raises(FaceNotFoundError, match="no image and no video"):
        quick().extract(tmp_path, progress=False)
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    with pytest.raises(MediaError, match=r"a\.mp4"):
        quick().extract(tmp_path / "a.mp4", progress=False)
    with pytest.raises(ValueError, match="every_n=0"):
        quick().extract(CLIPS[0], every_n=0)


def test_other_settings_in_the_same_folder_are_refused(whole):
    with pytest.raises(ValueError, match="Choose another output"):
        quick(image_size=96).extract(CLIPS[0], whole.folder, progress=False)
    with pytest.raises(ValueError, match="Choose another output"):
        quick().extract(CLIPS[0], whole.folder, every_n=2, progress=False)


def test_source_that_changed_is_refused(tmp_path):
    clip = tmp_path / "clip.mpg"
    shutil.copy(CLIPS[0], clip)
    quick().extract(clip, tmp_path / "set", limit=3, progress=False)
    shutil.copy(CLIPS[1], clip)
    with pytest.raises(IntegrityError, match="same bytes"):
        quick().extract(clip, tmp_path / "set", progress=False)


@pytest.mark.slow
def test_copies_are_taken_once_and_moved_files_are_known(tmp_path, caplog):
    first, copy, moved = (tmp_path / f"{n}.mpg" for n in ("first", "copy", "moved"))
    shutil.copy(CLIPS[0], first)
    shutil.copy(first, copy)
    faces = quick().extract([first, copy], tmp_path / "set", progress=False, limit=20)
    assert faces.sources == [str(first)] and "copy.mpg is a copy of" in caplog.text
    copy.unlink()
    first.rename(moved)
    again = quick().extract(moved, tmp_path / "set", progress=False)
    assert again.sources == list(again.progress) == [str(moved)]
    assert again.frames.tolist() == list(range(75))
    assert FaceSet.open(tmp_path / "set").table == again.table


@pytest.mark.slow
def test_only_the_named_person_is_taken(tmp_path, portraits):
    names = list(TRUTH)[:3]
    images = [portraits[name][:500, :500] for name in names]
    height = min(len(image) for image in images)
    write_image(tmp_path / "row.png", np.hstack([i[:height] for i in images]))
    aligner = quick(embeddings=True)
    everyone = aligner.extract(tmp_path / "row.png", progress=False)
    assert len(everyone) == 3
    one = quick().extract(tmp_path / "row.png", person=DATA / names[1], progress=False)
    assert len(one) == 1
    x = one.faces[0].box.center[0]
    assert images[0].shape[1] < x < images[0].shape[1] + images[1].shape[1]
    again = aligner.extract(tmp_path / "row.png", person=one, progress=False)
    assert len(again) == 1


@pytest.mark.slow
def test_a_person_may_be_the_folder_of_a_set(tmp_path, portraits):
    """`extract(person=FOLDER)` takes what `convert(person=)` takes."""
    names = list(TRUTH)[:2]
    for name in names:
        write_image(tmp_path / f"{name}.png", portraits[name])
    known, everyone = tmp_path / "known", tmp_path / "everyone"
    everyone.mkdir()
    for name in names:
        (tmp_path / f"{name}.png").rename(everyone / f"{name}.png")
    aligner = quick(embeddings=True)
    aligner.extract(everyone / f"{names[0]}.png", known, progress=False)
    found = quick().extract(everyone, person=known, progress=False)
    assert [Path(source).stem for source in found.sources] == [names[0]]
    with pytest.raises(ValueError, match=r"person= a ndarray of shape \(7,\)"):
        quick().extract(everyone, person=np.zeros(7), progress=False)


def test_sparse_identity_agrees_with_full():
    frames = [f.image for f in read_video(CLIPS[0], stop=12)]
    sparse = quick(embeddings=6).detect_frames(frames)
    every = quick(embeddings=True).detect_frames(frames)
    for a, b in zip(sparse, every, strict=True):
        assert np.linalg.norm(a[0].embedding - b[0].embedding) < 0.25
    assert quick().detect_frames([]) == []


def test_new_face_is_followed_back_and_two_faces_stay_apart(several):
    empty = np.full_like(several, 200)
    frames = [empty] * 3 + [several] * 9
    found = quick().detect_frames(frames)
    assert [len(faces) for faces in found[:3]] == [0, 0, 0]
    assert all(len(faces) >= 1 for faces in found[3:])


def test_progress_function_counts_frames():
    calls = []
    quick().extract(CLIPS[0], progress=lambda done, total: calls.append((done, total)))
    counts = [done for done, _ in calls]
    assert counts[-1] == 75 and counts == sorted(set(counts))


def test_rotated_and_gray_images(tmp_path):
    name = next(iter(TRUTH))
    image = read_image(DATA / name)
    write_image(tmp_path / "a.png", np.ascontiguousarray(np.rot90(image)))
    gray = np.repeat(image.mean(2, keepdims=True).astype(np.uint8), 3, axis=2)
    write_image(tmp_path / "b.png", gray)
    found = quick().extract(tmp_path, progress=False)
    assert len(found) == 2
    assert np.abs(found.images[0].mean(2) - found.images[1].mean(2)).mean() < 12


def test_odd_entries_of_a_folder_do_not_end_the_run(tmp_path, odd_entries, caplog):
    """They count as failed with their reason, the rest is done."""
    folder = tmp_path / "in"
    folder.mkdir()
    count = odd_entries(folder)
    shutil.copy(DATA / next(iter(TRUTH)), folder / "12:30.jpg")
    shutil.copy(DATA / next(iter(TRUTH)), folder / ("x" * 250 + ".jpg"))
    (folder / "text.jpg").write_text("no image", encoding="utf-8")
    (folder / "text.mp4").write_text("no video", encoding="utf-8")
    (folder / "notes.txt").write_text("notes", encoding="utf-8")
    found = quick().extract(folder, tmp_path / "set", progress=True)
    assert len(found) >= 1 and len(found.failed) == count + 2
    assert any("text.mp4 cannot be read as a video" in w for w in found.failed.values())
    assert "left out 1 .txt." in caplog.text
    again = quick().extract(folder, tmp_path / "set", progress=False)
    assert again.failed.keys() == found.failed.keys()
    assert again.table == found.table


def test_a_mended_source_is_taken(tmp_path):
    """A file that could not be read may be replaced by a whole one."""
    image = DATA / next(iter(TRUTH))
    shutil.copy(image, tmp_path / "a.jpg")
    (tmp_path / "b.png").write_bytes(b"\x89PNG not really")
    sources = [tmp_path / "a.jpg", tmp_path / "b.png"]
    first = quick().extract(sources, tmp_path / "set", progress=False)
    assert list(first.failed) == [str(sources[1])]
    write_image(sources[1], read_image(image)[:, ::-1])
    second = quick().extract(sources, tmp_path / "set", progress=False)
    assert not second.failed and len(second) == 2 * len(first)


def test_nothing_readable_is_an_error(tmp_path, odd_entries):
    """A folder of odd entries only says why."""
    (tmp_path / "in").mkdir()
    odd_entries(tmp_path / "in")
    with pytest.raises(MediaError, match="Expected"):
        quick().extract(tmp_path / "in", tmp_path / "set", progress=False)


def test_a_set_inside_its_source_is_refused(tmp_path):
    """Output inside the source folder."""
    shutil.copy(DATA / next(iter(TRUTH)), tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="inside the source folder"):
        quick().extract(tmp_path, tmp_path / "faces", progress=False)
    assert os.listdir(tmp_path) == ["a.jpg"]

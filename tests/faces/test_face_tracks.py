"""The faces of a video, found once, reviewed, edited and used again."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from faces_helpers import CLIPS

from deepface_models.core.errors import IntegrityError, MediaError
from deepface_models.core.progress import Progress
from deepface_models.faces import (
    FaceAligner,
    FaceTracks,
    HogDetector,
    analysis,
    analyze,
    iter_faces,
    video,
)
from deepface_models.faces._tracks_table import COLUMNS, rounded
from deepface_models.media import VideoWriter, read_image, read_video


@pytest.fixture(scope="module")
def aligner():
    return FaceAligner(64, landmarks=5, repeats=1, detector=HogDetector(720))


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two people side by side; the second one goes after 12 of 20 frames."""
    path = tmp_path_factory.mktemp("two") / "two.mkv"
    clips = [[f.image for f in read_video(c, stop=20)] for c in (CLIPS[0], CLIPS[-1])]
    with VideoWriter(path, fps=25, lossless=True) as writer:
        for n, (left, right) in enumerate(zip(*clips, strict=True)):
            writer.write(np.hstack([left, right if n < 12 else np.full_like(left, 90)]))
    return path


@pytest.fixture(scope="module")
def found(two, aligner, tmp_path_factory):
    folder = tmp_path_factory.mktemp("found") / "two.tracks"
    return analyze(two, folder, aligner, progress=False)


def same(a, b):
    assert (
        a.cuts == b.cuts and a.frames == b.frames and list(a.tracks) == list(b.tracks)
    )
    for one, other in zip(a.tracks.values(), b.tracks.values(), strict=True):
        assert one.frames == other.frames
        for face, again in zip(one.faces, other.faces, strict=True):
            np.testing.assert_array_equal(face.landmarks, again.landmarks)
            np.testing.assert_array_equal(face.matrix, again.matrix)
            assert (face.box, face.score) == (again.box, again.score)
            assert (face.embedding is None) == (again.embedding is None)


def test_the_tracks_are_those_of_the_video_engine(found, two, aligner):
    assert found.done and found.frames == 20
    assert [len(track) for track in found.tracks.values()] == [20, 12]
    for frame in iter_faces(two, aligner):
        for face, number in zip(frame.faces, frame.tracks, strict=True):
            track = found.tracks[number]
            kept = track.faces[track.frames.index(frame.index)]
            assert kept.box == rounded(face).box
    embedded = [
        sum(face.embedding is not None for face in track.faces)
        for track in found.tracks.values()
    ]
    assert embedded == [1, 1]  # a few times a track


def test_the_folder_holds_the_same(found, two):
    same(FaceTracks.open(found.folder), found)
    with open(found.folder / "faces.csv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 32 and tuple(rows[0]) == COLUMNS
    assert [int(row["frame"]) for row in rows] == sorted(int(r["frame"]) for r in rows)
    assert float(rows[-1]["time"]) == pytest.approx(19 / 25)
    sheet = read_image(found.folder / "sheet.png")
    assert sheet.shape[0] == 2 * 64 + 2


def test_pandas_opens_the_table(found):
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(found.folder / "faces.csv")
    assert table.groupby("track").size().tolist() == [20, 12]


def test_a_finished_analysis_is_used_again(found, two, aligner, monkeypatch):
    def never(*args, **options):
        raise AssertionError("searched again")

    monkeypatch.setattr(analysis, "find_faces", never)
    same(analyze(two, found.folder, aligner, progress=False), found)
    again = analyze(two, found.folder, aligner.replace(image_size=96), progress=False)
    same(again, found)  # their matrices lead to another size


class _Stopped(Exception):
    pass


@pytest.fixture(scope="module")
def small_chunks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video, "CHUNK", 4)
        patch.setattr(analysis, "_SAVE_EVERY", 0.0)
        yield


@pytest.fixture(scope="module")
def whole(small_chunks, two, aligner, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "two.tracks"
    return analyze(two, folder, aligner, progress=False)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    "after", [5, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 9, 17, 20))]
)
@pytest.mark.slow
def test_an_interrupted_analysis_continues(two, aligner, whole, tmp_path, after):

    def stop(done, total):
        if done == after:
            raise _Stopped

    with pytest.raises(_Stopped):
        analyze(two, tmp_path / "half", aligner, progress=stop)
    partial = FaceTracks.open(tmp_path / "half") if after > 4 else None
    assert partial is None or (
        not partial.done and partial.frames == (after - 1) // 4 * 4
    )
    with open(tmp_path / "half" / "faces.csv", "ab") as table:
        table.write(b"7,0.28,0,1")  # a row that a power cut left
    same(analyze(two, tmp_path / "half", aligner, progress=False), whole)
    files = [folder / "faces.csv" for folder in (whole.folder, tmp_path / "half")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_other_settings_or_another_video_are_analyzed_anew(
    found, two, aligner, tmp_path
):
    folder = tmp_path / "tracks"
    analyze(two, folder, aligner, progress=False)
    other = aligner.replace(max_faces=1)
    found = analyze(two, folder, other, progress=False).tracks
    assert sum(len(track) for track in found.values()) == 20
    edited = FaceTracks.open(folder)
    edited.skip(0)
    edited.save()
    with pytest.raises(IntegrityError, match=r"edited tracks of two\.mkv.*delete"):
        analyze(two, folder, aligner, progress=False)


def test_edits(found):
    tracks = FaceTracks.open(found.folder)
    assert tracks.groups() == {0: [0], 1: [1]} and not tracks.is_edited
    tracks.merge(0, 1)
    tracks.assign(0, "zoe")
    assert tracks.groups() == {0: [0, 1]} and tracks.person_of(1) == "zoe"
    assert [row["merged"] for row in tracks.rows()] == [None, 0]
    tracks.skip(1)
    assert tracks.groups() == {0: [0]} and tracks.is_edited
    tracks.keep(0, 1)
    assert tracks.groups() == {0: [0], 1: [1]} and not tracks.is_edited
    for call in (lambda: tracks.skip(7), lambda: tracks.assign(7, "a")):
        with pytest.raises(ValueError, match="from 0 to 1"):
            call()
    with pytest.raises(ValueError, match="Expected a name"):
        tracks.assign(0, " ")


def test_edits_are_saved(two, aligner, tmp_path):
    made = analyze(two, tmp_path / "a", aligner, progress=False)
    made.skip(1)
    made.assign(0, "zoe")
    made.merge(0, 1)
    made.save()
    read = FaceTracks.open(tmp_path / "a")
    assert (read.skipped, read.people, read.merged) == ({1}, {0: "zoe"}, {1: 0})


def test_merging_moves_what_was_merged_before():
    tracks = FaceTracks({}, {}, 64, tracks=dict.fromkeys(range(4)))
    tracks.merge(1, 2)
    tracks.merge(0, 1)
    tracks.merge(2, 3)
    assert tracks.groups() == {0: [0, 1, 2, 3]}


def test_damaged_folders_are_refused(found, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"tracks\.json is missing"):
        FaceTracks.open(tmp_path)
    for name in ("tracks.json", "faces.csv"):
        for other in ("tracks.json", "faces.csv"):
            (tmp_path / other).write_bytes((found.folder / other).read_bytes())
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data.replace(b"0", b"x", 40))
        with pytest.raises(MediaError, match="Delete"):
            FaceTracks.open(tmp_path)


@pytest.mark.parametrize("after", [3, 8])
def test_an_interrupted_analysis_of_a_part_continues(
    two, aligner, tmp_path, monkeypatch, after
):
    monkeypatch.setattr(video, "CHUNK", 4)
    monkeypatch.setattr(analysis, "_SAVE_EVERY", 0.0)

    def part(name, progress):
        bar = Progress(progress)
        return analysis.tracks_of(two, tmp_path / name, aligner, bar, span=(6, 17))

    def stop(done, total):
        assert total == 11
        if done == after:
            raise _Stopped

    whole = part("whole", False)
    assert [track.frames for track in whole.tracks.values()] == [
        list(range(6, 17)),
        list(range(6, 12)),
    ]
    with pytest.raises(_Stopped):
        part("half", stop)
    assert FaceTracks.open(tmp_path / "half").frames == {3: 8, 8: 12}[after]
    same(part("half", False), whole)
    files = [(tmp_path / name / "faces.csv").read_bytes() for name in ("whole", "half")]
    assert files[0] == files[1]
    assert FaceTracks.open(tmp_path / "half").span == (6, 17)

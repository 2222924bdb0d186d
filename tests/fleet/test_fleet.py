"""Fleets in this process: rows, failures, resuming, and the same results."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fleet_helpers import (
    CONSENT,
    QUICK,
    TintModel,
    packets,
    statuses,
    unfinished_files,
)

import deepface_models as dfm
from deepface_models import fleet
from deepface_models.core.errors import (
    FaceNotFoundError,
    InUseError,
    MediaError,
    ModelFileError,
    ProvenanceError,
)
from deepface_models.core.locks import hold_folder
from deepface_models.fleet import tasks, worker
from deepface_models.media import write_image

ALL = {"ana": "done", "ben": "done", "damaged": "failed", "empty": "no_face"}


def extract(clips: Any, output: Path, **options: Any) -> fleet.FleetReport:
    return fleet.extract(clips, output, progress=False, **{**QUICK, **options})


@pytest.mark.slow
def test_each_clip_has_a_row_and_failures_are_rows(clips: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    report = extract(clips, tmp_path / "out")
    assert statuses(report) == ALL
    row = report.rows[0]
    assert row["source"] == str(clips / "ana.mp4")
    assert row["output"] == str(tmp_path / "out" / "ana.mp4")
    assert (row["frames"], row["faces"]) == (3, 3)
    assert list(report.failed) == [str(clips / "damaged.mp4")]
    assert "damaged.mp4" in report.rows[2]["error"]
    table = pandas.read_csv(report.table)
    assert list(table.columns[:7]) == (
        "source output status error seconds frames sha256".split()
    )
    lines = pandas.read_json(tmp_path / "out" / "fleet.jsonl", lines=True)
    for found in (table, lines):
        assert list(found.status) == [row["status"] for row in report.rows]
        assert list(found.frames) == [3, 3, 0, 0]
    assert unfinished_files(tmp_path / "out") == []
    options = {name: QUICK[name] for name in ("image_size", "landmarks", "embeddings")}
    dfm.FaceAligner(**options).extract(
        clips / "ana.mp4", tmp_path / "alone", every_n=2, progress=False
    )
    for file in sorted(path for path in (tmp_path / "alone").rglob("*.*")):
        made = tmp_path / "out" / "ana.mp4" / file.relative_to(tmp_path / "alone")
        assert made.read_bytes() == file.read_bytes()


def test_what_is_finished_is_not_done_again(
    clips: Path, tmp_path: Path, copying: None
) -> None:
    output = tmp_path / "out"
    first = extract(clips, output)
    again = extract(clips, output)
    assert (first.resumed, again.resumed) == (0, 3)  # the damaged one is tried again
    assert again.rows[:2] == first.rows[:2]
    (clips / "damaged.mp4").write_bytes((clips / "ben.mp4").read_bytes())
    mended = extract(clips, output)
    assert statuses(mended) == {**ALL, "damaged": "done"}
    assert mended.resumed == 3


def test_a_changed_clip_or_setting_or_a_lost_result_is_done_again(
    clips: Path, tmp_path: Path, copying: None
) -> None:
    output = tmp_path / "out"
    sources = [clips / "ana.mp4", clips / "ben.mp4"]
    assert [extract(sources, output).resumed for _ in range(2)] == [0, 2]
    os.utime(clips / "ana.mp4", ns=(0, 0))
    assert extract(sources, output).resumed == 1
    (output / "ben.mp4").unlink()
    assert extract(sources, output).resumed == 1
    assert extract(sources, output, every_n=3).resumed == 0
    person = clips / "ben.mp4"
    assert extract(sources, output, every_n=3, person=person).resumed == 0
    assert extract(sources, output, every_n=3, person=person).resumed == 2
    shutil.copyfile(clips / "ana.mp4", person)
    assert extract(sources[:1], output, every_n=3, person=person).resumed == 0
    assert len((output / "fleet.jsonl").read_text("utf-8").splitlines()) == 2


@pytest.mark.slow
def test_conversions_are_signed_and_are_those_of_convert(
    clips: Path, tmp_path: Path
) -> None:
    who = {"identity": "ben", "consent": CONSENT, "progress": False}
    report = fleet.convert(clips, tmp_path / "out", TintModel(), landmarks=5, **who)
    assert statuses(report) == ALL
    assert [row["swapped"] for row in report.rows if row["status"] == "done"] == [5, 5]
    assert [Path(p).name for p in report.outputs] == ["ana.mp4", "ben.mp4"]
    aligner = dfm.FaceAligner(64, landmarks=5, embeddings=False)
    dfm.convert(
        clips / "ana.mp4", tmp_path / "ana.mp4", TintModel(), aligner=aligner, **who
    )
    assert packets(tmp_path / "out" / "ana.mp4") == packets(tmp_path / "ana.mp4")
    for output in report.outputs:
        found = dfm.verify(output)
        assert found.consent == CONSENT
        assert found.record is not None
        assert found.record.source == Path(output).name
    assert unfinished_files(tmp_path / "out") == []
    written = (tmp_path / "out" / "fleet.json").read_text("utf-8")
    assert json.loads(written)["spec"]["consent"] == CONSENT
    assert "PRIVATE KEY" not in written


def test_nothing_is_converted_without_consent_or_of_tracks(
    clips: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProvenanceError, match="consent"):
        fleet.convert(clips, tmp_path / "out", TintModel(), identity="ben", consent=" ")
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match="Expected images or face sets"):
        fleet.convert(
            clips, tmp_path / "out", TintModel(), people={3: "ben"}, consent=CONSENT
        )


def test_a_model_that_cannot_be_loaded_is_an_error_and_no_row(
    clips: Path, tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    who = {"identity": "ben", "consent": CONSENT, "progress": False}
    with pytest.raises((ModelFileError, FileNotFoundError)):
        fleet.convert(clips, tmp_path / "out", tmp_path / "model", **who)
    with pytest.raises(ValueError, match="identity"):
        fleet.convert(
            clips, tmp_path / "out", TintModel(), identity="zoe", consent=CONSENT
        )
    with pytest.raises(ValueError, match="TintModel was given as the model of workers"):
        fleet.convert(clips, tmp_path / "out", TintModel(), workers=2, **who)
    assert not (tmp_path / "out" / "fleet.csv").exists()


def test_a_person_without_a_face_is_an_error_and_no_row(
    clips: Path, tmp_path: Path
) -> None:
    write_image(tmp_path / "nobody.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(FaceNotFoundError, match=r"nobody\.png"):
        extract(clips, tmp_path / "out", person=tmp_path / "nobody.png")


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(
    clips: Path, tmp_path: Path, copying: None
) -> None:
    """A worker whose disk is full would fail with every clip of a fleet."""
    copied = tasks.ExtractTask.run

    def full(self: Any, source: Path, output: Path, address: str) -> Any:
        if source.name == "ben.mp4":
            raise OSError(errno.ENOSPC, "No space left on device")
        return copied(self, source, output, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.ExtractTask, "run", full)
        with pytest.raises(OSError, match="No space left"):
            extract(clips, tmp_path / "out")
    report = extract(clips, tmp_path / "out")
    assert (report.resumed, statuses(report)) == (1, ALL)


def test_a_defect_is_a_row_that_names_its_class(
    clips: Path, tmp_path: Path, monkeypatch: Any, caplog: Any
) -> None:
    def broken(*words: Any) -> Any:
        raise ZeroDivisionError("of the test")

    monkeypatch.setattr(tasks.ExtractTask, "run", broken)
    report = extract(clips / "ana.mp4", tmp_path / "out")
    assert report.rows[0]["error"] == "ZeroDivisionError: of the test"
    assert "ZeroDivisionError" in caplog.text
    assert "1 failed" in report.summary()


def test_a_result_that_only_another_machine_sees_has_failed(
    clips: Path, tmp_path: Path, copying: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(tasks.ExtractTask, "run", lambda *words: {"frames": 1})
    monkeypatch.setattr(worker, "sha256_path", lambda place: "0" * 64)
    report = extract(clips / "ana.mp4", tmp_path / "out")
    assert report.rows[0]["status"] == "failed"
    assert "Expected a folder that all machines share" in report.rows[0]["error"]


def test_one_fleet_at_a_time_writes_into_a_folder(
    clips: Path, tmp_path: Path, elsewhere: Any
) -> None:
    elsewhere(hold_folder(tmp_path / "out"))
    with pytest.raises(InUseError):
        extract(clips, tmp_path / "out")


def test_the_output_is_no_folder_of_sources(clips: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside the source folder"):
        extract(clips, clips / "out")
    with pytest.raises(MediaError, match="holds no image and no video"):
        extract(tmp_path / "*.mp4", tmp_path / "out")


@pytest.mark.slow
def test_evaluations_have_a_row_with_the_measures(clips: Path, tmp_path: Path) -> None:
    faces = {}
    for name in ("ana", "ben"):
        faces[name] = tmp_path / name
        dfm.FaceAligner(64, landmarks=5, embeddings=1).extract(
            clips / f"{name}.mp4", faces[name], progress=False
        )
    report = fleet.evaluate(
        [clips / "ana.mp4", clips / "empty.mp4"],
        tmp_path / "out",
        TintModel(),
        identity="ben",
        target_faces=faces["ben"],
        source_faces=faces["ana"],
        mesh=False,
        progress=False,
    )
    assert statuses(report) == {"ana": "done", "empty": "no_face"}
    row = report.rows[0]
    measures = json.loads(Path(row["output"]).read_text("utf-8"))
    assert measures["sources"] == [str(clips / "ana.mp4")]
    swap = measures["measures"]["swap"]
    assert row["frames"] == len(measures["frames"]) == 5
    assert row["target_distance"] == swap["target_distance"] > 0
    assert "target_distance" in Path(report.table).read_text("utf-8").splitlines()[0]


def test_rows_have_the_order_of_the_sources(
    clips: Path, tmp_path: Path, copying: None
) -> None:
    extract(clips / "empty.mp4", tmp_path / "out")
    given = [clips / "ben.mp4", f"file://{clips}/ana.mp4", clips / "b*.mp4"]
    report = extract(given, tmp_path / "out")
    order = [str(clips / "ben.mp4"), str(clips / "ana.mp4")]
    assert [row["source"] for row in report.rows] == order
    kept = (tmp_path / "out" / "fleet.jsonl").read_text("utf-8").splitlines()
    order.append(str(clips / "empty.mp4"))
    assert [json.loads(line)["source"] for line in kept] == order

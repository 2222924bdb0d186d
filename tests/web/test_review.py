"""Faces are dropped, split and merged; wrong input gets a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gradio")

import deepface_models
from deepface_models.core.errors import FaceNotFoundError, ProvenanceError
from deepface_models.faces import FaceSet, move_faces
from deepface_models.web.calls import Call
from deepface_models.web.live import Live
from deepface_models.web.pages import _review, convert, measure, train
from deepface_models.web.workspace import Workspace


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return Live(Workspace(tmp_path / "studio"))


@pytest.fixture
def mixed(live: Live, people: Any) -> FaceSet:
    """A set on disk with six faces of ana and nine of ben."""
    folder = live.workspace.folder / "faces" / "mixed"
    made = FaceSet.create(folder, 64, landmarks=5)
    for number, faces in enumerate(people.values()):
        center = np.eye(128, dtype=np.float32)[number]
        pairs = zip(faces.records, faces.images, strict=True)
        made.extend(
            [
                replace(
                    record,
                    face=replace(record.face, embedding=center, blur=0.1 + number / 2),
                    image=image,
                    file="",
                )
                for record, image in pairs
            ]
        )
    return made


def test_people_are_split_and_merged(live: Live, mixed: FaceSet) -> None:
    shown = _review.show(live, "mixed")
    assert "They show 2 different people" in shown and "Row 2: 6 faces" in shown
    moved = _review._moving(live)("mixed", 2, "ana")
    assert moved == "6 faces moved to ana."
    assert live.workspace.people() == ["ana", "mixed"]
    faces = {
        n: FaceSet.open(live.workspace.folder / "faces" / n) for n in ("ana", "mixed")
    }
    assert {name: len(one) for name, one in faces.items()} == {"ana": 6, "mixed": 9}
    assert (faces["ana"].folder / "sheet.png").exists()  # type: ignore[operator]
    said = _review._merging(live)("mixed", "ana")
    assert said == "6 faces of ana added to mixed; ana stays too."
    assert len(FaceSet.open(live.workspace.folder / "faces" / "mixed")) == 15


def run(call: Call, live: Live, monkeypatch: Any) -> None:
    """Runs the lines of Python that a page shows, where the page says so."""
    monkeypatch.chdir(live.workspace.folder)
    exec(call.python, {"dfm": deepface_models})


def test_lines_of_split_and_merge_do_the_same(
    live: Live, mixed: FaceSet, monkeypatch: Any
) -> None:
    keep, move = _review._split_calls("mixed", 2, " ana ")  # type: ignore[misc]
    assert _review._split_calls("mixed", 2, "") == keep
    assert _review._split_calls(None, 2, "ana") is None
    run(move, live, monkeypatch)
    folder = live.workspace.folder / "faces"
    assert len(FaceSet.open(folder / "ana")) == 6
    assert len(FaceSet.open(folder / "mixed")) == 9
    merge = _review._merge_call("mixed", "ana")
    assert merge is not None and _review._merge_call("ana", "ana") is None
    run(merge, live, monkeypatch)
    assert len(FaceSet.open(folder / "mixed")) == 15
    run(keep, live, monkeypatch)
    assert len(FaceSet.open(folder / "mixed")) == 6
    drop = _review._drop_call("ana", 1.0, 90)
    assert drop is not None
    run(drop, live, monkeypatch)
    assert len(FaceSet.open(folder / "ana")) == 6


def test_what_cannot_be_sorted_says_so(live: Live, mixed: FaceSet) -> None:
    with pytest.raises(FaceNotFoundError, match="15 of 15 faces were to be moved"):
        move_faces(mixed, range(15), live.workspace.folder / "faces" / "all")
    assert live.workspace.people() == ["mixed"]
    with pytest.raises(ValueError, match=r"given twice. Expected another set"):
        _review._merging(live)("mixed", "mixed")
    with pytest.raises(FileExistsError, match="already holds a face set"):
        _review._moving(live)("mixed", 2, "mixed")


def test_bad_faces_are_dropped(live: Live, mixed: FaceSet) -> None:
    does = _review._on_set(live, _review.drop)
    with pytest.raises(FaceNotFoundError, match="No face of 15 would be left"):
        does("mixed", 0.0, 90)
    assert does("mixed", 0.5, 90) == "9 faces removed, 6 left."
    assert len(FaceSet.open(live.workspace.folder / "faces" / "mixed")) == 6
    keep = _review._on_set(live, _review.keep_only)
    with pytest.raises(ValueError, match="Expected a row from 1 to 1"):
        keep("mixed", 3)
    with pytest.raises(ValueError, match="Choose one above first"):
        keep(None, 1)


GIVEN = {"model": "models/m", "identity": "ben", "clip": "a.mp4", "consent": "Both"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"consent": "  "}, "No consent was given"),
        ({"model": None}, "No model or no clip was given"),
        ({"identity": None}, "Choose whose face to render"),
        ({"several": "ana"}, "Expected numbers of tracks with names"),
    ],
)
def test_conversions_need_everything(changed: dict[str, Any], says: str) -> None:
    values = {**GIVEN, "several": "", **changed}
    look = ("learned*hull*skin", "none", "laplacian")
    with pytest.raises((ValueError, ProvenanceError), match=says):
        convert._given(*values.values(), *look)


def test_what_is_usual_is_not_written() -> None:
    look = ("learned*hull*skin", "none", "laplacian")
    given = convert._given(*GIVEN.values(), "0=ben, 2 = zoe", *look)
    assert given["look"] == {"color": "none"}
    assert given["who"] == {0: "ben", 2: "zoe"}


def test_a_person_is_not_measured_against_themselves() -> None:
    assert measure._call("models/m", None, "ben", 5) is None
    with pytest.raises(ValueError, match="ana was given twice"):
        measure._call("models/m", "ana", "ana", 5)


def test_training_needs_two_people() -> None:
    rest = ("swift_64", 2, "", 0, 100, 8)
    with pytest.raises(ValueError, match="Expected two or more"):
        train._checked(["ana"], *rest)
    assert "models/ana_ben" in train._checked(["ana", "ben"], *rest).words

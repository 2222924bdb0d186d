"""The commands on real frames, from faces to a verified swap."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_helpers import CLIPS, CONSENT

import deepface_models as dfm
from deepface_models.cli import main
from deepface_models.media import read_image


@pytest.mark.slow
def test_extract_leaves_a_face_set(faces: dict[str, Path]) -> None:
    found = dfm.FaceSet.open(faces["mb"])
    assert len(found) == 8
    assert found.image_size == 64
    assert np.isfinite(found.embeddings).all()
    assert (faces["mb"] / "sheet.png").exists()


def test_extract_keeps_only_the_person(
    faces: dict[str, Path], tmp_path: Path, capsys: Any
) -> None:
    clips = [str(CLIPS / "s1" / "bbaf2n.mpg"), str(CLIPS / "mb" / "sbia1a.mpg")]
    words = ["extract", *clips, "--output", str(tmp_path / "mb"), "--no-progress"]
    words += ["--every-n", "25", "--person", str(faces["mb"])]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("3 faces from 1 file, in ")


@pytest.mark.slow
def test_train_shows_no_start_up_noise(trained: Any) -> None:
    done, output = trained
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("2/2 - ")
    assert lines[1].startswith("The model is in ")
    assert dfm.load(output / "model").identities == ("s1", "mb")


def test_train_takes_each_name_once(faces: dict[str, Path], capsys: Any) -> None:
    twice = [f"mb={faces['mb']}", f"mb={faces['s1']}"]
    assert main(["train", *twice, "--output", "nowhere"]) == 2
    assert "Expected each name once" in capsys.readouterr().err


def test_convert_writes_a_signed_swap(swap: Path, frame: Path) -> None:
    result, source = read_image(swap), read_image(frame)
    assert result.shape == source.shape
    assert (result != source).any()
    assert dfm.verify(swap).consent == CONSENT


def test_convert_passes_the_look_on(
    model: Path, frame: Path, tmp_path: Path, capsys: Any
) -> None:
    words = ["convert", str(frame), str(tmp_path / "x.png"), "--model", str(model)]
    words += [
        "--identity",
        "mb",
        "--consent",
        CONSENT,
        "--no-progress",
        "--side-by-side",
    ]
    words += ["--mask", "ellipse", "--blend", "alpha", "--color", "none"]
    words += ["--source-identity", "anybody"]
    assert main([*words, "--landmarks", "5"]) == 0
    assert capsys.readouterr().out.startswith("1 of 1 frame swapped")
    assert read_image(tmp_path / "x.png").shape[1] == 2 * read_image(frame).shape[1]
    record = dfm.verify(tmp_path / "x.png").record
    assert record is not None
    assert record.details["mask"] == "ellipse"
    assert record.details["blend"] == "alpha"
    assert record.details["source_identity"] == "anybody"


@pytest.mark.slow
def test_convert_writes_a_part_as_faces_with_patches(
    model: Path, tmp_path: Path
) -> None:
    words = ["convert", str(CLIPS / "mb" / "sbia1a.mpg"), str(tmp_path / "a.%03d.png")]
    words += ["--model", str(model), "--identity", "s1", "--consent", CONSENT]
    words += ["--frames", "30:32", "--alpha", "--bits", "16", "--landmarks", "5"]
    words += ["--patches", str(tmp_path / "p"), "--no-tracks", "--no-settings"]
    assert main([*words, "--no-progress"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.030.png",
        "a.031.png",
        "p",
    ]
    assert dfm.verify(tmp_path / "a.031.png").consent == CONSENT
    assert read_image(tmp_path / "a.031.png", alpha=True)[..., 3].any()
    facts = json.loads((tmp_path / "p" / "000031_0.json").read_text(encoding="utf-8"))
    assert facts["identity"] == "s1" and facts["synthetic"] is True


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (["--frames", "9"], "Expected START:STOP, such as 100:250"),
        (["--frames", "a:b"], "Expected START:STOP"),
        (["--fps", "1/0"], "such as 24 or 24000/1001"),
        (["--bits", "7"], "whole number of 8 or more"),
    ],
)
def test_values_of_options_are_checked(
    option: list[str], says: str, capsys: Any
) -> None:
    words = ["convert", "a.mp4", "b.mp4", "--model", "m", "--identity", "mb"]
    with pytest.raises(SystemExit, match="2"):
        main([*words, "--consent", CONSENT, *option])
    assert says in capsys.readouterr().err


@pytest.mark.slow
def test_convert_repeats_saved_settings(
    swap: Path, frame: Path, tmp_path: Path, capsys: Any
) -> None:
    saved = str(swap.with_suffix(".settings.json"))
    words = ["convert", "--settings", saved, str(frame), str(tmp_path / "x.png")]
    assert main([*words, "--blend", "alpha", "--no-progress"]) == 0
    record = dfm.verify(tmp_path / "x.png").record
    assert record is not None and record.consent == CONSENT
    assert record.details["blend"] == "alpha" and record.details["identity"] == "mb"
    with pytest.raises(SystemExit, match="2"):
        main(["convert", "--settings", str(frame)])
    assert "Expected settings" in capsys.readouterr().err
    assert main([*words, "--identity", "s1"]) == 2
    assert "Another identity" in capsys.readouterr().err


@pytest.mark.slow
def test_preview_compares_settings(
    model: Path, frame: Path, tmp_path: Path, capsys: Any
) -> None:
    words = ["preview", str(frame), "--model", str(model), "--identity", "mb"]
    words += ["--blend", "alpha", "poisson", "--feather", "0.1", "0.2", "--crop"]
    words += ["--output", str(tmp_path / "p.png"), "--consent", CONSENT, "--width"]
    assert main([*words, "100", "--landmarks", "5", "--no-progress"]) == 0
    assert capsys.readouterr().out == f"Look at {tmp_path / 'p.png'}\n"
    assert read_image(tmp_path / "p.png").shape[1] == 5 * 102 - 2
    record = dfm.verify(tmp_path / "p.png").record
    assert record is not None and record.consent == CONSENT
    assert [(one["blend"], one["feather"]) for one in record.details["compared"]] == [
        ("alpha", 0.1),
        ("alpha", 0.2),
        ("poisson", 0.1),
        ("poisson", 0.2),
    ]


def test_convert_says_which_values_there_are(
    model: Path, frame: Path, tmp_path: Path, capsys: Any
) -> None:
    words = ["convert", str(frame), str(tmp_path / "x.png"), "--model", str(model)]
    words += ["--identity", "mb", "--consent", CONSENT]
    assert main([*words, "--blend", "laplace"]) == 2
    assert "Did you mean 'laplacian'?" in capsys.readouterr().err


def test_convert_needs_both_halves_of_a_certificate(capsys: Any) -> None:
    words = ["convert", "a.png", "b.png", "--model", "m", "--identity", "mb"]
    assert main([*words, "--consent", CONSENT, "--key", "key.pem"]) == 2
    assert "Expected both or neither" in capsys.readouterr().err


@pytest.mark.slow
def test_a_folder_with_a_broken_file_is_not_a_success(
    model: Path, frame: Path, tmp_path: Path, capsys: Any
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(frame, folder / "good.png")
    (folder / "bad.png").write_bytes(b"no image")
    words = ["convert", str(folder), str(tmp_path / "out"), "--model", str(model)]
    words += ["--identity", "mb", "--consent", CONSENT, "--no-progress"]
    assert main(words) == 1
    shown = capsys.readouterr()
    assert "bad.png failed: " in shown.out
    assert shown.err.startswith("warning: ")


def test_verify_says_what_a_file_is(
    swap: Path, frame: Path, tmp_path: Path, capsys: Any
) -> None:
    assert main(["verify", str(swap)]) == 0
    assert capsys.readouterr().out.strip() == dfm.verify(swap).summary()
    assert main(["verify", str(frame)]) == 3
    assert "unsigned" in capsys.readouterr().out
    altered = tmp_path / "altered.png"
    content = bytearray(swap.read_bytes())
    content[-40] ^= 1
    altered.write_bytes(content)
    assert main(["verify", str(altered)]) == 4
    assert "ALTERED" in capsys.readouterr().out
    assert main(["verify", str(swap), str(altered), str(frame)]) == 4


def test_verify_goes_on_after_a_missing_file(swap: Path, capsys: Any) -> None:
    assert main(["verify", "missing.png", str(swap), "--json"]) == 2
    shown = capsys.readouterr()
    missing, found = json.loads(shown.out)
    assert missing["error"].startswith("missing.png is missing")
    assert shown.err.startswith("error: missing.png is missing")
    assert found["state"] == "valid"
    assert found["synthetic"] is True
    assert found["consent"] == CONSENT
    assert found["record"]["details"]["identity"] == "mb"


@pytest.mark.slow
def test_evaluate_measures_what_was_held_out(
    model: Path, faces: dict[str, Path], tmp_path: Path, capsys: Any
) -> None:
    words = ["evaluate", "--model", str(model), "--source", str(faces["s1"])]
    words += ["--identity", "mb", "--target-faces", str(faces["mb"])]
    words += ["--source-faces", str(faces["s1"]), "--validation", "0.25"]
    file = tmp_path / "measures.json"
    words += ["--json", str(file), "--sheet", str(tmp_path / "sheet.png")]
    assert main([*words, "--no-progress"]) == 0
    assert (tmp_path / "sheet.png").stat().st_size > 1000
    assert "s1 replaced by mb" in capsys.readouterr().out
    values = json.loads(file.read_text(encoding="utf-8"))
    assert [frame["frame"] for frame in values["frames"]] == list(range(18, 24))
    assert values["measures"]["swap"]["found"] == 1.0


def test_demo_is_called_with_its_options(monkeypatch: Any) -> None:
    import deepface_models.demo

    calls: list[Any] = []
    monkeypatch.setattr(
        deepface_models.demo, "run", lambda *a, **options: calls.append((a, options))
    )
    assert main(["demo", "--output", "there", "--minutes", "2", "--quick"]) == 0
    (given,) = calls
    assert callable(given[1].pop("log"))
    assert given == (("there",), {"minutes": 2.0, "quick": True})


@pytest.mark.slow
@pytest.mark.parametrize("inner", ["", "model"])
def test_either_folder_of_a_training_is_the_model(
    model: Path, inner: str, frame: Path, tmp_path: Path
) -> None:
    words = ["convert", str(frame), str(tmp_path / "x.png"), "--identity", "s1"]
    words += ["--model", str(model / inner), "--consent", CONSENT, "--no-progress"]
    assert main(words) == 0


def test_a_reader_that_stops_reading_is_no_error(swap: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "deepface_models", "verify", *([str(swap)] * 3)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1

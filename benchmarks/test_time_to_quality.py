"""`benchmarks/time_to_quality.py` on made-up results of `pareto.py`."""

from __future__ import annotations

import json
import sys

import pytest
import time_to_quality
import time_to_quality_plot
from PIL import Image

SETTINGS = {"clips": ["c", 11], "people": ["ana", "ben"], "frames": 9, "batch": 8}


def training(margin, expression, psnr=None, between=None):
    """What pareto.py keeps of one; without PSNR as it was before that was kept."""
    swap = {"distance_margin": margin, "expression": expression, "pose": 5.0}
    direction = {
        "swap": swap | ({} if psnr is None else {"psnr": psnr}),
        "mean_face": {"distance_margin": 0.4, "expression": 0.03},
    }
    if between is not None:
        direction["people"] = {"between": between}
    return {"faces": 100, "ana as ben": direction, "ben as ana": direction}


SCRATCH = {
    "1": training(0.2, 0.04),
    "4": training(0.3, 0.03),
    "16": training(0.4, 0.02, psnr=30.0),
    "64": {"failed": 1},
}
PRESET = {
    "1": training(0.3, 0.015, psnr=28.0, between=0.8),
    "4": training(0.5, 0.016, psnr=29.0, between=0.8),
}


def write(folder, points, **more):
    folder.mkdir()
    kept = {"settings": {**SETTINGS, **more}, "points": points}
    (folder / "results.json").write_text(json.dumps(kept), encoding="utf-8")
    return folder


@pytest.fixture
def runs(tmp_path):
    """All images in two folders, few in a third one."""
    return [
        write(tmp_path / "few", {"Swift": SCRATCH}, few=20),
        write(tmp_path / "fresh", {"Swift": SCRATCH, "IAE": SCRATCH}),
        write(tmp_path / "preset", {"Swift from x/swift_128": PRESET}),
    ]


def test_folders_of_a_kind_are_put_together(runs):
    all_of_them, few = time_to_quality.studies(runs, "Swift")
    assert (all_of_them.few, few.few) == (None, 20)
    assert list(all_of_them.curves) == ["from scratch", "from swift_128"]
    assert [p.minutes for p in all_of_them.curves["from scratch"]] == [1, 4, 16]
    assert (all_of_them.between, few.between) == (pytest.approx(0.8), None)
    assert list(few.curves) == ["from scratch"]
    assert few.mean_face == {"distance_margin": 0.4, "expression": 0.03}


def test_folders_of_other_people_are_refused(runs, tmp_path):
    other = write(tmp_path / "other", {}, people=["ana", "zoe"])
    with pytest.raises(SystemExit, match=r"'zoe'.*, what came before with .*'ben'"):
        time_to_quality.studies([*runs, other], "Swift")


def test_the_minutes_to_the_quality_of_scratch_are_interpolated(runs):
    study, few = time_to_quality.studies(runs, "Swift")
    lines = time_to_quality.crossings(study).split("\n")
    rows = {line.split(" | ")[0]: line for line in lines}
    assert rows["| as good as"] == (
        "| as good as | from scratch, 16 min | from swift_128, minutes |"
    )
    assert (
        rows["| margin"] == "| margin | 0.400 | 2 |"
    )  # half-way on a scale of doubling
    assert rows["| expression"] == "| expression | 2.00% | at most 1 |"
    assert rows["| PSNR, dB"] == "| PSNR, dB | 30.0 | not reached |"
    assert rows["| SSIM"] == "| SSIM |  |  |"
    assert "margin | 0.400 |" in time_to_quality.crossings(few)


def test_the_table_has_each_training_and_the_mean_face(runs):
    lines = time_to_quality.table(time_to_quality.studies(runs, "Swift")[0]).split("\n")
    assert lines[0].startswith("| start | minutes | margin |")
    assert lines[2].startswith("| from scratch | 1 | 0.200 |")
    assert lines[3].startswith("| from swift_128 | 1 | 0.300 |")
    assert lines[3].endswith("| 28.0 |")
    assert lines[-1].startswith("| (mean face) |  | 0.400 |")


def test_a_start_is_named_as_short_as_it_is_clear():
    titles = ["Swift", "Swift from a/x", "Swift from b/x", "Swift from b/y; rates"]
    assert [time_to_quality.named(title, titles) for title in titles] == [
        *("from scratch", "Swift from a/x", "Swift from b/x", "from y; rates")
    ]


def test_reference_far_off_is_said_and_not_drawn(runs):
    study, few = time_to_quality.studies(runs, "Swift")
    reference = time_to_quality_plot._reference
    near = reference("source_distance", study, [0.75, 0.78])
    assert near == (pytest.approx(0.8), "; two people 0.8 apart")
    near = reference("expression", few, [0.02, 0.04])
    assert near == (pytest.approx(0.03), "; mean face 3")
    far = reference("expression", study, [0.01, 0.011])
    assert far == (None, "; mean face 3, above")
    assert reference("psnr", study, [28.0]) == (None, "")


def test_images_and_page(runs, tmp_path, monkeypatch):
    page = tmp_path / "presets.md"
    marks = [
        f"<!-- {time_to_quality.MARKER}: {which} -->" for which in ("begin", "end")
    ]
    page.write_text(f"before\n{marks[0]}\nold\n{marks[1]}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(time_to_quality, "DOCS", page)
    words = [*map(str, runs), "--output", str(tmp_path / "out"), "--docs"]
    monkeypatch.setattr(sys, "argv", ["time_to_quality.py", *words])
    time_to_quality.main()
    text = page.read_text(encoding="utf-8")
    assert "old" not in text and text.endswith(f"{marks[1]}\nafter\n")
    assert "![Measures over minutes, ana and ben](presets/time_to_quality.png)" in text
    assert "20 images of ben](presets/time_to_quality_20.png)" in text
    for name in ("time_to_quality.png", "time_to_quality_20.png"):
        with Image.open(tmp_path / "presets" / name) as image:
            assert image.width == 1008
        assert (tmp_path / "out" / name).exists()

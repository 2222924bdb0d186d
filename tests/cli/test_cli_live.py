"""`live` on a real clip: where to watch, what is printed, what is recorded."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import CLIPS, CONSENT

import deepface_models as dfm
from deepface_models import streaming
from deepface_models.cli import main
from deepface_models.media import VideoWriter, read_video

XVFB = shutil.which("xvfb-run")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("clip") / "s1.mp4"
    with VideoWriter(path, fps=25) as writer:
        for frame in read_video(CLIPS / "s1" / "bbaf2n.mpg", stop=6):
            writer.write(frame.image)
    return path


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: Any) -> Path:
    """A model's folder, in less time than a training takes."""
    folder = tmp_path_factory.mktemp("untrained")
    dfm.Swift(identities=("s1", "mb"), image_size=64, examples=2).save_parts(folder)
    return folder


@pytest.fixture
def words(untrained: Path, clip: Path) -> list[str]:
    made = ["live", str(clip), "--model", str(untrained), "--identity", "mb"]
    return [*made, "--consent", CONSENT, "--landmarks", "5", "--every-frame"]


@pytest.mark.slow
def test_a_clip_is_swapped_and_recorded(
    words: list[str], tmp_path: Path, capsys: Any
) -> None:
    output = tmp_path / "out.mp4"
    look = ["--mask", "ellipse", "--side-by-side", "--output", str(output)]
    assert main([*words, *look, "--view", "none"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Press Ctrl+C to stop."
    assert lines[1].startswith("6 frames, 6 swapped, 0 dropped: ")
    assert "frames/s, latency " in lines[1] and "95th percentile" in lines[1]
    assert lines[2] == f"Recorded and signed: {output}"
    found = dfm.verify(output)
    assert found.state == "valid" and found.consent == CONSENT
    assert found.record is not None
    assert found.record.details["mask"] == "ellipse"
    assert next(iter(read_video(output))).image.shape[1] == 2 * 360


@pytest.mark.slow
def test_the_page_s_address_and_what_browsers_showed_are_printed(
    words: list[str], capsys: Any, monkeypatch: Any
) -> None:
    def serve(frames: Any, host: str, port: int, opened: Any) -> Any:
        opened(f"http://{host}:{port}/key/")
        list(frames)
        return streaming.LiveStats(frames=5, latency=0.06, latency_p95=0.09)

    monkeypatch.setattr(streaming, "serve", serve)
    assert main([*words, "--port", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "Open http://127.0.0.1:0/key/ in a browser on this computer."
    assert lines[2] == (
        "5 images shown in the browser: latency 60 ms (95th percentile 90 ms)"
    )


def test_an_interruption_is_the_usual_end(
    words: list[str], tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    def window(frames: Any) -> None:
        next(frames)
        raise KeyboardInterrupt

    monkeypatch.setattr(streaming, "show_window", window)
    output = tmp_path / "out.mp4"
    assert main([*words, "--view", "window", "--output", str(output)]) == 0
    assert "1 frames, 1 swapped" in capsys.readouterr().out
    assert dfm.verify(output).state == "valid"


def test_mistakes_are_told_before_the_model_is_loaded(
    words: list[str], capsys: Any, monkeypatch: Any
) -> None:
    words[words.index("--model") + 1] = "nothing"
    assert main([*words, "--view", "windows"]) == 2
    assert "Did you mean 'window'?" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "uvicorn is not installed" in said
    assert 'pip install "deepface_models[live]"' in said


def test_a_missing_camera_and_an_unknown_person_are_told(
    words: list[str], capsys: Any
) -> None:
    assert main([words[0], "9", *words[2:]]) == 2
    assert "error: No camera 9 was found" in capsys.readouterr().err
    words[words.index("mb")] = "nb"
    assert main(words) == 2
    assert "Expected one of 's1', 'mb'" in capsys.readouterr().err


def test_without_a_display_the_page_is_named(
    words: list[str], capsys: Any, monkeypatch: Any
) -> None:
    pytest.importorskip("tkinter")
    monkeypatch.delenv("DISPLAY", raising=False)
    assert main([*words, "--view", "window"]) == 2
    assert "there is no display" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(XVFB is None, reason="xvfb is not installed")
def test_a_window_shows_the_clip(words: list[str]) -> None:
    pytest.importorskip("tkinter")
    command = [str(XVFB), "-a", sys.executable, "-m", "deepface_models", *words]
    done = subprocess.run(
        [*command, "--view", "window"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "6 frames, 6 swapped" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_stops_the_page_and_signs_the_recording(
    words: list[str], tmp_path: Path
) -> None:
    output = tmp_path / "out.mp4"
    long = str(CLIPS / "s1" / "bbaf2n.mpg")
    command = [sys.executable, "-m", "deepface_models", words[0], long, *words[2:]]
    process = subprocess.Popen(
        [*command, "--port", "0", "--output", str(output)],
        stdout=subprocess.PIPE,
        # Jobs in the background of a shell ignore the signal, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    said = [process.stdout.readline(), process.stdout.readline()]
    assert said[1].startswith("Open http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert " frames, " in rest
    assert not output.exists() or dfm.verify(output).state == "valid"

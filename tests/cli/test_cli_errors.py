"""Mistakes give one message and a status, defects of the package a traceback."""

from __future__ import annotations

import logging
import os
from typing import Any

import pytest
from cli_helpers import CLIPS

import deepface_models as dfm
from deepface_models.cli import _console, main
from deepface_models.core.locks import hold_folder

WORDS = ["extract", str(CLIPS / "mb"), "--output"]


def fail_with(error: BaseException, monkeypatch: Any) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(dfm.FaceAligner, "extract", fail)


def test_a_mistake_is_one_message_without_traceback(capsys: Any, tmp_path: Any) -> None:
    assert main(["extract", "nothing.mp4", "--output", str(tmp_path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: Nothing is at nothing.mp4. Expected an image")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("first", [True, False])
def test_traceback_on_request(first: bool, capsys: Any, tmp_path: Any) -> None:
    words = ["extract", "nothing.mp4", "--output", str(tmp_path)]
    assert main(["--traceback", *words] if first else [*words, "--traceback"]) == 2
    error = capsys.readouterr().err
    assert "Traceback (most recent call last)" in error
    assert "FileNotFoundError: Nothing is at nothing.mp4" in error


@pytest.mark.parametrize(
    "error",
    [dfm.MediaError("It broke."), OSError("It broke."), ValueError("It broke.")],
)
def test_errors_of_input_return_2(
    error: Exception, capsys: Any, monkeypatch: Any
) -> None:
    fail_with(error, monkeypatch)
    assert main([*WORDS, "nowhere"]) == 2
    assert capsys.readouterr().err == "error: It broke.\n"


def test_a_second_run_exits_2_and_names_the_first(
    capsys: Any, tmp_path: Any, elsewhere: Any
) -> None:
    """The second run names the first one and exits with status 2."""
    elsewhere(hold_folder(tmp_path))
    for words in (["demo", "--quick", "--output"], WORDS):
        assert main([*words, str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"error: {tmp_path} is being written by ")
        assert "Traceback" not in said


def test_a_missing_package_points_to_doctor(capsys: Any, monkeypatch: Any) -> None:
    fail_with(ModuleNotFoundError("No module named 'dlib'"), monkeypatch)
    assert main([*WORDS, "nowhere"]) == 2
    assert "Run deepface-models doctor" in capsys.readouterr().err
    fail_with(dfm.MissingDependencyError("Install it with: pip install x"), monkeypatch)
    assert main([*WORDS, "nowhere"]) == 2
    assert capsys.readouterr().err == "error: Install it with: pip install x\n"


def test_a_defect_is_not_hidden(monkeypatch: Any) -> None:
    fail_with(RuntimeError("a defect"), monkeypatch)
    with pytest.raises(RuntimeError, match="a defect"):
        main([*WORDS, "nowhere"])


@pytest.mark.parametrize(
    ("command", "says"),
    [("extract", "to continue"), ("verify", "Nothing was written")],
)
def test_an_interruption_says_how_to_go_on(
    command: str, says: str, capsys: Any, monkeypatch: Any
) -> None:
    fail_with(KeyboardInterrupt(), monkeypatch)
    monkeypatch.setitem(dfm.__dict__, "verify", dfm.FaceAligner.extract)
    words = ["verify", "x.png"] if command == "verify" else [*WORDS, "nowhere"]
    assert main(words) == 130
    error = capsys.readouterr().err
    assert error.startswith("\nInterrupted. ")
    assert says in error


def test_warnings_are_lines(capsys: Any) -> None:
    logger = logging.getLogger("deepface_models")
    before = list(logger.handlers)
    with _console.plain_messages():
        logger.warning("%s was left out", "a.png")
        logger.info("detail")
    assert capsys.readouterr().err == "warning: a.png was left out\n"
    assert logger.handlers == before


def test_start_up_noise_is_hidden_unless_it_fails(capfd: Any) -> None:
    with _console._held_back():
        os.write(2, b"noise\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ImportError), _console._held_back():
        os.write(2, b"the reason\n")
        raise ImportError("no backend")
    assert capfd.readouterr().err == "the reason\n"

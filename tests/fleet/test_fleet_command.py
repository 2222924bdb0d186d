"""The command `fleet`: its options are the arguments of the functions."""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path
from typing import Any

import pytest

import deepface_models as dfm
from deepface_models import fleet
from deepface_models.cli import build_parser, main

# Given in another way, or to another function.
ELSEWHERE = {"help", "traceback", "key", "embeddings", "certificate"}


def parser_of(kind: str) -> argparse.ArgumentParser:
    parser = build_parser()
    for name in ("fleet", kind):
        (group,) = [a for a in parser._actions if isinstance(a.choices, dict)]
        parser = group.choices[name]  # type: ignore[index, call-overload]
    return parser


@pytest.mark.parametrize("kind", ["extract", "convert", "evaluate"])
def test_each_option_is_an_argument(kind: str) -> None:
    function = getattr(fleet, kind)
    known = dict(inspect.signature(function).parameters)
    if kind == "convert":
        known |= dict(inspect.signature(dfm.Converter).parameters)
    options = [a for a in parser_of(kind)._actions if a.dest not in ELSEWHERE]
    for option in options:
        assert option.dest in known, option.dest
        default = known[option.dest].default
        if not option.required and default is not inspect.Parameter.empty:
            assert option.default == default, option.dest
    own = set(inspect.signature(function).parameters) - ELSEWHERE - {"options"}
    assert own - {option.dest for option in options} <= {"mesh"}


def test_a_fleet_by_the_command(
    clips: Path, tmp_path: Path, capsys: Any, copying: None
) -> None:
    words = ["fleet", "extract", str(clips), "--output", str(tmp_path / "out")]
    assert main([*words, "--no-progress"]) == 1
    found = capsys.readouterr()
    assert found.out.startswith("2 of 4 clips done, 1 without the face, 1 failed; ")
    assert "damaged.mp4 failed: damaged.mp4 cannot be read." in found.out
    (clips / "damaged.mp4").unlink()
    assert main([*words, "--no-progress"]) == 0
    assert "3 clips already finished." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--workers", "0"], "Expected a whole number"),
        (["--engine", "rya"], "invalid choice"),
        (["--address", "auto"], "for a cluster only"),
        (["--gpus", "1"], "for a cluster only"),
        (["--engine", "ray", "--gpus", "-1"], "Expected 0 or more"),
    ],
)
def test_wrong_workers_are_refused(
    words: list[str], says: str, tmp_path: Path, capsys: Any
) -> None:
    given = ["fleet", "extract", "a.mp4", "--output", str(tmp_path), *words]
    try:
        assert main(given) == 2
    except SystemExit as end:
        assert end.code == 2
    assert says in capsys.readouterr().err


def test_ray_is_named_where_it_is_missing(
    clips: Path, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    words = ["fleet", "extract", str(clips), "--output", str(tmp_path / "out")]
    assert main([*words, "--engine", "ray", "--no-progress"]) == 2
    assert "deepface_models[ray]" in capsys.readouterr().err

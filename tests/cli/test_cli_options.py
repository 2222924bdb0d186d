"""Help is fast and right: options are the functions' arguments and defaults."""

from __future__ import annotations

import argparse
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from cli_helpers import COMMANDS, python, run_apart

import deepface_models as dfm
from deepface_models import faces, list_architectures
from deepface_models.cli import build_parser, main
from deepface_models.cli.live import VIEWS
from deepface_models.streaming.session import usual_aligner

_HELP = """
import sys
from deepface_models.cli import main
for words in {words}:
    try:
        main(words)
    except SystemExit as end:
        assert end.code in (0, None), end.code
heavy = "keras tensorflow jax torch numpy dlib cv2 av rich PIL c2pa".split()
print("loaded:", [name for name in heavy if name in sys.modules])
"""


def functions(command: str) -> list[Callable[..., Any]]:
    """What a command calls with its options."""
    if command == "demo":
        from deepface_models.demo import run

        return [run]
    return {
        "extract": [dfm.FaceAligner, dfm.FaceAligner.extract],
        "train": [dfm.train],
        "convert": [
            dfm.convert,
            dfm.conversion.replay,
            dfm.Converter,
            dfm.FaceAligner,
        ],
        "preview": [dfm.conversion.preview, dfm.FaceAligner],
        "live": [dfm.Converter, usual_aligner, dfm.streaming.serve, dfm.live],
        "evaluate": [dfm.evaluate, dfm.FaceSet.split],
        "verify": [dfm.verify],
        "list": [dfm.presets.list_models],
        "describe": [dfm.presets.describe],
        "fetch": [dfm.presets.fetch],
        "pack": [dfm.presets.save_preset],
        "upload": [dfm.presets.upload],
        "pretrain": [dfm.pretraining.pretrain],
        "import": [dfm.importers.load_original],
        "export": [dfm.export],
        "studio": [dfm.studio],
    }[command]


# Options that are no argument of those functions, and what they are.
ELSEWHERE = {
    "convert": {"key"},  # of Certificate.load
    "preview": {"key"},
    "live": {"key", "view"},  # where to watch
    "evaluate": {"json", "sheet"},  # of Evaluation.to_json and .sheet
    "verify": {"json"},  # how to print
    "list": {"json"},
    "describe": {"json"},
    "import": {"output"},  # of Original.save_parts
}


def options(command: str) -> list[argparse.Action]:
    groups = build_parser()._subparsers
    assert groups is not None
    parser = groups._group_actions[0].choices[command]  # type: ignore[index, call-overload]
    return [a for a in parser._actions if a.dest not in ("help", "traceback")]


def test_help_of_every_command_imports_nothing_heavy() -> None:
    words = [["--help"], *([name, "--help"] for name in COMMANDS), ["--version"]]
    done = python("-c", _HELP.format(words=words))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"
    for name in COMMANDS:
        assert f"usage: deepface-models {name}" in done.stdout


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c not in ("doctor", "fleet", "jobs")]
)
def test_every_option_is_an_argument_of_what_it_calls(command: str) -> None:
    known: dict[str, inspect.Parameter] = {}
    for function in functions(command):
        known |= dict(inspect.signature(function).parameters)
    for option in options(command):
        if option.dest in ELSEWHERE.get(command, ()):
            continue
        assert option.dest in known, option.dest
        default = known[option.dest].default
        if option.required or default is inspect.Parameter.empty:
            continue
        if option.dest == "embeddings":  # two options for one argument
            continue
        assert option.default == default, option.dest


def test_embeddings_are_computed_unless_refused() -> None:
    def parsed(*words: str) -> Any:
        return build_parser().parse_args(["extract", "a", "--output", "b", *words])

    default = inspect.signature(dfm.FaceAligner).parameters["embeddings"].default
    assert parsed().embeddings == default == 32
    assert parsed("--no-embeddings").embeddings is False
    assert parsed("--embed-every", "4").embeddings == 4


def test_help_names_every_value_that_is_accepted() -> None:
    package = importlib.import_module(dfm.Converter.__module__.rpartition(".")[0])
    values = {
        ("extract", "face_type"): faces.FACE_TYPES,
        ("train", "architecture"): list_architectures(family="swap"),
        ("import", "face_type"): faces.FACE_TYPES,
        ("convert", "mask"): package.MASKS,
        ("convert", "color"): package.COLORS,
        ("convert", "blend"): package.BLENDS,
        ("preview", "mask"): package.MASKS,
        ("preview", "color"): package.COLORS,
        ("preview", "blend"): package.BLENDS,
        ("live", "mask"): package.MASKS,
        ("live", "blend"): package.BLENDS,
        ("live", "view"): VIEWS,
    }
    for (command, name), names in values.items():
        text = next(str(o.help) for o in options(command) if o.dest == name)
        assert all(value in text for value in names), (command, name)


def test_version_and_module() -> None:
    done = run_apart("--version")
    assert done.stdout == f"deepface-models {dfm.__version__}\n"


def test_no_command_shows_the_help(capsys: Any) -> None:
    assert main([]) == 2
    assert "a face swap in three commands" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["ana", "ana=", "=faces"])
def test_people_are_given_by_name(text: str, capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["train", text, "--output", "nowhere"])
    assert "Expected NAME=FACES, such as ana=faces/ana" in capsys.readouterr().err


def test_convert_needs_a_consent_statement(capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["convert", "a.png", "b.png", "--model", "m", "--identity", "ben"])
    assert "required: --consent" in capsys.readouterr().err

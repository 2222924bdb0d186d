"""Text is UTF-8 whatever the locale: every call that reads or writes text names it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("deepface_models", "tests", "benchmarks", "examples")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def leaves_encoding_to_the_locale(call: ast.Call) -> bool:
    """Whether a call opens text without naming its encoding."""
    given = {word.arg for word in call.keywords}
    if "encoding" in given or None in given:
        return False
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in ("read_text", "write_text"):
        return len(call.args) < (1 if name == "read_text" else 2)
    if name in ("run", "Popen", "check_output"):
        return bool(given & {"text", "universal_newlines"})
    if name in ("TemporaryFile", "NamedTemporaryFile"):
        return "b" not in mode_of(call, 0, "w+b")
    builtin = isinstance(call.func, ast.Name) and name == "open"
    if builtin or name == "fdopen":
        return len(call.args) < 4 and "b" not in mode_of(call, 1, "r")
    return name == "open" and mode_of(call, 0, "b") in ("r", "w", "a", "x", "rt", "wt")


def mode_of(call: ast.Call, place: int, default: str) -> str:
    given = [word.value for word in call.keywords if word.arg == "mode"]
    given += call.args[place : place + 1]
    value = given[0].value if given and isinstance(given[0], ast.Constant) else default
    return value if isinstance(value, str) else default


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_text_file_is_utf_8(folder):
    """No text file depends on the locale."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and leaves_encoding_to_the_locale(node)
    ]
    assert not found, "Name encoding= in " + ", ".join(found)


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("p.read_text()", True),
        ("p.read_text('utf-8')", False),
        ("p.write_text(x)", True),
        ("p.write_text(x, encoding='utf-8')", False),
        ("open(p)", True),
        ("open(p, 'wb')", False),
        ("open(p, mode='a')", True),
        ("p.open('w')", True),
        ("FaceSet.open(p)", False),
        ("subprocess.run(x, text=True)", True),
        ("subprocess.run(x, text=True, encoding='utf-8')", False),
        ("os.fdopen(x, 'w')", True),
    ],
)
def test_the_check_sees_what_it_is_for(code, left):
    assert leaves_encoding_to_the_locale(ast.parse(code).body[0].value) is left


def run(command, folder, **environment):
    given = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "deepface_models", *map(str, command)]
    return subprocess.run(words, capture_output=True, cwd=folder, env=given)


@pytest.mark.parametrize(
    "environment", [ASCII, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "cp437"}]
)
@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["--help"], 0),
        (["list"], 0),
        (["verify", "Größe 世界.png"], 2),
        (["extract", "Größe 世界.png", "--output", "Ä"], 2),
        (["nonsense-Ä"], 2),
    ],
)
def test_commands_speak_in_every_locale(tmp_path, environment, command, status):
    """Output that the terminal's encoding lacks is shown as escapes."""
    done = run(command, tmp_path, **environment)
    assert done.returncode == status, done.stderr.decode("utf-8", "replace")
    assert b"Traceback" not in done.stderr and b"UnicodeEncodeError" not in done.stderr


def test_files_written_in_an_ascii_locale_are_utf_8(tmp_path):
    """JSON with letters beyond ASCII."""
    code = (
        "from deepface_models.core.files import write_json;"
        "write_json('a.json', {'name': 'Gr\\u00f6\\u00dfe \\u4e16'})"
    )
    given = {**os.environ, **ASCII, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=given)
    read = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert read == {"name": "Größe 世"}

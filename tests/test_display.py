"""Text of strangers cannot steer a terminal wherever it is shown."""

from __future__ import annotations

import ast
import io
import logging
from pathlib import Path
from typing import Any

import pytest

import deepface_models
from deepface_models.cli import _console
from deepface_models.conversion.report import ConversionReport
from deepface_models.core.display import layout, message, one_line
from deepface_models.core.progress import Progress
from deepface_models.presets import card, describe

HOSTILE = "\x1b[2J\x07\x9bgone\r\n\u202egpj.exe\u2066\u200b\u2028\ufeff\udcff"
CLI = Path(deepface_models.__file__).parent / "cli"


def steers(text: str) -> bool:
    """Whether a text has a character that does more than being seen."""
    return any(not (char.isprintable() or char == "\n") for char in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("caf\udce9", "caf\\udce9"),
        ("3.00\u202fPM", "3.00 PM"),
        ("Zoë 日本語 한국 שלום 🙂", "Zoë 日本語 한국 שלום 🙂"),
        (Path("a/b.png"), "a/b.png"),
    ],
)
def test_one_line_shows_what_is_there(text: Any, shown: str) -> None:
    """One function shows untrusted text."""
    assert one_line(text) == shown


def test_length_is_bounded_and_both_ends_are_kept() -> None:
    """The advice at the end of a message outlives a long name."""
    shown = one_line("ab" + "\x1b" * 10**6 + "yz", 40)
    assert len(shown) == 40
    assert shown.startswith("ab\\x1b") and shown.endswith("yz")
    assert message("x" * 10**5 + " Do that.").endswith(" Do that.")
    assert len(message("x" * 10**5)) < 5000


def test_layout_keeps_lines_only() -> None:
    """A table keeps its lines and nothing else."""
    assert layout("a  b\n\tc\r\x1b[K\n") == "a  b\n\tc\\r\\x1b[K\n"


def test_errors_logs_and_mistyped_options_are_shown_safely(capsys: Any) -> None:
    """Messages that name a stranger's file."""
    _console.error(ValueError(HOSTILE))
    with _console.plain_messages():
        logging.getLogger("deepface_models.x").warning("%s: broken", HOSTILE)
    with pytest.raises(SystemExit):
        deepface_models.cli.main(["list", "a", HOSTILE])  # type: ignore[attr-defined]
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        _console.show_traceback()
    _console.echo(HOSTILE)
    shown = capsys.readouterr()
    assert not steers(shown.out + shown.err)
    assert shown.err.count("gone") == 4
    assert [line[:7] for line in shown.err.splitlines()[:2]] == ["error: ", "warning"]


def test_commands_print_in_one_way_only() -> None:
    """What prints past the filter would be found here."""
    for path in CLI.glob("*.py"):
        if path.name in ("_console.py", "_checks.py"):  # this way, and JSON to doctor
            continue
        calls = (n for n in ast.walk(ast.parse(path.read_text("utf-8"))))
        named = [n.func for n in calls if isinstance(n, ast.Call)]
        raw = [n for n in named if isinstance(n, ast.Name) and n.id == "print"]
        assert len(raw) == (path.name == "__init__.py"), path


def test_a_preset_of_a_stranger_is_described_safely() -> None:
    """`describe` of a record with escapes and line ends."""
    known = describe("swift_128")
    hostile = {**known, "description": HOSTILE, "license": HOSTILE, "command": HOSTILE}
    hostile["results"] = {f"ssim{HOSTILE}": HOSTILE}
    text = card.summary(hostile)
    assert not steers(text)
    count = len(card.summary({**known, "results": {"ssim": 1}}).splitlines())
    assert len(text.splitlines()) == count


def test_a_card_holds_no_control_characters(tmp_path: Path) -> None:
    """Model cards are read in terminals too."""
    record = {**describe("swift_128"), "description": HOSTILE, "use": HOSTILE}
    card.write_card(tmp_path / "README.md", {**record, "command": f"a|{HOSTILE}"})
    assert not steers((tmp_path / "README.md").read_text("utf-8"))


def test_a_report_names_hostile_files_on_one_line_each() -> None:
    """Files that failed, by names a stranger chose."""
    report = ConversionReport(Path(HOSTILE), failed={HOSTILE: HOSTILE, "b": "why"})
    assert not steers(report.summary())
    assert len(report.summary().splitlines()) == 3


def test_progress_takes_names_literally(monkeypatch: Any) -> None:
    """Rich takes [red] in a name for markup unless told not to."""
    rich = pytest.importorskip("rich.console")
    stream = io.StringIO()
    console = rich.Console(file=stream, force_terminal=False, width=200)
    monkeypatch.setattr("rich.progress.get_console", lambda: console)
    with Progress(True) as bar:
        bar.task("[red]a[/blue]\x1b[2J\u202e", 1)
        bar.advance()
    assert "[red]a[/blue]\\x1b[2J\\u202e" in stream.getvalue()

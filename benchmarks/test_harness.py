"""What the benchmarks share, and what each of them says of itself."""

from __future__ import annotations

import ast
from pathlib import Path

import harness
import pytest

SCRIPTS = sorted(Path(__file__).parent.glob("[!t]*.py")) + [
    path
    for path in sorted(Path(__file__).parent.glob("t*.py"))
    if not path.name.startswith("test_")
]
SHARED = {"data", "output", "folder", "epochs", "limit", "seed"}  # `harness` adds them


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_first_lines_say_what_is_printed_and_how_to_run_it(path):
    """Each file says in its first lines what it prints."""
    doc = ast.get_docstring(tree(path))
    if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8"):
        assert f"python benchmarks/{path.name}" in doc
        assert "print" in doc.lower() or "writes" in doc
    else:
        users = [p for p in SCRIPTS if f"`{p.name}`" in doc]
        assert users or path.name == "harness.py"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_reads_only_options_that_it_has(path):
    """`extraction.py` read an option that had another name, and failed."""
    declared, read = set(SHARED), set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            declared.add(node.value.removeprefix("--").replace("-", "_"))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in ("options", "arguments", "args"):
                read.add(node.attr)
    assert read <= declared


def test_calls_take_turns_and_the_first_rounds_do_not_count():
    order, now = [], iter(range(100))
    calls = {name: lambda name=name: order.append(name) for name in "ab"}
    seconds = harness.in_turns(calls, 2, untimed=1, clock=lambda: float(next(now)))
    assert order == list("ababab")
    assert seconds == {"a": [1.0, 1.0], "b": [1.0, 1.0]}


def test_results_are_kept_for_the_next_run(tmp_path):
    path = tmp_path / "runs" / "a.json"
    assert harness.kept(path) == {}
    harness.keep(path, {"a": [1, 2.5]})
    assert harness.kept(path) == {"a": [1, 2.5]}
    harness.keep(None, {})


def test_a_process_gives_its_status_and_its_last_line(tmp_path):
    script = tmp_path / "one.py"
    lines = ["import sys", "print('first')", "print(sys.argv[1])", "sys.exit(3)"]
    script.write_text("\n".join(lines), encoding="utf-8")
    assert harness.apart(str(script), 7) == (3, "7")


def test_a_table_aligns_numbers_to_the_right():
    made = harness.markdown(("a", "b"), [["x", "1"]])
    assert made == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_text_between_marks_is_replaced_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- t: begin -->\nold\n<!-- t: end -->\nb\n", encoding="utf-8")
    harness.replace_between(page, "t", "new\nlines")
    harness.replace_between(page, "t", "new")
    after = "a\n<!-- t: begin -->\nnew\n<!-- t: end -->\nb\n"
    assert page.read_text(encoding="utf-8") == after
    assert harness.between(page, "t") == "new\n"

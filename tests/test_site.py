"""Pages of the site fit together; `python docs/build.py` checks the rest."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from test_documentation import NAMES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "examples" / "README.md"]
WRITTEN = ("reference/", "course/")  # when the site is built


@pytest.fixture(scope="module")
def generate():
    """The modules that write pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        yield lambda name: importlib.import_module(f"_generate.{name}")
    for name in [one for one in sys.modules if one.split(".")[0] == "_generate"]:
        del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        place = target.split("#")[0]
        if "://" in target or not place:
            continue
        found = (page.parent / place).resolve()
        inside = str(found.relative_to(ROOT))
        written = inside.startswith(tuple(f"docs/{one}" for one in WRITTEN))
        assert found.exists() or written, f"{page}: {target}"


def test_the_readme_is_short_and_has_what_ci_runs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    assert 'pip install ".[test]" && pytest -n 2 --dist loadfile' in text


@pytest.mark.parametrize("folder", ["guides", "project"])
def test_each_page_is_in_its_index(folder):
    text = (DOCS / folder / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^[a-z-]+$", text.split("{toctree}")[1], re.M))
    assert {path.stem for path in (DOCS / folder).glob("*.md")} - {"index"} <= listed


def test_every_public_name_has_its_entry(generate):
    pages = "\n".join(generate("names").pages().values())
    entries = set(re.findall(r"^\.\. (?:autoclass|autofunction):: (\S+)", pages, re.M))
    missing = {name.rpartition(".")[2] for name in NAMES}
    missing -= {entry.rpartition(".")[2] for entry in entries}
    assert missing == set()


def test_what_is_registered_is_in_the_tables(generate):
    from deepface_models import list_architectures, presets

    pages = generate("tables").pages()
    rows = pages["reference/architectures.md"]
    assert [name for name in list_architectures() if f"`{name}`" not in rows] == []
    shipped = pages["reference/shipped.md"]
    assert [name for name in presets.list_models() if f"## {name}" not in shipped] == []


@pytest.mark.slow
def test_messages_are_found_by_their_first_words(generate):
    found = [text for text, *_ in generate("messages").messages()]
    assert len(found) > 400
    expected = [
        "consent=… was given. Expected a sentence",
        "Nothing is at …, and no preset has that name.",  # by a function elsewhere
        "… was given to save a …. Expected a name ending in .keras",
        "… is a link to nothing. Expected a file.",
    ]
    for words in expected:
        assert any(text.startswith(words) for text in found), words


def test_commands_have_their_options(generate):
    (page,) = generate("commands").pages().values()
    assert all(
        f"## {name}\n" in page for name in ("extract", "train", "convert", "verify")
    )
    assert "`--consent TEXT`" in page

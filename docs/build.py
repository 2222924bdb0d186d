"""Builds the site into build/site, without a network.

    pip install ".[docs]" && python docs/build.py

Checks the spelling, writes the pages that come from the code (names, registries,
commands, messages), executes the notebooks that changed, lets Sphinx build everything
with warnings as errors, and follows each internal link of the result.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS)]

from _generate import (  # noqa: E402
    commands,
    course,
    facts,
    links,
    messages,
    names,
    project,
    tables,
)


def stage(folder: Path) -> None:
    """Copies the pages to where the written ones are added; unchanged files stay."""
    kept = set()
    for source in sorted(DOCS.rglob("*")):
        place = source.relative_to(DOCS)
        if source.is_file() and not {"_generate", "__pycache__"} & set(place.parts):
            kept.add(place)
            if source.suffix == ".md":
                text = source.read_text(encoding="utf-8")
                write_changed(folder / place, project.linked(text))
            else:
                copy_changed(source, folder / place)
    written = project.pages(ROOT) | course.notebooks(ROOT / "examples")
    for writer in (names, tables, commands, messages):
        written |= writer.pages()
    for place, text in written.items():
        kept.add(Path(place))
        write_changed(folder / place, text)
    for old in folder.rglob("*"):
        if old.is_file() and old.relative_to(folder) not in kept:
            old.unlink()


def copy_changed(source: Path, target: Path) -> None:
    """Copies a file if its bytes differ."""
    if not target.exists() or source.read_bytes() != target.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def write_changed(target: Path, text: str) -> None:
    """Writes a page if its text differs, so that Sphinx reads only changed ones."""
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def check_spelling() -> None:
    """Lets codespell read the pages, the examples and the docstrings."""
    places = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSES.md"]
    places += ["docs", "examples", "deepface_models"]
    subprocess.run(
        [sys.executable, "-m", "codespell_lib", *places], cwd=ROOT, check=True
    )


def main() -> int:
    """Builds the site and prints what was built."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--no-notebooks", action="store_true", help="do not run them")
    args = parser.parse_args()
    began = time.monotonic()
    output = args.output.resolve()
    source, cache = output.with_name("site-pages"), output.with_name("site-notebooks")
    os.environ |= {
        "SITE_ROOT": str(ROOT),
        "SITE_CACHE": str(cache),
        "DEEPFACE_MODELS_HOME": str(output.with_name("site-home")),  # its certificate
        "SITE_NOTEBOOKS": "off" if args.no_notebooks else "cache",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "examples")]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    check_spelling()
    stage(source)
    from sphinx.cmd.build import main as sphinx

    trees = str(output.with_name("site-trees"))
    if sphinx(["-W", "--keep-going", "-q", "-d", trees, str(source), str(output)]):
        return 1
    pages, broken = links.check(output)
    executed = None if args.no_notebooks else cache
    print(*broken, *facts.lines(ROOT / "examples", executed), sep="\n")
    print(
        f"{pages} pages in {output}, {len(broken)} broken links, "
        f"{time.monotonic() - began:.0f} s"
    )
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())

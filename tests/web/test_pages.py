"""Each page in a real browser: accessibility, small and dark, keyboard, files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import odd_files
import pytest
from web_helpers import (
    NARROW,
    PAGES,
    PICTURES,
    WIDE,
    Served,
    choose,
    drop,
    press,
    shown,
    turn_to,
)

from deepface_models.faces import FaceSet

pytestmark = pytest.mark.slow
SERIOUS = ("serious", "critical")


_COUNT = """() => {
  const former = window.requestAnimationFrame;
  window.frames_asked = 0;
  window.requestAnimationFrame = (f) => { window.frames_asked++; return former(f); };
}"""


def cpu_seconds(process: int) -> float:
    """Returns the CPU seconds that a process has used, 0 where nobody tells."""
    path = Path(f"/proc/{process}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: Any) -> Iterator[Served]:
    pytest.importorskip("gradio")
    served = Served(tmp_path_factory.mktemp("pages") / "studio")
    yield served
    served.close()


def findings(page: Any) -> list[str]:
    """Serious findings of axe on what is shown now."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def open_all(page: Any) -> None:
    """Opens what is folded."""
    for one in page.locator("button.label-wrap").locator("visible=true").all():
        if "open" not in (one.get_attribute("class") or "").split():
            one.click()
    page.wait_for_timeout(300)  # until the page stands still


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(studio: Served, browse: Any, scheme: str) -> None:
    page = browse(studio.address, color_scheme=scheme)
    for name in PAGES:
        turn_to(page, name)
        open_all(page)
        if PICTURES:
            path = Path(PICTURES) / f"{name.lower()}_{scheme}.png"
            page.screenshot(path=path, full_page=True)
        assert findings(page) == [], name


def test_pages_fit_a_phone(studio: Served, browse: Any) -> None:
    page = browse(studio.address, viewport=NARROW)
    for name in PAGES:
        turn_to(page, name)
        open_all(page)
        if PICTURES:
            path = Path(PICTURES) / f"{name.lower()}_narrow.png"
            page.screenshot(path=path, full_page=True)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1] == NARROW["width"], name


def test_odd_uploads_get_sentences(studio: Served, browse: Any, tmp_path: Path) -> None:
    page = browse(studio.address, viewport=WIDE)
    turn_to(page, "Faces")
    (tmp_path / "odd").mkdir()
    made = {path.name: path.read_bytes() for path in odd_files.make(tmp_path / "odd")}
    drop(page, *sorted((tmp_path / "odd").iterdir()))
    choose(page, "Person", "odd")
    press(page, "Find faces")
    page.get_by_text(f"{len(made)} files added to clips/odd").wait_for()
    page.get_by_text("Job 1 (extract) is done. 6 sources could not be").wait_for()
    for name in odd_files.UNREADABLE:
        told = page.get_by_text(re.compile(rf"^clips/odd/{name} cannot be read as"))
        assert told.count() == 1, name
    kept = (studio.workspace / "clips" / "odd").iterdir()
    assert sorted(one.read_bytes() for one in kept) == sorted(made.values())
    found = FaceSet.open(studio.workspace / "faces" / "odd")
    assert {Path(one).name for one in found.sources} == set(odd_files.WITH_FACE)

    notes = tmp_path / "notes <b>.txt"
    notes.write_text("no picture", "utf-8")
    drop(page, notes)
    choose(page, "Person", "../odd")
    press(page, "Find faces")
    page.get_by_text("Expected letters from a to z").first.wait_for()
    choose(page, "Person", "odd")  # what was dropped is still there
    press(page, "Find faces")
    page.get_by_text(
        re.compile(r"notes.*\.txt was given. Expected an image")
    ).wait_for()
    turn_to(page, "Verify")
    drop(page, notes)
    press(page, "Verify")
    page.get_by_text("It carries no Content Credentials").first.wait_for()


def test_the_keyboard_is_enough(studio: Served, browse: Any) -> None:
    """Two tabs, one of which sees what the other did, after a visit of its page."""
    page, other = browse(studio.address), browse(studio.address)
    focused = "document.activeElement.textContent.trim()"
    page.get_by_role("tab", name="Start").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "Use the demo's clips on the other pages":
            break
    page.keyboard.press("Enter")
    page.get_by_text("The clips of s1 and mb are there").wait_for()
    other.reload()
    turn_to(other, "Faces")
    shown(other.get_by_label("Person", exact=True)).click()
    other.get_by_role("option", name="s1").wait_for()


def test_files_outside_are_not_served(studio: Served, browse: Any) -> None:
    page = browse(studio.address)
    for path in (
        "files/../secret",
        "files/%2e%2e/%2e%2e/etc/passwd",
        "files//etc/passwd",
    ):
        assert page.request.get(studio.address + path).status == 404
    for path in ("/etc/passwd", f"{studio.workspace}/jobs/queue"):
        answer = page.request.get(f"{studio.address}gradio_api/file={path}")
        assert answer.status in (403, 404)


def test_an_open_page_asks_for_nothing(studio: Served, browse: Any) -> None:
    page = browse(studio.address)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    count = -1
    while count < len(asked):  # until it is there as a whole
        count = len(asked)
        page.wait_for_timeout(2500)
    asked.clear()
    page.evaluate(_COUNT)
    used = cpu_seconds(studio.process.pid)
    page.wait_for_timeout(4000)
    # Gradio's own pulse of 15 s is all that may come.
    assert len(asked) <= 1
    assert page.evaluate("window.frames_asked") <= 4
    assert cpu_seconds(studio.process.pid) - used < 0.2

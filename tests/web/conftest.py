"""A studio in a process of its own, and a browser that watches what it asks for."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import deepface_models

pytest.importorskip("gradio")

ROOT = Path(deepface_models.__file__).parent.parent
CLIPS = ROOT / "deepface_models" / "demo" / "clips"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = (
    *("Start", "Faces", "Train", "Convert", "Measure", "Verify", "Zoo", "Live"),
    "Jobs",
)


class Served:
    """A studio that runs until it is closed or killed."""

    def __init__(self, workspace: Path, *words: str) -> None:
        command = [sys.executable, "-m", "deepface_models", "studio", str(workspace)]
        self.workspace = workspace
        self.process = subprocess.Popen(
            [*command, "--port", "0", *words],
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.match(r"Open (http://\S+) in a browser", line)
        assert found, line
        self.address = found[1]

    def close(self, how: int = signal.SIGINT) -> None:
        self.process.send_signal(how)
        self.process.communicate(timeout=20)


@pytest.fixture(scope="session")
def home(tmp_path_factory: Any) -> Path:
    return tmp_path_factory.getbasetemp() / "home"


@pytest.fixture(autouse=True)
def _own_home(home: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(home))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Returns a function that starts a studio."""
    made: list[Served] = []

    def start(workspace: Path | None = None, *words: str) -> Served:
        made.append(Served(workspace or tmp_path / "studio", *words))
        return made[-1]

    yield start
    for one in made:
        one.close(signal.SIGKILL)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser, if there is one."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Returns a function that opens a page; fails on any request to elsewhere."""
    outside: list[str] = []
    contexts: list[Any] = []

    def asked(request: Any, address: str) -> None:
        if not request.url.startswith((address.split("?")[0], "data:", "blob:")):
            outside.append(request.url)

    def opening(address: str, **context: Any) -> Any:
        contexts.append(chromium.new_context(**{"viewport": WIDE, **context}))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked(request, address))
        page.goto(address)
        page.get_by_role("button", name="Run the demo").wait_for()
        return page

    yield opening
    for one in contexts:
        one.close()
    assert outside == []


WIDE, NARROW = {"width": 1100, "height": 800}, {"width": 375, "height": 800}


def turn_to(page: Any, name: str) -> None:
    """Opens a page by its tab, which may be in the menu of those that do not fit."""
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():
        page.get_by_role("button", name="More tabs").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.first.click()
    page.wait_for_function(
        "name => document.querySelector('[role=tab][aria-selected=true]')"
        "?.textContent.trim() === name",
        arg=name,
    )


def shown(found: Any) -> Any:
    """Returns the first of some elements that is visible."""
    return next(one for one in found.all() if one.is_visible())


def press(page: Any, name: str) -> None:
    """Presses the visible button with a name."""
    shown(page.get_by_role("button", name=name, exact=True)).click()

"""Studios, and a browser that watches what it asks for."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from web_helpers import CHROMIUM, CLIPS, PATIENCE, WIDE, Served

from deepface_models.media import read_video


@pytest.fixture(scope="session")
def home(tmp_path_factory: Any) -> Path:
    return tmp_path_factory.getbasetemp() / "home"


@pytest.fixture(autouse=True)
def _own_home(home: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(home))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Returns a function that starts a studio."""
    pytest.importorskip("gradio")
    made: list[Served] = []

    def start(workspace: Path | None = None, *words: str) -> Served:
        made.append(Served(workspace or tmp_path / "studio", *words))
        return made[-1]

    yield start
    for one in made:
        one.close(signal.SIGKILL)
        one.end_jobs()


@pytest.fixture(scope="session")
def filmed(tmp_path_factory: Any) -> Path:
    """What the browser's camera shows: a speaker, over and over."""
    path: Path = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    with open(path, "wb") as file:
        for frame in read_video(CLIPS / "s1" / "bbaf2n.mpg", stop=25):
            file.write(bytes(cv2.imencode(".jpg", frame.image[..., ::-1])[1]))
    return path


@pytest.fixture(scope="session")
def chromium(filmed: Path) -> Iterator[Any]:
    """A browser with a camera, if there is one."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    camera.append(f"--use-file-for-fake-video-capture={filmed}")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *camera]
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
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked(request, address))
        page.goto(address)
        page.get_by_role("button", name="Run the demo").wait_for()
        return page

    yield opening
    for one in contexts:
        one.close()
    assert outside == []

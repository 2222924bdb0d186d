"""The camera of a browser: its images, whose they are, and what is refused."""

from __future__ import annotations

import json
import threading
from typing import Any

import cv2
import numpy as np
import pytest
from live_helpers import CONSENT
from websockets.sync.client import connect

from deepface_models.cli import main
from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError
from deepface_models.streaming import serve
from deepface_models.streaming.camera import BrowserCamera
from deepface_models.streaming.page import Page


def jpeg(image: Array) -> bytes:
    return bytes(cv2.imencode(".jpg", image[..., ::-1])[1])


def opened(page: Page) -> Any:
    return connect(page.url.replace("http", "ws") + "frames", max_size=None)


def test_images_of_a_browser_come_back_swapped(images: Any, start: Any) -> None:
    session, got = start("browser"), []

    def film(url: str) -> None:
        with connect(url.replace("http", "ws") + "frames", max_size=None) as browser:
            assert json.loads(browser.recv()) == {"camera": True}
            browser.send(jpeg(images[0]))
            for message in browser:
                if isinstance(message, bytes):
                    got.append(message)
                    browser.send("stop" if len(got) == 3 else "shown")
                    browser.send(jpeg(images[len(got)]))

    threads: list[threading.Thread] = []

    def run(url: str) -> None:
        threads.append(threading.Thread(target=film, args=[url]))
        threads[-1].start()

    shown = serve(session, port=0, opened=run)
    threads[0].join(30)
    assert len(got) == 3 and shown.frames == 2 == shown.swapped
    image = cv2.imdecode(np.frombuffer(got[-1], np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == images[0].shape
    assert session.stats.swapped == session.stats.frames >= 3


def test_the_newest_browser_films(start: Any) -> None:
    session = start("browser")
    with Page(session, "127.0.0.1", 0) as page, opened(page) as first:
        assert json.loads(first.recv()) == {"camera": True}
        with opened(page) as second:
            assert json.loads(second.recv()) == {"camera": True}
            assert json.loads(first.recv()) == {"camera": False}
            first.send(b"GIF89a")  # ignored
            second.send(b"GIF89a")
            assert "given, which are no JPEG" in second.recv()


def test_what_is_no_image_ends_the_connection(start: Any) -> None:
    with Page(start("browser"), "127.0.0.1", 0) as page, opened(page) as browser:
        browser.recv()
        browser.send(b"GIF89a")
        said = json.loads(browser.recv())["state"]
        assert said.startswith("Ended. 6 bytes of the browser's camera were given")
        assert "Reload the page" in said


def test_a_usual_source_asks_no_browser(images: Any, start: Any) -> None:
    session = start(images[:1])
    assert session.camera is None
    with Page(session, "127.0.0.1", 0) as page, opened(page) as browser:
        browser.send(b"GIF89a")  # ignored
        page.publish(next(session))
        assert "state" in json.loads(browser.recv())


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"no picture", b"\xff\xd8\xff\xe0\x00"],
)
def test_damaged_images_are_refused(data: bytes) -> None:
    with pytest.raises(MediaError, match=f"{len(data)} bytes .* no JPEG"):
        BrowserCamera().put(data)


def test_large_images_are_refused_before_they_are_decoded() -> None:
    whole = jpeg(np.zeros((8, 8, 3), np.uint8))
    place = whole.index(b"\xff\xc0") + 5
    large = whole[:place] + b"\xea\x60\xea\x60" + whole[place + 4 :]
    with pytest.raises(MediaError, match="60000 x 60000 pixels"):
        BrowserCamera().put(large)
    with pytest.raises(MediaError, match="8 x 8 pixels"):
        BrowserCamera().put(whole[: place + 4])


def test_a_window_has_no_browser(capsys: Any) -> None:
    words = ["live", "browser", "--model", "swap_demo", "--identity", "nobody"]
    assert main([*words, "--consent", CONSENT, "--view", "window"]) != 0
    assert "--view window was given for the camera" in capsys.readouterr().err

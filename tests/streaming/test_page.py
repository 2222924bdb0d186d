"""The page of a live swap: its images, its key, and its end; on this computer only."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import deepface_models as dfm
from deepface_models.core.synthetic import NOTICE
from deepface_models.streaming import serve
from deepface_models.streaming.label import burn_label
from deepface_models.streaming.page import Page

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")


def frames_of(url):
    return url.replace("http", "ws") + "frames"


class Browser(threading.Thread):
    """Takes images as the page does, until it has enough of them."""

    def __init__(self, enough=10**6):
        super().__init__(daemon=True)
        self.enough, self.images, self.told, self.url = enough, [], [], ""

    def open(self, url):
        self.url = url
        self.start()

    def run(self):
        with connect(frames_of(self.url), max_size=None) as connection:
            for message in connection:
                if isinstance(message, str):
                    self.told.append(json.loads(message))
                    continue
                self.images.append(message)
                enough = len(self.images) == self.enough
                connection.send("stop" if enough else "shown")


@pytest.fixture
def endless(images):
    """A function that returns frames until it is told to end, or two minutes' worth."""
    ended = threading.Event()

    def make():
        for number in range(3000):
            if ended.wait(0.04):
                return
            yield images[number % 8]

    yield make
    ended.set()


def test_a_browser_gets_labelled_images_and_stops_the_session(endless, start):
    browser, session = Browser(enough=4), start(endless(), realtime=True)
    shown = serve(session, port=0, opened=browser.open)
    browser.join(30)
    assert browser.url.startswith("http://127.0.0.1:")
    assert 4 <= len(browser.images) < 10  # some were on their way
    for data in browser.images:
        assert NOTICE.encode() in data[:200]
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        image = image[..., ::-1].astype(int)
        assert np.abs(image - burn_label(image.astype(np.uint8))).max() < 60
    assert shown.frames == len(browser.images) - 1 and shown.latency > 0
    assert browser.told[0]["about"].startswith("Consent: Both speakers")
    assert browser.told[-1]["state"].startswith("Ended. ")
    assert "; shown: latency " in browser.told[-1]["state"]
    with pytest.raises(OSError):
        urllib.request.urlopen(browser.url)


def test_the_page_is_for_those_who_know_its_key(endless, start):
    with Page(start(endless()), "127.0.0.1", 0) as page:
        with urllib.request.urlopen(page.url) as answer:
            text = answer.read().decode()
            rules = answer.headers["Content-Security-Policy"]
        assert "Synthetic media" in text and "<img" in text
        assert "default-src 'none'" in rules and "frame-ancestors 'none'" in rules
        guessed = page.url.rsplit("/", 2)[0] + "/guessed/"
        for wrong in (guessed, page.url.rsplit("/", 2)[0] + "/"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(wrong)
            with pytest.raises(InvalidStatus, match="403"):
                connect(frames_of(wrong))


def test_two_pages_have_two_keys_and_a_port_has_one_page(endless, start):
    session = start(endless())
    with Page(session, "127.0.0.1", 0) as page:
        port = int(page.url.split(":")[2].split("/")[0])
        with pytest.raises(OSError, match=r"Expected an address .* port=0"):
            serve(session, port=port)
        with Page(session, "127.0.0.1", 0) as other:
            assert other.url.split("/")[3] != page.url.split("/")[3]


def test_the_page_says_which_packages_are_missing(endless, start, monkeypatch):
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(dfm.MissingDependencyError, match=r"deepface_models\[live\]"):
        serve(start(endless()), port=0)


def test_a_browser_that_leaves_does_not_end_the_session(images, start):
    left = threading.Event()

    def camera():
        yield images[0]
        assert left.wait(60)
        yield from images[1:4]

    def leave(url):
        def run():
            with connect(frames_of(url), max_size=None) as connection:
                while isinstance(connection.recv(), str):
                    pass
            left.set()

        threading.Thread(target=run, daemon=True).start()

    session = start(camera())
    serve(session, port=0, opened=leave)
    assert session.stats.frames == 4


def test_ports_are_checked(endless, start):
    with pytest.raises(ValueError, match="port=-1 was given"):
        serve(start(endless()), port=-1)
    with pytest.raises(OSError, match="host="):
        serve(start(endless()), host="203.0.113.9", port=0)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_a_real_browser_shows_the_images(endless, start, tmp_path):
    """Chromium opens the page, decodes images and asks for more of them."""
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu"]
    command.append(f"--user-data-dir={tmp_path}")
    session = start(endless(), realtime=True)
    with session, Page(session, "127.0.0.1", 0) as page:
        with subprocess.Popen(
            [*command, page.url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as browser:
            # Until it has shown three, however long it takes to open, or frames end.
            for frame in session:
                page.publish(frame)
                if page.stats.frames >= 3:
                    break
            browser.terminate()
    assert page.stats.frames >= 3


def test_the_socket_is_closed_after_the_session(images, start):
    urls = []
    serve(start(images[:1]), port=0, opened=urls.append)
    port = int(urls[0].split(":")[2].split("/")[0])
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port), timeout=5)

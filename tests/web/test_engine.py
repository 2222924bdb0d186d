"""The live swap's process and its way to the page, without a model."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("gradio")

from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from websockets.sync.server import serve

from deepface_models.web import calls
from deepface_models.web import engine as made
from deepface_models.web.engine import Engine
from deepface_models.web.routes import routes
from deepface_models.web.workspace import Workspace

# Stands in for the command: says where its page is, and notes that it has ended well,
# which takes a while as signing does.
PRETENDER = """
import signal, sys, time
import deepface_models.cli
from deepface_models.web.engine import run
def main(words):
    try:
        print("Open {} in a browser on this computer.", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        time.sleep(0.5)
        open("ended", "w").close()
    return 0
deepface_models.cli.main = main
run()
"""


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    one = Engine(tmp_path)
    yield one
    one.stop()


def pretend(monkeypatch: Any, address: str) -> None:
    command = [sys.executable, "-c", PRETENDER.format(address)]
    monkeypatch.setattr(made, "helper_command", lambda *words: command)


def call() -> calls.Call:
    return calls.live("browser", "swap_demo", "ben", "Both agreed")


def test_why_it_did_not_start_is_a_sentence(engine: Engine) -> None:
    said = engine.start(calls.Call(("live", "--nothing"), ""))
    assert "the following arguments are required: --model" in said
    assert engine.address is None and not engine.stop()


def test_one_swap_replaces_the_other(engine: Engine, monkeypatch: Any) -> None:
    pretend(monkeypatch, "http://127.0.0.1:1/key/")
    assert engine.start(call()) == "" and engine.address == "http://127.0.0.1:1/key/"
    first = engine._process
    pretend(monkeypatch, "http://127.0.0.1:2/key/")
    assert engine.start(call()) == "" and engine.address == "http://127.0.0.1:2/key/"
    assert first is not None and first.returncode == 0
    assert engine.stop() and engine.address is None and not engine.stop()


def test_it_ends_with_the_studio(engine: Engine, monkeypatch: Any) -> None:
    """When the studio is killed, its end of the pipe is closed."""
    pretend(monkeypatch, "http://127.0.0.1:1/key/")
    engine.start(call())
    process = engine._process
    assert process is not None and process.stdin is not None
    process.stdin.close()
    process.stdin = None
    assert process.wait(30) == 0
    assert engine.address is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_second_interrupt_leaves_its_end_alone(
    engine: Engine, monkeypatch: Any, tmp_path: Path
) -> None:
    """Ctrl+C in the studio's terminal reaches it as well, before the studio ends."""
    pretend(monkeypatch, "http://127.0.0.1:1/key/")
    engine.start(call())
    process = engine._process
    assert process is not None
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert engine.stop() and process.returncode == 0
    assert (tmp_path / "ended").exists()


def test_what_both_say_is_passed_on(
    engine: Engine, monkeypatch: Any, tmp_path: Path
) -> None:
    def echo(connection: Any) -> None:
        for message in connection:
            connection.send(message)

    app = Starlette(routes=routes(Workspace(tmp_path / "w"), engine))
    client = TestClient(app)
    assert client.get("/live/").text == "Nothing is live."
    with pytest.raises(WebSocketDisconnect):
        with client.websocket_connect("/live/frames"):
            pass
    with serve(echo, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        pretend(monkeypatch, f"http://127.0.0.1:{port}/key/")
        engine.start(call())
        assert "Live face swap" in client.get("/live/").text
        with client.websocket_connect("/live/frames") as browser:
            browser.send_bytes(b"image")
            assert browser.receive_bytes() == b"image"
            browser.send_text("shown")
            assert browser.receive_text() == "shown"


def test_a_swap_that_does_not_answer_ends_the_connection(
    monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(made, "_START", 0.2)
    said = threading.Event()
    with serve(print, "127.0.0.1", 0, process_request=lambda *_: said.wait(5)) as slow:
        threading.Thread(target=slow.serve_forever, daemon=True).start()
        port = slow.socket.getsockname()[1]
        silent = SimpleNamespace(address=f"http://127.0.0.1:{port}/key/")
        app = Starlette(routes=routes(Workspace(tmp_path / "w"), silent))
        with pytest.raises(WebSocketDisconnect):
            with TestClient(app).websocket_connect("/live/frames"):
                pass
        said.set()

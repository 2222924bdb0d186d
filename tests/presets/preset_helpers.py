"""Small presets, and a web server for them on this computer."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

FACTS: dict[str, Any] = {
    "license": "CC0-1.0",
    "data": "noise",
    "description": "Nothing of use",
    "limits": "everything",
    "seed": 0,
    "commit": "abc",
    "command": "python make.py",
    "results": {"ssim": 0.5, "glasses": {"ssim": 0.25}},
}


def fill(model: Any, seed: int = 0) -> Any:
    """Gives every weight another value, biases included."""
    rng = np.random.default_rng(seed)
    for part in model.parts.values():
        part.set_weights([rng.normal(0, 0.1, w.shape) for w in part.get_weights()])
    return model


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder; `spoil` changes what it answers, `asked` notes for what."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: list[str] = []
        self.spoil: Any = None
        self.redirect: str | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.server.asked.append(name)
        path = self.server.folder / name
        if self.server.redirect:
            self.send_response(302)
            self.send_header("Location", f"{self.server.redirect}/{name}")
            self.end_headers()
            return
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        length = len(content)
        if self.server.spoil:
            content, length = self.server.spoil(name, content)
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The one live swap of a studio, in a process of its own, and its way to the page."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from deepface_models.core.helpers import helper_command, helper_environment
from deepface_models.web.calls import Call

_PATIENCE = 10.0  # seconds to end after an interrupt
_START = 120.0  # seconds to answer the first time, on a computer with other work


class Engine:
    """Runs `deepface-models live`, whose page the studio shows as its own.

    Args:
        folder: The folder that the command runs in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._address: str | None = None
        self._process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str | None:
        """The address of the command's page; None while nothing is live."""
        alive = self._process is not None and self._process.poll() is None
        return self._address if alive else None

    def start(self, call: Call) -> str:
        """Starts a swap, after ending the former one.

        Returns:
            An empty text, or why it did not start.
        """
        self.stop()
        process = subprocess.Popen(
            [*helper_command(__name__, "run"), *call.words, "--port", "0"],
            cwd=self.folder,
            stdin=subprocess.PIPE,  # its end tells that the studio is gone
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={**helper_environment(), "PYTHONUNBUFFERED": "1"},
        )
        self._process = process
        said = ""
        with contextlib.suppress(ValueError):  # closed by a stop in between
            for line in process.stdout or ():
                found = re.match(r"Open (http://\S+) in a browser", line)
                if found:
                    self._address = found[1]
                    return ""
                said = line.removeprefix("error: ").strip() or said
        self.stop()
        return said or "It ended without a word."

    def stop(self) -> bool:
        """Ends it; returns whether anything was live."""
        process, self._process, self._address = self._process, None, None
        if process is None:
            return False
        alive = process.poll() is None
        try:
            # Closes its input, at whose end it interrupts itself.
            process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return alive


async def relay(engine: Engine, browser: Any) -> None:
    """Passes on what a browser and the live swap tell each other.

    Args:
        engine: The live swap.
        browser: The browser's WebSocket, not accepted yet.
    """
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    from deepface_models.streaming.page import first_of

    address = engine.address
    if address is None:
        await browser.close()
        return
    address = address.replace("http", "ws", 1) + "frames"
    options: dict[str, Any] = {"max_size": None, "compression": None}
    with contextlib.suppress(OSError, WebSocketException, RuntimeError):
        async with connect(address, open_timeout=_START, **options) as inner:
            await browser.accept()
            await first_of(_down(inner, browser), _up(browser, inner))
    with contextlib.suppress(RuntimeError):  # the browser has gone
        await browser.close()


async def _down(inner: Any, browser: Any) -> None:
    async for message in inner:
        send = browser.send_text if isinstance(message, str) else browser.send_bytes
        await send(message)


async def _up(browser: Any, inner: Any) -> None:
    while (got := await browser.receive())["type"] != "websocket.disconnect":
        text = got.get("text")
        await inner.send(got["bytes"] if text is None else text)


def run(*words: str) -> None:
    """Is the process of a live swap: the command of that name.

    Args:
        *words: The words of the command.
    """
    signal.signal(signal.SIGINT, _interrupt_once)
    threading.Thread(target=_end_with_studio, daemon=True).start()
    sys.exit(importlib.import_module("deepface_models.cli").main(words))


def _interrupt_once(number: int, frame: Any) -> None:
    """Interrupts the command, whose end then has its time: a recording is signed.

    A Ctrl+C in the studio's terminal comes twice: itself, and as the end of the input.
    """
    signal.signal(number, signal.SIG_IGN)
    signal.default_int_handler(number, frame)


def _end_with_studio() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    # The main thread, as the system may give another one what a process is sent.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

"""`serve`: shows a live swap on a page of this computer."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import cv2

from deepface_models.core.errors import MediaError, MissingDependencyError
from deepface_models.core.listening import listen, url_of
from deepface_models.core.synthetic import NOTICE
from deepface_models.core.whole import whole_numbers
from deepface_models.streaming.session import LiveFrame, LiveSwap
from deepface_models.streaming.stats import Clock, LiveStats, latency_text

_LOG = logging.getLogger("deepface_models.streaming")
PAGE = Path(__file__).with_name("page.html")
_QUALITY = 85  # of the JPEG images
_PATIENCE = 5.0  # seconds that browsers get to learn of the end
_EVERY = 10  # images from one update of the numbers to the next
# The page loads nothing from elsewhere, and no other page may embed it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src blob:; connect-src 'self'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


@whole_numbers(port=0)
def serve(
    frames: LiveSwap,
    host: str = "127.0.0.1",
    port: int = 8765,
    opened: Callable[[str], None] | None = None,
) -> LiveStats:
    """Shows a live swap on a web page until it ends or the page's button stops it.

    The page is at an address with a secret key, so that neither other users of this
    computer nor other web pages can watch. Browsers get JPEG images through a
    WebSocket, each the newest one when it has shown the last one.

    Args:
        frames: From `live`. It is closed at the end.
        host: Address to listen at: by default this computer only.
        port: Port to listen at; 0 for any free one.
        opened: Called with the page's address; by default it is logged.

    Returns:
        The latency from a frame's arrival until a browser has shown its image, and how
        many images were shown.

    Raises:
        MissingDependencyError: Starlette, uvicorn or websockets is not installed.
        OSError: The port is in use, or the address is not this computer's.

    Example:
        >>> who = {"identity": "ben", "consent": "Ana and Ben, file 17"}
        >>> frames = live(model, **who)  # doctest: +SKIP
        >>> serve(frames)  # doctest: +SKIP
    """
    with frames, Page(frames, host, port) as page:
        if opened is None:
            _LOG.info("The live swap is shown at %s", page.url)
        else:
            opened(page.url)
        for frame in frames:
            page.publish(frame)
    return page.stats


class Page:
    """A page that shows the images it is given; see `serve`.

    Args:
        frames: Stopped by the page's button.
        host: Address to listen at.
        port: Port to listen at; 0 for any free one.

    Attributes:
        url: The page's address.
    """

    def __init__(self, frames: LiveSwap, host: str, port: int) -> None:
        check_extra()
        self._frames = frames
        self._key = secrets.token_urlsafe(12)
        self._hub = _Hub()
        self._clock = Clock()
        self._films: Any = None
        self._server = _server(self._routes())
        self._socket = listen(host, port)
        self.url = f"{url_of(host, self._socket)}{self._key}/"
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def stats(self) -> LiveStats:
        """Images shown by browsers, and their latency."""
        return self._clock.stats()

    def publish(self, frame: LiveFrame) -> None:
        """Hands the newest image to the browsers."""
        self._hub.put(frame)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._hub.put(None)
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        self._socket.close()  # the server leaves it open if it ends while it starts

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def _routes(self) -> list[Any]:
        from starlette.responses import HTMLResponse
        from starlette.routing import Route, WebSocketRoute

        async def page(request: Any) -> Any:
            return HTMLResponse(PAGE.read_text(encoding="utf-8"), headers=_HEADERS)

        return [
            Route(f"/{self._key}/", page),
            WebSocketRoute(f"/{self._key}/frames", self._send),
        ]

    async def _send(self, websocket: Any) -> None:
        """Sends images to a browser, one at a time."""
        from starlette.websockets import WebSocketDisconnect

        await websocket.accept()
        asked: asyncio.Queue[str] = asyncio.Queue()
        try:
            with suppress(WebSocketDisconnect):
                if self._frames.camera is not None:
                    await self._begin_filming(websocket)
                await first_of(
                    self._show(websocket, asked), self._listen(websocket, asked)
                )
        finally:
            if self._films is websocket:
                self._films = None

    async def _show(self, websocket: Any, asked: asyncio.Queue[str]) -> None:
        """Sends the newest image whenever the browser has shown the last one."""
        number, sent = 0, 0
        while True:
            number, frame = await self._hub.newer(number)
            if frame is None:
                await websocket.send_json({"state": f"Ended. {self._summary()}"})
                await websocket.close()
                return
            if sent % _EVERY == 0:
                await websocket.send_json(self._told())
            sent += 1
            await websocket.send_bytes(self._hub.jpeg(number, frame))
            if await asked.get() != "stop":
                self._clock.add(frame.arrived, frame.face is not None)

    async def _listen(self, websocket: Any, asked: asyncio.Queue[str]) -> None:
        """Takes what a browser says, and the images of its camera if it films."""
        while (got := await websocket.receive())["type"] != "websocket.disconnect":
            if got.get("bytes") is None:
                if got["text"] == "stop":
                    self._frames.stop()
                asked.put_nowait(got["text"])
            elif self._frames.camera is not None and self._films is websocket:
                try:
                    self._frames.camera.put(got["bytes"])
                except MediaError as error:
                    await websocket.send_json({"state": f"Ended. {error}"})
                    await websocket.close()
                    return

    async def _begin_filming(self, websocket: Any) -> None:
        """Asks the newest browser for its camera; the former one shall end."""
        from starlette.websockets import WebSocketDisconnect

        former, self._films = self._films, websocket
        if former is not None:
            with suppress(WebSocketDisconnect, RuntimeError):  # it has just left
                await former.send_json({"camera": False})
        await websocket.send_json({"camera": True})

    def _told(self) -> dict[str, str]:
        about = f"Consent: {self._frames.consent}. Source: {self._frames.source}."
        return {"state": self._summary(), "about": about}

    def _summary(self) -> str:
        shown = self.stats
        text = self._frames.stats.summary()
        if shown.frames:
            text += f"; shown: {latency_text(shown.latency, shown.latency_p95)}"
        return text


async def first_of(*runs: Coroutine[Any, Any, None]) -> None:
    """Runs some coroutines until one of them ends; raises what that one raised."""
    tasks = [asyncio.ensure_future(run) for run in runs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


class _Hub:
    """Hands the newest image to those who wait for it, in the server's event loop."""

    def __init__(self) -> None:
        self._newest: tuple[int, LiveFrame | None] = (0, None)
        self._encoded: tuple[int, bytes] = (0, b"")
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._lock = threading.Lock()

    def put(self, frame: LiveFrame | None) -> None:
        """Replaces the image; None ends."""
        with self._lock:
            self._newest = self._newest[0] + 1, frame
            waiting, self._waiting = self._waiting, set()
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)

    async def newer(self, number: int) -> tuple[int, LiveFrame | None]:
        """Waits for an image with a higher number; returns both."""
        while True:
            with self._lock:
                if self._newest[0] > number:
                    return self._newest
                event = asyncio.Event()
                self._waiting.add((asyncio.get_running_loop(), event))
            await event.wait()

    def jpeg(self, number: int, frame: LiveFrame) -> bytes:
        """Returns an image as JPEG, with a comment that it is synthetic."""
        if self._encoded[0] != number:
            self._encoded = number, encoded(frame)
        return self._encoded[1]


def encoded(frame: LiveFrame) -> bytes:
    """Returns an image as JPEG, with a comment that it is synthetic."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    made, data = cv2.imencode(".jpg", frame.image[..., ::-1], quality)
    if not made:
        raise ValueError(
            f"An image of shape {frame.image.shape} could not be encoded as JPEG. "
            "Expected at most 65535 pixels on each side. Use a smaller source."
        )
    text = NOTICE.encode("ascii")
    comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
    plain = bytes(data)
    return plain[:2] + comment + plain[2:]


def _server(routes: list[Any]) -> Any:
    """Returns a uvicorn server that logs nothing, for a thread of its own."""
    import uvicorn
    from starlette.applications import Starlette

    return uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=routes),
            log_config=None,
            access_log=False,
            ws="websockets-sansio",
            ws_per_message_deflate=False,  # JPEG is compressed already
            timeout_graceful_shutdown=2,
        )
    )


def check_extra() -> None:
    """Checks that the packages of the page are installed.

    Raises:
        MissingDependencyError: They are not.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"The page of a live swap was asked for, but {error.name} is not "
            "installed. Expected Starlette, uvicorn and websockets. Run: pip install "
            '"deepface_models[live]"'
        ) from error

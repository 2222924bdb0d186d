"""Who may ask the studio, and for what: hosts, token, sizes, and headers."""

from __future__ import annotations

import hmac
import shutil
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_COOKIE = "studio_token"
# Nothing is loaded from elsewhere, and no other page may embed the studio, which embeds
# the page of a live swap. Gradio needs scripts inside of the page.
_HEADERS = {
    "content-security-policy": "default-src 'self' data: blob:; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' data: blob:; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


class Guard:
    """Wraps an application: answers only those who may ask.

    Args:
        app: The application (ASGI).
        workspace: Folder that uploads go to.
        host: The address that is listened at.
        token: The secret that an address other than this computer's needs, or None.
        most: Largest size of a request in bytes.
    """

    def __init__(
        self, app: Any, workspace: Path, host: str, token: str | None, most: int
    ) -> None:
        self.app, self.workspace, self.host = app, workspace, host
        self.token, self.most = token, most

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {
            k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]
        }
        refused = self._refused(scope, headers)
        if refused:
            await _answer(scope, send, *refused)
            return

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(k.encode(), v.encode()) for k, v in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        await self.app(scope, receive, sending)

    def _refused(
        self, scope: Any, headers: dict[str, str]
    ) -> tuple[int, str, dict[str, str]] | None:
        """Returns status, sentence and headers of a refusal, or None."""
        asked = urlsplit(f"//{headers.get('host', '')}")
        if self.token is None and asked.hostname not in LOOPBACK:
            # A page elsewhere may have given its own name the address of this computer.
            return 403, "Open the studio by the address that it has printed.", {}
        origin = headers.get("origin", "null")
        if origin != "null" and urlsplit(origin).netloc != headers.get("host"):
            return 403, "Another page asked. Open the studio itself.", {}
        if self.token is not None and not self._has_token(headers):
            return self._welcome(scope)
        return self._too_large(headers.get("content-length", "0"))

    def _has_token(self, headers: dict[str, str]) -> bool:
        found = SimpleCookie(headers.get("cookie", "")).get(_COOKIE)
        return found is not None and self._equal(found.value)

    def _equal(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), str(self.token).encode())

    def _welcome(self, scope: Any) -> tuple[int, str, dict[str, str]]:
        """Takes the token from the address once, and keeps it in a cookie."""
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if self._equal((asked.get("token") or [""])[0]):
            cookie = f"{_COOKIE}={self.token}; Path=/; HttpOnly; SameSite=Strict"
            return 303, "Welcome.", {"location": "/", "set-cookie": cookie}
        return 401, "Open the studio by the address with its token, as printed.", {}

    def _too_large(self, length: str) -> tuple[int, str, dict[str, str]] | None:
        size = int(length) if length.isdigit() else 0
        free = shutil.disk_usage(self.workspace).free
        if size > min(self.most, free):
            least = min(self.most, free) / 2**30
            return 413, f"{size / 2**30:.1f} GiB are too large; {least:.1f} fit.", {}
        return None


async def _answer(
    scope: Any, send: Any, status: int, sentence: str, headers: dict[str, str]
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    told = {**_HEADERS, **headers, "content-type": "text/plain; charset=utf-8"}
    pairs = [(k.encode(), v.encode()) for k, v in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": sentence.encode()})

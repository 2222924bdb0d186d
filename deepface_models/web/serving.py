"""The HTTP server of the studio, which rests and ends well while pages are open."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn

_LOOK = 0.5  # seconds between looks whether to end
_PATIENCE = 1.0  # seconds that answers get at the end


class Server(uvicorn.Server):
    """Serves an application until it is interrupted.

    Args:
        app: The application (ASGI).
    """

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=round(2 * _PATIENCE),
                ws="websockets-sansio",
                ws_per_message_deflate=False,  # JPEG is compressed already
            )
        )

    async def main_loop(self) -> None:
        """Waits for the end; by default it looks ten times a second."""
        while not await self.on_tick(0):
            await asyncio.sleep(_LOOK)

    async def shutdown(self, sockets: Any = None) -> None:
        """Ends the answers that never end, to open pages, as if those had gone."""
        asyncio.get_running_loop().call_later(_PATIENCE, self._close)
        await super().shutdown(sockets)

    def _close(self) -> None:
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.close()

"""What the studio serves besides its pages: files, and the live swap."""

from __future__ import annotations

from typing import Any

from deepface_models.streaming.page import PAGE
from deepface_models.web.engine import Engine, relay
from deepface_models.web.workspace import Workspace

_KEPT = {"cache-control": "private, max-age=31536000, immutable"}


def routes(workspace: Workspace, engine: Engine) -> list[Any]:
    """Returns the routes, for Starlette.

    Args:
        workspace: The files that are served.
        engine: The live swap.
    """
    from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse
    from starlette.routing import Route, WebSocketRoute

    def file(request: Any) -> Any:
        found = workspace.inside(request.path_params["path"])
        if found is None:
            return PlainTextResponse("There is no such file.", status_code=404)
        kind = "attachment" if request.query_params.get("download") else "inline"
        return FileResponse(
            found, filename=found.name, content_disposition_type=kind, headers=_KEPT
        )

    def live(request: Any) -> Any:
        if engine.address is None:
            return PlainTextResponse("Nothing is live.", status_code=404)
        return HTMLResponse(PAGE.read_text(encoding="utf-8"))

    async def frames(websocket: Any) -> None:
        await relay(engine, websocket)

    return [
        Route("/files/{path:path}", file),
        Route("/live/", live),
        WebSocketRoute("/live/frames", frames),
    ]

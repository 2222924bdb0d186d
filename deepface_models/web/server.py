"""`studio`: the pages in a browser of this computer, until they are closed."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepface_models.core.errors import MissingDependencyError
from deepface_models.core.listening import listen, url_of
from deepface_models.core.whole import whole_numbers
from deepface_models.web.guard import LOOPBACK, Guard
from deepface_models.web.resting import Resting
from deepface_models.web.workspace import UPLOADS, Workspace

_LOG = logging.getLogger("deepface_models.web")


@whole_numbers(port=0, max_upload=1)
def studio(
    workspace: str | Path = "studio",
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    max_upload: int = 20,
    opened: Callable[[str], None] | None = None,
) -> None:
    """Shows the studio in a browser until it is interrupted.

    All clips, faces, models and results are in one folder; files outside of it are not
    shown. Long work runs as `jobs`, in processes of their own, which go on when the
    studio ends. Nothing is loaded from other computers or sent to them.

    Args:
        workspace: Folder of all files; created if needed.
        host: Address to listen at; by default only this computer can open the studio.
            With another address other computers can too, if they have the token that
            is part of the printed address.
        port: Port to listen at; 0 for any free one.
        max_upload: Largest upload in GiB.
        opened: Called with the address; by default it is logged.

    Raises:
        MissingDependencyError: Gradio is not installed.
        OSError: The port is in use, or the address is not this computer's.

    Example:
        >>> studio("my_film")  # doctest: +SKIP
    """
    check_extra()
    place = Workspace(workspace)
    token = None if host in LOOPBACK else secrets.token_urlsafe(24)
    app = application(place, host, token, max_upload)
    listening = listen(host, port)
    address = url_of(host, listening) + (f"?token={token}" if token else "")
    if opened is None:
        _LOG.info("The studio is at %s", address)
    else:
        opened(address)
    with listening:
        _server(app).run(sockets=[listening])


def application(
    workspace: Workspace, host: str, token: str | None, max_upload: int = 20
) -> Any:
    """Returns the studio as an ASGI application.

    Args:
        workspace: Its files.
        host: The address that it will be served at.
        token: The secret that others need, or None.
        max_upload: Largest upload in GiB.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(workspace.folder / UPLOADS)
    import gradio
    from fastapi import FastAPI

    from deepface_models.web import look
    from deepface_models.web.app import build
    from deepface_models.web.live import Live
    from deepface_models.web.routes import routes

    live = Live(workspace)
    (workspace.folder / UPLOADS).mkdir(exist_ok=True)
    app = FastAPI(openapi_url=None)
    app.router.routes.extend(routes(workspace, live.engine))
    gradio.mount_gradio_app(
        app,
        build(live),
        "/",
        footer_links=["settings"],
        run_history=False,
        show_error=True,
        max_file_size=max_upload * 2**30,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        theme=look.theme(),
        css=look.CSS,
        head=look.HEAD,
    )
    # A form has some bytes around the file.
    most = max_upload * 2**30 + 2**20
    return Guard(Resting(app), workspace.folder, host, token, most)


def _server(app: Any) -> Any:
    from deepface_models.web.serving import Server

    return Server(app)


def check_extra() -> None:
    """Checks that the packages of the studio are installed.

    Raises:
        MissingDependencyError: They are not.
    """
    from importlib.util import find_spec

    missing = [name for name in ("gradio", "fastapi", "uvicorn") if not find_spec(name)]
    if missing:
        raise MissingDependencyError(
            f"The studio was asked for, but {missing[0]} is not installed. Expected "
            'Gradio. Run: pip install "deepface_models[studio]"'
        )

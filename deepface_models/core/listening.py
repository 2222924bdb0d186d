"""Addresses that pages for a browser are served at."""

from __future__ import annotations

import socket


def listen(host: str, port: int) -> socket.socket:
    """Opens an address of this computer for a server.

    Args:
        host: The address.
        port: The port; 0 for any free one.

    Raises:
        OSError: The port is in use, or the address is not this computer's.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OSError(
            f"host={host!r} and port={port} were given ({error.strerror or error}). "
            "Expected an address of this computer and a free port. Use port=0 for any "
            "free one."
        ) from error


def url_of(host: str, listening: socket.socket) -> str:
    """Returns what a browser opens, such as http://127.0.0.1:8765/.

    Args:
        host: The address that `listen` opened.
        listening: What it returned.
    """
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}/"

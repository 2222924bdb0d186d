"""Lets an open page rest: a script that comes before those of Gradio."""

from __future__ import annotations

from typing import Any

# The tracker of Gradio's loading screen counts its seconds at each frame for ever,
# which costs 4 % of a core while nobody does anything. Four times a second are enough
# where seconds are shown, and each five seconds for one that shows none for a while.
SCRIPT = b"""<script>{
  const frame = window.requestAnimationFrame.bind(window);
  const counts = (f) => String(f).includes("performance.now()");
  const shown = () => document.querySelector(".progress-text") !== null;
  let unseen = 0;  // rounds of the counter that runs now, which asks for its next one
  window.requestAnimationFrame = (f) => {
    if (!counts(f)) return frame(f);
    const former = unseen;
    return setTimeout(() => {
      unseen = shown() ? 0 : former + 1;
      f(performance.now());
      unseen = 0;
    }, former > 4 ? 5000 : 250);
  };
}</script>"""
_HEAD = b"<head>"


class Resting:
    """Wraps an application: adds the script to its first page.

    Args:
        app: The application (ASGI).
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Passes a request on, and the answer back."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        # The page has to come as text.
        headers = [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]
        started: list[Any] = []

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
                return
            if started:
                begin = started.pop()
                if _HEAD in message.get("body", b""):
                    body = message["body"].replace(_HEAD, _HEAD + SCRIPT, 1)
                    begin, message = _longer(begin), {**message, "body": body}
                await send(begin)
            await send(message)

        await self.app({**scope, "headers": headers}, receive, sending)


def _longer(begin: Any) -> Any:
    """Returns the start of an answer that has the script in addition."""
    headers = [
        (k, str(int(v) + len(SCRIPT)).encode() if k == b"content-length" else v)
        for k, v in begin["headers"]
    ]
    return {**begin, "headers": headers}

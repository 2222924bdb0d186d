"""Live: a swap in the images of a camera as they come."""

from __future__ import annotations

import contextlib
import importlib
import re
import signal
import subprocess
import sys
from typing import Any

import gradio as gr

from deepface_models.core.errors import ProvenanceError
from deepface_models.core.helpers import helper_command, helper_environment
from deepface_models.web import calls, markup, models
from deepface_models.web.live import Live

NAME = "Live"
_TEXT = """<p>Swaps the face in the images of a camera of this computer as they come,
with a visible label, on a page of their own. A clip works too, and plays at its own
speed. Consent is needed here as well.</p>"""
_NONE = "Nothing is live. Choose a model, fill in the consent, and press Start."
_CAMERAS = [("Camera 0", "0"), ("Camera 1", "1")]


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    with gr.Row():
        model = gr.Dropdown([], label="Model")
        identity = gr.Dropdown([], label="Whose face to render")
        source = gr.Dropdown(_CAMERAS, value="0", label="Camera or clip")
    live.choices(model, lambda: models.swaps(live.workspace))
    live.choices(source, lambda: [*_CAMERAS, *((c, c) for c in live.workspace.clips())])
    model.change(lambda m: _people(live, m), model, identity, show_progress="hidden")
    consent = gr.Textbox(
        label="Consent (required)",
        info="Who agreed to this use, and where it is written down.",
        lines=2,
    )
    with gr.Row():
        start = gr.Button("Start", variant="primary")
        stop = gr.Button("End it")
    shown = gr.HTML(markup.note(_NONE), elem_classes="studio")
    inputs = [source, model, identity, consent]
    shows = _Shown(live)
    start.click(shows.start, inputs, shown, concurrency_limit=1)
    stop.click(shows.stop, None, shown)
    live.same(inputs, _call)


def _people(live: Live, model: str | None) -> Any:
    names = models.identities(live.workspace, model)
    return gr.update(choices=names, value=names[-1] if names else None)


def _call(
    source: str | None, model: str | None, identity: str | None, consent: str | None
) -> calls.Call:
    if not (source and model and identity):
        raise ValueError("No model or no camera was given. Choose both first.")
    if not (consent or "").strip():
        raise ProvenanceError(
            "No consent was given. Expected who agreed to this use, and where that is "
            "written down. Fill in Consent."
        )
    return calls.live(source, model, identity, str(consent).strip())


class _Shown:
    """The one live swap of a studio, in a process of its own."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.process: subprocess.Popen[str] | None = None

    def start(self, *given: Any) -> str:
        """Starts it, and returns the address of its page."""
        try:
            call = _call(*given)
        except (ValueError, OSError) as error:
            return markup.note(error, "bad")
        self._end()
        self.process = subprocess.Popen(
            [*helper_command(__name__, "run"), *call.words, "--port", "0"],
            cwd=self.live.workspace.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={**helper_environment(), "PYTHONUNBUFFERED": "1"},
        )
        return self._told(self.process)

    def stop(self) -> str:
        """Ends it."""
        return markup.note("It has ended." if self._end() else _NONE)

    def _told(self, process: subprocess.Popen[str]) -> str:
        said = ""
        for line in process.stdout or ():
            found = re.match(r"Open (http://\S+) in a browser", line)
            if found:
                link = f'<a href="{found[1]}" target="_blank" rel="noopener">'
                return f'<p class="note good">It is live: {link}open its page</a>.</p>'
            said = line.removeprefix("error: ") if line.strip() else said
        return markup.note(said or "It ended without a word.", "bad")

    def _end(self) -> bool:
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return False
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
            return True
        process.kill()
        process.communicate()
        return True


def run(*words: str) -> None:
    """Is the process of a live swap: the command of that name.

    Args:
        *words: The words of the command.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(importlib.import_module("deepface_models.cli").main(words))

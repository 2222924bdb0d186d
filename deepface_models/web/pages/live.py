"""Live: a swap in the images of a camera as they come."""

from __future__ import annotations

from typing import Any

import gradio as gr

from deepface_models.core.errors import ProvenanceError
from deepface_models.streaming.camera import BROWSER
from deepface_models.web import calls, markup, models
from deepface_models.web.live import Live
from deepface_models.web.look import WIDE

NAME = "Live"
_TEXT = """<p>Swaps the face in the images of a camera as they come, with a visible
label. The browser asks whether its camera may be used; its images go to this studio and
nowhere else. A clip works too, and plays at its own speed. Consent is needed here as
well.</p>"""
_NONE = "Nothing is live. Choose a model, fill in the consent, and press Start."
_CAMERAS = [
    ("Camera of this browser", BROWSER),
    ("Camera 0 of the studio's computer", "0"),
    ("Camera 1 of the studio's computer", "1"),
]


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    with gr.Row():
        model = gr.Dropdown([], label="Model", min_width=WIDE)
        identity = gr.Dropdown([], label="Whose face to render", min_width=WIDE)
        source = gr.Dropdown(
            _CAMERAS, value=BROWSER, label="Camera or clip", min_width=WIDE
        )
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
    page = gr.HTML(lambda: shown(live), elem_classes="studio")
    inputs = [source, model, identity, consent]
    start.click(lambda *given: _start(live, *given), inputs, page, concurrency_limit=1)
    stop.click(lambda: _stop(live), None, page)
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


def _start(live: Live, *given: Any) -> str:
    """Starts it; returns its page, inside of this one."""
    try:
        said = live.engine.start(_call(*given))
    except (ValueError, OSError) as error:
        return markup.note(error, "bad")
    return markup.note(said, "bad") if said else shown(live)


def _stop(live: Live) -> str:
    return markup.note("It has ended." if live.engine.stop() else _NONE)


def shown(live: Live) -> str:
    """Returns the page of the live swap, or that there is none."""
    found = live.engine.address
    if found is None:
        return markup.note(_NONE)
    # Another address for each swap, so that the browser does not keep the former one.
    address = f"live/?{abs(hash(found)):x}"
    return (
        f'<iframe src="{address}" title="The live swap" allow="camera"></iframe>'
        f'<p><a href="{address}" target="_blank" rel="noopener">Open it in a page of '
        "its own</a></p>"
    )

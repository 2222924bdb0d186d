"""Verify: what a file is, and who says so."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from deepface_models.web import calls, markup
from deepface_models.web.live import Live

NAME = "Verify"
_TEXT = """<p>Every result carries Content Credentials: which model made it, from which
source, and with whose consent. Drop any image or video to see what it says about
itself, and whether it was changed since.</p>"""


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    upload = gr.File(label="A file of any kind", height=140)
    chosen = gr.Dropdown([], label="Or a result of this studio")
    live.choices(chosen, lambda: _results(live))
    button = gr.Button("Verify", variant="primary")
    shown = gr.HTML(elem_classes="studio")
    event = button.click(
        lambda *given: _verify(live, *given),
        [upload, chosen],
        shown,
        concurrency_limit=1,
    )
    live.after(event)
    live.same([upload, chosen], _call)


def _results(live: Live) -> list[str]:
    folder = live.workspace.folder
    found = [path.relative_to(folder).as_posix() for path in live.workspace.swaps()]
    demo = [f"demo/{name}" for name in ("nobody.mp4", "swap.mp4", "frames.jpg")]
    return [*found, *(one for one in demo if (folder / one).is_file())]


def _call(upload: str | None, chosen: str | None) -> calls.Call | None:
    path = Path(upload).name if upload else chosen
    return calls.verify(path) if path else None


def _verify(live: Live, upload: str | None, chosen: str | None) -> str:
    from deepface_models.provenance.verify import verify

    path = Path(upload) if upload else live.workspace.inside(chosen or "")
    if path is None:
        return markup.note("Drop a file, or choose a result, first.", "bad")
    try:
        found = verify(path)
    except (ValueError, OSError) as error:
        return markup.note(error, "bad")
    good = found.state == "valid" and not found.conflicts
    head = found.summary().splitlines()[0]
    return markup.note(head, "good" if good else "bad") + markup.verbatim(
        found.summary()
    )

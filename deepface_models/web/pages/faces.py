"""Faces: clips in, people out, and whether their faces are enough."""

from __future__ import annotations

import gradio as gr

from deepface_models.core.words import many
from deepface_models.web import calls, markup
from deepface_models.web.live import Live, person_name
from deepface_models.web.pages import _review

NAME = "Faces"
_TEXT = """<p>Drop clips or pictures of one person at a time, with a name. All faces in
them are found and aligned; sort out other people below.</p>"""
_NONE = (
    "No faces were looked for yet. Drop clips, name the person, and press Find faces."
)


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    with gr.Row():
        files = gr.File(label="Clips and pictures", file_count="multiple", height=170)
        with gr.Column():
            person = gr.Dropdown(
                [],
                value="",
                label="Person",
                info="Letters, digits, - and _; a new name, or one with clips.",
                allow_custom_value=True,
            )
            size = gr.Dropdown(
                [64, 128, 256],
                value=128,
                label="Size of the faces in pixels",
                info="As large as the model's images: 128 for the usual preset.",
            )
            every = gr.Slider(1, 10, 1, step=1, label="Take every n-th frame")
    live.choices(person, lambda: _with_clips(live))
    button = gr.Button("Find faces", variant="primary")
    note = gr.HTML(elem_classes="studio")
    live.html(lambda: _state(live))
    live.same([person, size, every], _call)
    inputs = [files, person, size, every]
    live.action(button, lambda *given: _find(live, *given), inputs, note, [files])
    _review.build(live)


def _with_clips(live: Live) -> list[str]:
    folder = live.workspace.folder / "clips"
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def _call(person: str | None, size: int, every: int) -> calls.Call | None:
    if not person:
        return None
    return calls.extract(person_name(person), int(size), int(every))


def _state(live: Live) -> str:
    """Returns the newest extraction, with a sentence for each file without use."""
    job = live.latest("extract")
    card = markup.job_card(job, _NONE)
    return card + "".join(markup.note(line) for line in live.warnings(job))


def _find(
    live: Live, files: list[str] | None, person: str | None, size: int, every: int
) -> str:
    name = person_name(person)
    taken = live.workspace.take(files or [], name)
    if not live.workspace.clips_of(name):
        raise ValueError(
            f"No clips of {name} were given. Expected images or videos. Drop some "
            "above, or choose a person who has clips."
        )
    kept = f"{many(len(taken), 'file')} added to clips/{name}. " if taken else ""
    return kept + live.add(calls.extract(name, int(size), int(every)))

"""Measure: how good a model is, on frames it was not trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from deepface_models.jobs import Job
from deepface_models.web import calls, charts, markup, models
from deepface_models.web.live import Live
from deepface_models.web.look import WIDE

NAME = "Measure"
_TEXT = """<p>Swaps the frames of a person that the training held out, and compares
the result with baselines that learned nothing: the unchanged frame and the mean face of
the other person, which a swap has to beat, and photographs of that person.</p>"""
_NONE = "Nothing was measured yet. Train a model first, then choose it here."
_CURVES = ("pose", "expression")  # shown frame by frame
_COLUMNS = {
    "swap": "swap",
    "source": "unchanged",
    "mean_face": "mean face",
    "photographs": "photographs",
}


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    with gr.Row():
        model = gr.Dropdown([], label="Model", min_width=WIDE)
        source = gr.Dropdown([], label="Person in the frames")
        target = gr.Dropdown([], label="Whose face to render")
        limit = gr.Slider(2, 500, 50, step=1, label="Most frames")
    live.choices(model, lambda: live.workspace.models())
    model.change(
        lambda name: _people(live, name),
        model,
        [source, target],
        show_progress="hidden",
    )
    inputs = [model, source, target, limit]
    button = gr.Button("Measure", variant="primary")
    note = gr.HTML(elem_classes="studio")
    live.html(lambda: _result(live))
    live.same(inputs, _call)
    live.action(button, lambda *given: live.add(_checked(*given)), inputs, note)


def _people(live: Live, model: str | None) -> tuple[Any, Any]:
    names = models.identities(live.workspace, model)
    first, last = (names[0], names[-1]) if names else (None, None)
    return gr.update(choices=names, value=first), gr.update(choices=names, value=last)


def _call(
    model: str | None, source: str | None, target: str | None, limit: float
) -> calls.Call | None:
    if not (model and source and target):
        return None
    if source == target:
        raise ValueError(f"{source} was given twice. Choose two people.")
    output = f"measures/{Path(model).name}_{source}_as_{target}"
    return calls.evaluate(model, source, target, output, int(limit))


def _checked(*given: Any) -> calls.Call:
    call = _call(*given)
    if call is None:
        raise ValueError("No model was given. Train one, and choose it first.")
    return call


def _result(live: Live) -> str:
    job = live.latest("evaluate")
    card = markup.job_card(job, _NONE)
    if job is None or job.state != "done":
        return card
    path = live.workspace.folder / _output(job)
    values = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    sheet = markup.image(
        live.workspace, path.with_suffix(".png"), "Mouths and eyes, source above swap"
    )
    return card + sheet + _curves(values) + _table(values)


def _output(job: Job) -> Path:
    return Path(job.folder, job.words[job.words.index("--json") + 1])


def _table(values: dict[str, Any]) -> str:
    measures, rows = values.get("measures", {}), []
    for key, meaning in values.get("meaning", {}).items():
        cells = [measures.get(column, {}).get(key) for column in _COLUMNS]
        if any(cell is not None for cell in cells):
            rows.append((key, *map(_number, cells), meaning))
    head = ("Measure", *_COLUMNS.values(), "Better, and what it is")
    return markup.table(head, rows, "It has no measures.")


def _curves(values: dict[str, Any]) -> str:
    drawn: list[str] = []
    measured = values.get("per_frame", {}).get("swap", {})
    for key in _CURVES:
        points = enumerate(measured.get(key, ()))
        known = [
            (float(number), value) for number, value in points if value is not None
        ]
        if len(known) > 1:
            name = key.replace("_", " ")
            drawn.append(charts.lines({name: known}, "frame", f"{name} by frame"))
    return f'<div class="pairs">{"".join(drawn)}</div>'


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"

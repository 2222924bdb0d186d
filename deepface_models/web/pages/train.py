"""Train: a model of some people, watched while it learns."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from deepface_models.jobs import Job
from deepface_models.web import calls, charts, markup
from deepface_models.web.live import Live, job_calls, person_name

NAME = "Train"
_SCRATCH = "from scratch"
_TEXT = """<p>Choose two people or more. From a preset, which learned what people share
from 1,551 of them, two minutes are enough for a first result.</p>"""
_NONE = "No training yet. Choose people whose faces were found, and press Train."


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    people = gr.CheckboxGroup([], label="People", info="Found on the page Faces.")
    live.choices(people, lambda: live.workspace.people())
    with gr.Row():
        preset = gr.Dropdown(
            ["swift_128", "swift_256", "swift_64", _SCRATCH],
            value="swift_128",
            label="Start from",
        )
        minutes = gr.Slider(0.5, 120, 2, step=0.5, label="Minutes")
        name = gr.Textbox(label="Name of the model", placeholder="ana_ben")
    with gr.Accordion("More", open=False), gr.Row():
        epochs = gr.Number(
            0, precision=0, minimum=0, label="Or end after epochs (0: by minutes)"
        )
        steps = gr.Number(100, precision=0, minimum=1, label="Batches in an epoch")
        batch = gr.Number(8, precision=0, minimum=1, label="Faces in a batch")
    inputs = [people, preset, minutes, name, epochs, steps, batch]
    button = gr.Button("Train", variant="primary")
    note = gr.HTML(elem_classes="studio")
    live.html(lambda: panel(live))
    _buttons(live, note)
    live.html(lambda: _lines(live))
    live.same(inputs, _call)
    live.action(button, lambda *given: live.add(_checked(*given)), inputs, note)


def _buttons(live: Live, note: Any) -> None:
    states = {"Pause": ("queued", "running"), "Resume": ("paused",)}
    states |= {"Stop with this result": ("running",), "Cancel": ("queued", "running")}
    with gr.Row():
        for label, when in states.items():
            button = gr.Button(label, interactive=False, min_width=120)
            live.enabled(button, _when(live, when))
            live.action(button, _change(live, label.split()[0].lower()), [], note)


def _lines(live: Live) -> str:
    """Returns the lines of the buttons that work now."""
    found = job_calls(live.latest("train"))
    return markup.same(*found) if found else ""


def _when(live: Live, states: Sequence[str]) -> Any:
    return lambda: getattr(live.latest("train"), "state", "") in states


def _change(live: Live, change: str) -> Any:
    return lambda: live.change(change, live.latest("train"))


def _call(
    people: list[str],
    preset: str,
    minutes: float,
    name: str | None,
    epochs: float | None,
    steps: float,
    batch: float,
) -> calls.Call | None:
    if len(people or []) < 2:
        return None
    return calls.train(
        people,
        f"models/{person_name(name or '_'.join(people))}",
        None if preset == _SCRATCH else preset,
        minutes=None if epochs else minutes,
        epochs=int(epochs) if epochs else None,
        steps=int(steps or 100),
        batch_size=int(batch or 8),
    )


def _checked(people: list[str], *given: Any) -> calls.Call:
    call = _call(people, *given)
    if call is None:
        raise ValueError(
            f"{len(people or [])} people were given. Expected two or more. Check them "
            "above; their faces are found on the page Faces."
        )
    return call


def panel(live: Live) -> str:
    """Returns the newest training: its state, preview rows and curves."""
    job = live.latest("train")
    card = markup.job_card(job, _NONE)
    folder = output_of(live, job)
    if folder is None:
        return card
    preview = markup.image(
        live.workspace,
        (folder / "previews" / "latest.png").relative_to(live.workspace.folder),
        "Held-out faces, their reconstructions, and their swaps",
    )
    curves = "".join(
        charts.lines({label: points}, "epoch", f"{label} by epoch")
        for label, points in history(folder / "history.csv").items()
    )
    waits = "The first preview comes after five epochs."
    shown = preview or (markup.note(waits) if job and not job.finished else "")
    return f'{card}{shown}<div class="pairs">{curves}</div>'


def output_of(live: Live, job: Job | None) -> Path | None:
    """Returns the folder that a training writes to, if it is in the workspace."""
    if job is None or "--output" not in job.words:
        return None
    output = job.words[job.words.index("--output") + 1]
    folder = Path(live.workspace.folder, job.folder, output)
    return folder if folder.is_relative_to(live.workspace.folder) else None


def history(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Returns loss and held-out error by epoch, of what a training has written."""
    names = {"loss": "Loss", "held_out_error": "Error of held-out faces"}
    found: dict[str, list[tuple[float, float]]] = {n: [] for n in names.values()}
    if path.is_file():
        with open(path, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for key, name in names.items():
                    point = _number(row.get("epoch")), _number(row.get(key))
                    if None not in point:
                        found[name].append(point)  # type: ignore[arg-type]
    return found


def _number(value: str | None) -> float | None:
    try:
        return float(value or "")
    except ValueError:
        return None

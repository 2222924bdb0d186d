"""Jobs: all long work, with progress, and what it has printed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import gradio as gr

from deepface_models.jobs import Job
from deepface_models.jobs.progress import in_words
from deepface_models.web import markup
from deepface_models.web.live import Live, job_calls

NAME = "Jobs"
_CHANGES = ("Cancel", "Pause", "Resume", "Stop", "Retry")
_LONGEST = 6000  # characters of a log
_NONE = "There are no jobs yet. Faces, Train, Convert and the demo add them."


def build(live: Live) -> None:
    """Makes the page."""
    live.html(lambda: _table(live))
    job = gr.Dropdown(
        [], label="Job", info="Newest first. Stop ends a training with what it learned."
    )
    live.choices(job, lambda: _choices(live))
    with gr.Row():
        buttons = {name: gr.Button(name, min_width=90) for name in _CHANGES}
    note = gr.HTML(elem_classes="studio")
    log = gr.HTML(elem_classes="studio")
    for name, button in buttons.items():
        live.action(button, _change(live, name.lower()), [job], note)
    job.change(lambda number: _log(live, number), job, log, show_progress="hidden")
    live.follow([job], lambda number: _lines(live, number), lambda n: _lines(live, n))


def _lines(live: Live, number: int | None) -> str:
    job = next((one for one in live.jobs if one.number == number), None)
    return markup.same(*job_calls(job)) if job else ""


def _change(live: Live, change: str) -> Any:
    return lambda number: live.change(change, _job(live, number))


def _job(live: Live, number: int | None) -> Job | None:
    return live.workspace.queue.job(number) if number else None


def _choices(live: Live) -> list[tuple[str, int]]:
    return [(f"{job.number}: {job.kind}", job.number) for job in reversed(live.jobs)]


def _table(live: Live) -> str:
    head = ("Job", "Command", "State", "Progress or result", "Added")
    rows = [
        (
            job.number,
            job.command.removeprefix("deepface-models "),
            job.state,
            in_words(job.progress) if job.state == "running" else job.message,
            f"{datetime.fromtimestamp(job.added):%Y-%m-%d %H:%M}",
        )
        for job in reversed(live.jobs)
    ]
    return markup.table(head, rows, _NONE)


def _log(live: Live, number: int | None) -> str:
    path = live.workspace.queue.log(number or 0)
    if not path.is_file():
        return markup.note("It has printed nothing yet.") if number else ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return f"<h2>What it has printed</h2>{markup.verbatim(text[-_LONGEST:])}"

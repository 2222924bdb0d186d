"""What the pages show of the workspace, kept up to date while something runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from deepface_models.core.names import check_names
from deepface_models.core.words import many
from deepface_models.jobs import Job, start_worker
from deepface_models.web import calls, markup
from deepface_models.web.calls import Call
from deepface_models.web.engine import Engine
from deepface_models.web.workspace import Workspace

_EVERY = 3.0  # seconds between looks, only while a job waits or runs
_SOON = 0.2  # seconds until what follows the state of jobs is looked at
_STATES = -1  # where a page keeps that state, beside its components' values
_WARNINGS = 20  # of a job that are shown
_CHANGES: dict[str, tuple[str, ...]] = {
    "queued": ("pause", "cancel"),
    "running": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "failed": ("retry",),
    "cancelled": ("retry",),
}
_EXPECTED = (ValueError, OSError, ImportError)


class Live:
    """Connects the pages with the workspace.

    Args:
        workspace: The files and jobs.

    Attributes:
        workspace: The files and jobs.
        engine: The live swap.
        jobs: The jobs when a page looked last.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.engine = Engine(workspace.folder)
        self.jobs: list[Job] = []
        self._shown: list[tuple[Any, Callable[[], Any], bool]] = []
        self._events: list[Any] = []
        self._followed: list[Any] = []

    def html(self, made: Callable[[], str]) -> Any:
        """Adds a piece of HTML that follows the workspace."""
        component = gr.HTML(elem_classes="studio")
        self._shown.append((component, made, False))
        return component

    def follow(
        self,
        chosen: Sequence[Any],
        made: Callable[..., Any],
        state: Callable[..., Any],
        more: Sequence[Any] = (),
    ) -> Any:
        """Adds a piece of HTML about what is chosen, made anew when its state changes.

        Args:
            chosen: The components to choose with.
            made: Returns the HTML for their values, or a list of the HTML and of what
                shall become of `more`.
            state: Returns something that changes with the HTML, and costs little.
            more: Other components that change as well.
        """
        component, known = gr.HTML(elem_classes="studio"), gr.State(None)
        outputs = [component, *more]

        def changed(*given: Any) -> list[Any]:
            *values, former = given
            now = state(*values)
            if now == former:
                return [*(gr.skip() for _ in outputs), former]
            found = made(*values)
            return [*(found if more else [found]), now]

        event = changed, [*chosen, known], [*outputs, known]
        gr.on([one.change for one in chosen], *event, show_progress="hidden")
        self._followed.append(event)
        return component

    def choices(self, component: Any, made: Callable[[], Sequence[Any]]) -> Any:
        """Lets the choices of a component follow the workspace."""
        self._shown.append((component, made, True))
        return component

    def enabled(self, component: Any, made: Callable[[], bool]) -> Any:
        """Lets a button work only while that makes sense."""
        self._shown.append((component, made, True))
        return component

    def latest(self, *kinds: str) -> Job | None:
        """Returns the newest job of these kinds."""
        return next((job for job in reversed(self.jobs) if job.kind in kinds), None)

    def warnings(self, job: Job | None) -> list[str]:
        """Returns what the newest attempt of a job that has ended warned of."""
        log = self.workspace.queue.log(job.number) if job else None
        if job is None or log is None or not (job.has_ended and log.is_file()):
            return []
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        begin = f"attempt {job.attempt} begins,"
        starts = [n for n, line in enumerate(lines) if line.startswith(begin)]
        here = f"{self.workspace.folder}{os.sep}"
        return [
            line.removeprefix("warning: ").replace(here, "")
            for line in lines[starts[-1] if starts else 0 :]
            if line.startswith("warning: ")
        ][:_WARNINGS]

    def add(self, call: Call) -> str:
        """Puts a command into the queue; returns a sentence about it."""
        job = self.workspace.queue.add(call.words)
        waits = sum(not one.finished for one in self.workspace.queue.jobs()) - 1
        after = f" after {many(waits, 'other')}" if waits else ""
        return f"Job {job.number} is in the queue{after}; see it below or under Jobs."

    def change(self, change: str, job: Job | None) -> str:
        """Cancels, pauses, resumes, stops or retries a job."""
        if job is None:
            raise ValueError("There is no such job yet. Start one first.")
        changed = getattr(self.workspace.queue, change)(job.number)
        if changed.state == "running":
            return f"Job {job.number} was asked to {change}; give it a few seconds."
        return f"Job {job.number} is {changed.state}."

    def action(
        self,
        button: Any,
        does: Callable[..., str],
        inputs: Sequence[Any],
        note: Any,
        cleared: Sequence[Any] = (),
    ) -> Any:
        """Lets a button do something and tell of it, errors as sentences.

        Args:
            button: The button.
            does: Returns a sentence about what it did.
            inputs: The components whose values it takes.
            note: Shows the sentence.
            cleared: Components that are empty afterwards, unless there was an error.
        """

        def told(*values: Any) -> Any:
            left: Any = None
            try:
                said = markup.note(does(*values), "good")
                # At once: the page may be busy, and not look for a while.
                start_worker(self.workspace.folder)
            except _EXPECTED as error:
                said = markup.note(str(error) or type(error).__name__, "bad")
                left = gr.skip()
            return [said, *(left for _ in cleared)] if cleared else said

        outputs = [note, *cleared]
        event = button.click(told, list(inputs), outputs, show_progress="minimal")
        self.after(event)
        return event

    def after(self, event: Any) -> None:
        """Looks at the workspace after an event."""
        self._events.append(event)

    def same(self, inputs: Sequence[Any], made: Callable[..., Any]) -> Any:
        """Adds the lines of Python and shell that do what the controls say."""
        shown = gr.HTML(elem_classes="studio")

        def lines(*values: Any) -> str:
            try:
                found = made(*values)
                return markup.same(*(found if isinstance(found, tuple) else (found,)))
            except _EXPECTED as error:
                return markup.note(f"{markup.LATER} {error}")

        changes = [one.change for one in inputs]
        gr.on(changes, lines, list(inputs), shown, show_progress="hidden")
        self._events.append((lines, list(inputs), shown))
        return shown

    def connect(self, blocks: Any) -> None:
        """Connects everything; called once, when all pages are there."""
        known = gr.State({})
        timer, ended = gr.Timer(_EVERY, active=False), gr.Timer(_SOON, active=False)
        shown = [component for component, _, _ in self._shown]
        outputs = [*shown, known, timer, ended]
        quiet: dict[str, Any] = {"show_progress": "hidden", "queue": False}
        timer.tick(self._look, known, outputs, **quiet)
        looks = [
            blocks.load(self._look, known, outputs, **quiet),
            # While a job runs, what is chosen is made anew only when one has ended.
            ended.tick(lambda: gr.Timer(active=False), None, ended, **quiet),
        ]
        for event in self._events:
            if isinstance(event, tuple):
                blocks.load(*event, **quiet)
            else:
                looks.append(event.then(self._look, known, outputs, **quiet))
        for look in looks:
            for followed in self._followed:
                look.then(*followed, **quiet)

    def _look(self, known: dict[int, Any]) -> list[Any]:
        """Returns what has changed since this page looked last."""
        self.jobs = self.workspace.queue.jobs()
        busy = any(job.state in ("queued", "running") for job in self.jobs)
        if busy:
            start_worker(self.workspace.folder)
        new: dict[int, Any] = {n: made() for n, (_, made, _) in enumerate(self._shown)}
        updates = [
            gr.skip()
            if n in known and known[n] == new[n]
            else self._update(n, new[n], known.get(n))
            for n in new
        ]
        new[_STATES] = [(job.number, job.state) for job in self.jobs]
        changed = known.get(_STATES, new[_STATES]) != new[_STATES]
        ended = gr.Timer(active=True) if changed else gr.skip()
        return [*updates, new, gr.Timer(active=busy), ended]

    def _update(self, number: int, value: Any, former: Any) -> Any:
        component, _, changes = self._shown[number]
        if not changes:
            return value
        if isinstance(value, bool):
            return gr.update(interactive=value)
        new, old = _values(value), _values(former or [])
        # What is chosen stays if it can, even what is chosen at this moment.
        stays = new[:1] == old[:1] and set(old) <= set(new)
        if isinstance(component, gr.CheckboxGroup) or not new or stays:
            return gr.update(choices=list(value))
        return gr.update(choices=list(value), value=new[0])


def _values(choices: Sequence[Any]) -> list[Any]:
    return [one[1] if isinstance(one, tuple) else one for one in choices]


def person_name(name: str | None) -> str:
    """Returns a person's name, or says how one is written."""
    return check_names([(name or "").strip()])[0]


def job_calls(job: Job | None) -> tuple[Call, ...]:
    """Returns the calls that can change a job now."""
    if job is None:
        return ()
    changes = _CHANGES.get(job.state, ())
    if job.state == "running" and job.kind == "train":
        changes = (*changes, "stop")
    return tuple(calls.jobs(change, job.number) for change in changes)

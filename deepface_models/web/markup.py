"""Pieces of HTML that the pages show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from deepface_models.core.display import one_line
from deepface_models.jobs import Job
from deepface_models.jobs.progress import fraction, in_words
from deepface_models.media.kinds import VIDEO_SUFFIXES
from deepface_models.web.calls import Call
from deepface_models.web.workspace import Workspace

LATER = "The lines of Python and shell that do the same will be here."
_STATES = {
    "queued": "waits",
    "running": "runs",
    "paused": "is paused",
    "done": "is done",
    "failed": "has failed",
    "cancelled": "is cancelled",
    "damaged": "is damaged",
}


def text(value: object) -> str:
    """Returns a value as text that is safe in HTML."""
    return escape(one_line(value, 4000))


def note(message: object, kind: str = "plain") -> str:
    """Returns a paragraph; kind is "plain", "good" or "bad"."""
    if not message:
        return ""
    role = ' role="alert"' if kind == "bad" else ""
    return f'<p class="note {kind}"{role}>{text(message)}</p>'


def same(*calls: Call | None) -> str:
    """Returns what does the same in Python and in a shell."""
    made = [call for call in calls if call is not None]
    if not made:
        return note(LATER)
    python = "import deepface_models as dfm\n" + "\n\n".join(c.python for c in made)
    shell = "\n".join(dict.fromkeys(c.shell for c in made))
    return (
        "<details class='same' open><summary>The same in Python and in a shell, "
        "in the folder of this studio</summary>"
        f"{_code('Python', python)}{_code('Shell', shell)}</details>"
    )


def _code(label: str, lines: str) -> str:
    return (
        f'<pre tabindex="0" aria-label="{label}" class="code {label.lower()}">'
        f"<code>{escape(lines)}</code></pre>"
    )


def image(workspace: Workspace, path: str | Path, alt: str) -> str:
    """Returns an image of the workspace, or nothing if it is not there."""
    if not (workspace.folder / path).is_file():
        return ""
    address = workspace.address(path)
    return (
        f'<a href="{address}" target="_blank" rel="noopener">'
        f'<img src="{address}" alt="{text(alt)}" loading="lazy"></a>'
    )


def media(workspace: Workspace, path: Path, label: str) -> str:
    """Returns a result with its download, playable if it is a video."""
    address = workspace.address(path)
    name = text(path.relative_to(workspace.folder).as_posix())
    if path.suffix.lower() in VIDEO_SUFFIXES:
        shown = (
            f'<video controls preload="metadata" src="{address}" '
            f'aria-label="{text(label)}"></video>'
        )
    else:
        shown = image(workspace, path, label)
    return (
        f"<figure>{shown}<figcaption>{text(label)} "
        f'<a class="download" href="{address}&amp;download=1" download>'
        f"Download {name}</a></figcaption></figure>"
    )


def job_card(job: Job | None, empty: str = "") -> str:
    """Returns the state of a job, with a bar while it runs."""
    if job is None:
        return note(empty)
    head = f"Job {job.number} ({text(job.kind)}) {_STATES[job.state]}."
    kind = {"done": "good", "failed": "bad"}.get(job.state, "plain")
    parts = [f'<p class="note {kind}" role="status">{head}']
    if job.state == "running":
        told = in_words(job.progress) or "starting"
        parts.append(f" {text(told)}.</p>{_bar(job)}")
    else:
        parts.append(f" {text(job.message)}</p>" if job.message else "</p>")
    return "".join(parts)


def _bar(job: Job) -> str:
    part = fraction(job.progress)
    value = "" if part is None else f' value="{part:.3f}"'
    label = f"Progress of job {job.number}"
    return f'<progress aria-label="{label}" max="1"{value}></progress>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> str:
    """Returns a table that scrolls by itself on narrow screens."""
    lines = [
        "<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    ]
    if not lines:
        return note(empty)
    names = "".join(f'<th scope="col">{text(name)}</th>' for name in head)
    return (
        f'<div class="wide" tabindex="0"><table><thead><tr>{names}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def facts(values: Iterable[tuple[str, object]]) -> str:
    """Returns a list of names and values."""
    rows = "".join(
        f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in values
    )
    return f"<dl>{rows}</dl>"


def verbatim(lines: str) -> str:
    """Returns text of several lines as it is."""
    return f'<pre class="code" tabindex="0">{escape(lines)}</pre>'

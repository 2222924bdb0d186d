"""The run of a fleet: plan, work, and a row for each clip in the journal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from deepface_models.core.locks import hold_folder
from deepface_models.core.progress import Progress, Report
from deepface_models.core.synthetic import software_name
from deepface_models.fleet.addresses import is_remote, joined, listed, plain
from deepface_models.fleet.crew import Crew
from deepface_models.fleet.journal import TABLE, Journal
from deepface_models.fleet.planning import digest_of, items_for, unfinished
from deepface_models.fleet.report import FleetReport
from deepface_models.fleet.rows import DONE, FAILED, Row, Stop, raise_stop
from deepface_models.fleet.tasks import TASKS, is_preset, model_in
from deepface_models.media.folders import check_outside

Sources = str | Path | Sequence[str | Path]


def run(
    kind: str,
    sources: Sources,
    output: str | Path,
    spec: Mapping[str, Any],
    files: Sequence[str],
    crew: Crew,
    progress: bool | Report,
    secret: Mapping[str, Any] | None = None,
) -> FleetReport:
    """Runs a fleet.

    Args:
        kind: The kind of work, one of `TASKS`.
        sources: The clips, see `addresses.listed`.
        output: Address of the output folder.
        spec: The settings of the work.
        files: Addresses in the settings whose content the results depend on.
        crew: Who works.
        progress: Whether to show a bar, or a function.
        secret: Further settings, which are not written down and change no result.
    """
    place = plain(output)
    found = listed(sources)
    _check_apart(sources, place)
    items = items_for(found, place, TASKS[kind].result_name)
    settings = digest_of(kind, _plain(spec), files)
    with _held(place), Journal(place) as journal:
        known = {s: r for s, r in journal.rows.items() if r["settings"] == settings}
        todo = unfinished(items, known, place)
        journal.settings(_described(kind, spec, settings))
        with Progress(progress) as bar:
            bar.task(kind, len(todo))
            with closing(crew.rows(kind, {**spec, **(secret or {})}, todo)) as rows:
                for row in rows if todo else ():
                    if isinstance(row, Stop):
                        raise_stop(row)
                    journal.add({**_seen(row), "settings": settings})
                    bar.advance()
        rows_of_all = journal.finish([item.source for item in items])
    return FleetReport(place, joined(place, TABLE), rows_of_all, len(items) - len(todo))


def model_place(model: Any, crew: Crew) -> Any:
    """Returns the address of a model; the model itself if the worker is this process.

    Raises:
        ValueError: An object was given for workers elsewhere.
    """
    if isinstance(model, str | Path):
        text = str(model)
        if is_preset(text) or is_remote(text):
            return text
        return str(model_in(Path(plain(text))))
    if crew.is_here:
        return model
    raise ValueError(
        f"A {type(model).__name__} was given as the model of workers in other "
        "processes. Expected its name or address, which each of them loads. Save it "
        "with model.save_parts(folder), and pass the folder."
    )


def _check_apart(sources: Sources, output: str) -> None:
    """Refuses to write into a folder of sources."""
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    for one in map(plain, given):
        if not is_remote(one) and os.path.isdir(one) and not is_remote(output):
            check_outside(Path(one), Path(output))
        if is_remote(one) and one.rstrip("/") == output.rstrip("/"):
            raise ValueError(
                f"The output {output} is the folder of the sources. Expected another "
                "folder, as results would become sources. Choose one beside it."
            )


def _held(output: str) -> Any:
    """Locks a plain output folder for one fleet at a time."""
    return nullcontext() if is_remote(output) else hold_folder(output)


def _seen(row: Row) -> Row:
    """Returns a row; one that failed if its result is not where this machine looks."""
    shown = is_remote(row["output"]) or os.path.exists(row["output"])
    if row["status"] != DONE or shown:
        return row
    error = (
        f"{row['output']} was written by {row['worker']} and is not seen here. "
        "Expected a folder that all machines share. Pass an address such as s3://."
    )
    return {**row, "status": FAILED, "error": error}


def _plain(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings as JSON values; a model as the hash of its weights."""
    if isinstance(spec.get("model", ""), str):
        return dict(spec)
    from deepface_models.conversion._outputs import model_sha256

    return {**spec, "model": model_sha256(spec["model"])}


def _described(kind: str, spec: Mapping[str, Any], settings: str) -> dict[str, Any]:
    about = {"kind": kind, "software": software_name(), "settings": settings}
    return {**about, "spec": _plain(spec)}

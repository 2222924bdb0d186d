"""The second part of Faces: look at a person's faces, and sort them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from deepface_models.core.words import many
from deepface_models.faces import (
    FaceSet,
    add_faces,
    keep_faces,
    move_faces,
    people_in,
    verdict,
)
from deepface_models.web import calls, charts, markup
from deepface_models.web.calls import Call
from deepface_models.web.live import Live, person_name

_NONE = "Choose a person above; there is one as soon as faces were found."
_STRIP = 8  # faces shown of each person in a set


def build(live: Live) -> None:
    """Makes this part of the page."""
    gr.HTML("<h2>Look at them</h2>", elem_classes="studio")
    person = gr.Dropdown([], label="Person whose faces to look at")
    live.choices(person, lambda: live.workspace.people())
    live.follow(
        [person], lambda name: show(live, name), lambda name: _state(live, name)
    )
    note = gr.HTML(elem_classes="studio")
    _drop(live, person, note)
    _sort(live, person, note)


def _state(live: Live, name: str | None) -> Any:
    """Returns what changes with a person's faces."""
    folder = live.workspace.folder / "faces" / (name or "")
    files = [folder / one for one in ("table.csv", "sheet.png")]
    return name or "", [file.stat().st_mtime_ns for file in files if file.is_file()]


def _drop(live: Live, person: Any, note: Any) -> None:
    with gr.Accordion("Drop bad faces", open=False):
        blur = gr.Slider(
            0, 1, 1, step=0.05, label="Most blur", info="0 is sharp, 1 is blurred."
        )
        yaw = gr.Slider(
            5, 90, 90, step=5, label="Most turned to a side", info="In degrees."
        )
        button = gr.Button("Drop those beyond")
        live.same([person, blur, yaw], _drop_call)
    does = _on_set(live, drop)
    live.action(button, does, [person, blur, yaw], note)


def _sort(live: Live, person: Any, note: Any) -> None:
    with gr.Accordion("Split and merge people", open=False):
        number = gr.Number(1, precision=0, minimum=1, label="Row of the person")
        with gr.Row():
            keep = gr.Button("Keep only this person")
            other = gr.Textbox(label="New name", placeholder="ben")
            move = gr.Button("Move this person to the new name")
        live.same([person, number, other], _split_calls)
        with gr.Row():
            merged = gr.Dropdown([], label="Somebody with the same face")
            live.choices(merged, lambda: live.workspace.people())
            merge = gr.Button("Add their faces")
        live.same([person, merged], _merge_call)
    live.action(keep, _on_set(live, keep_only), [person, number], note)
    live.action(move, _moving(live), [person, number, other], note)
    live.action(merge, _merging(live), [person, merged], note)


def _split_calls(
    person: str | None, number: float, other: str | None
) -> Call | tuple[Call, Call] | None:
    if not person:
        return None
    keep = calls.keep(person, int(number or 1))
    if not (other or "").strip():
        return keep
    return keep, calls.move(person, int(number or 1), person_name(other))


def _merge_call(person: str | None, other: str | None) -> Call | None:
    return calls.merge(person, other) if person and other and person != other else None


def show(live: Live, name: str | None) -> str:
    """Returns a person's verdict, contact sheet and chart."""
    if not name or name not in live.workspace.people():
        return markup.note(_NONE)
    faces = FaceSet.open(live.workspace.folder / "faces" / name)
    if not len(faces):
        return markup.note(f"No face of {name} is left. Find faces again.", "bad")
    found = verdict(faces)
    points = [(float(f.yaw or 0), float(f.pitch or 0)) for f in faces.faces]
    blurs = [float(f.blur or 0) for f in faces.faces]
    chart = charts.dots(
        points, blurs, "turned to a side, in degrees", f"Poses of {name}; pale: blurred"
    )
    sheet = markup.image(
        live.workspace, f"faces/{name}/sheet.png", f"Contact sheet of {name}"
    )
    facts = [(key, _words(value)) for key, value in found.facts.items()]
    return (
        markup.note(found.summary(), "good" if found.enough else "bad")
        + f'{sheet}<div class="pairs">{chart}{markup.facts(facts)}</div>'
        + _strips(live, name, faces)
    )


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:.0f} to {value[1]:.0f} degrees"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _strips(live: Live, name: str, faces: FaceSet) -> str:
    """Returns a row of faces for each person, if there are several."""
    groups = people_in(faces)
    if len(groups) < 2:
        return ""
    parts = ["<h2>People in this set</h2>"]
    for number, group in enumerate(groups, start=1):
        path = live.workspace.folder / "previews" / f"{name}.{number}.png"
        faces.select(group).contact_sheet(path, columns=_STRIP, limit=_STRIP)
        alt = f"Person {number}, {many(len(group), 'face')}"
        parts.append(f"<p>Row {number}: {many(len(group), 'face')}</p>")
        parts.append(markup.image(live.workspace, path, alt))
    return "".join(parts)


def _drop_call(person: str | None, blur: float, yaw: float) -> Call | None:
    return calls.drop(person, blur, yaw) if person else None


def drop(faces: FaceSet, blur: float, yaw: float) -> str:
    """Removes blurred and turned faces."""
    good = {record.file for record in faces.filter(max_blur=blur, max_yaw=yaw).records}
    return _kept(faces, [record.file in good for record in faces.records])


def keep_only(faces: FaceSet, number: float) -> str:
    """Removes all faces but those of one person."""
    return _kept(faces, _group(faces, number))


def _kept(faces: FaceSet, which: Any) -> str:
    return f"{many(keep_faces(faces, which), 'face')} removed, {len(faces)} left."


def _group(faces: FaceSet, number: float) -> Any:
    groups = people_in(faces)
    if not 1 <= int(number or 0) <= len(groups):
        raise ValueError(
            f"Row {number} was given. Expected a row from 1 to {len(groups)}. Look at "
            "the people in this set."
        )
    return groups[int(number) - 1]


def _opened(live: Live, name: str | None) -> FaceSet:
    if not name:
        raise ValueError("No person was given. Choose one above first.")
    return FaceSet.open(live.workspace.folder / "faces" / name)


def _on_set(live: Live, does: Callable[..., str]) -> Callable[..., str]:
    return lambda name, *given: does(_opened(live, name), *given)


def _moving(live: Live) -> Callable[..., str]:
    def move(name: str | None, number: float, other: str | None) -> str:
        faces, target = _opened(live, name), person_name(other)
        folder = live.workspace.folder / "faces" / target
        made = move_faces(faces, _group(faces, number), folder)
        return f"{many(len(made), 'face')} moved to {target}."

    return move


def _merging(live: Live) -> Callable[..., str]:
    def merge(name: str | None, other: str | None) -> str:
        added = add_faces(_opened(live, name), _opened(live, other))
        return f"{many(added, 'face')} of {other} added to {name}; {other} stays too."

    return merge

"""The part of Convert for several people: who gets whose face, by track."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from deepface_models.core.errors import MediaError
from deepface_models.faces import FaceTracks
from deepface_models.web import calls, markup, models
from deepface_models.web.live import Live

_OFFERED = 8  # tracks with a control; others are typed
_TEXT = """<p>Each row of the sheet is a track: one face in frames of one scene. Choose
whose face it gets; the others keep theirs.</p>"""
_NONE = "Only needed if several people shall be replaced. Find the people first."
_KEPT = "keeps this face"


def build(live: Live, model: Any, clip: Any) -> Any:
    """Makes this part of the page; returns the text such as "0=ben, 2=ana".

    Args:
        live: The workspace.
        model: The component that chooses the model.
        clip: The component that chooses the clip.
    """
    with gr.Accordion("Several people in the clip", open=False):
        gr.HTML(_TEXT, elem_classes="studio")
        find = gr.Button("Find the people of the clip")
        note = gr.HTML(elem_classes="studio")
        live.html(lambda: markup.job_card(live.latest("tracks")))
        offered = [
            gr.Dropdown([(_KEPT, "")], value="", visible=False) for _ in range(_OFFERED)
        ]
        several = gr.Textbox(
            label="Whose face each track gets",
            info="Filled in by the choices above, or typed. Empty: the largest face.",
            placeholder="0=ben, 2=ana",
        )
        live.follow(
            [clip, model],
            lambda *given: _sheet(live, *given),
            lambda *given: _state(live, *given),
            [*offered, several],
        )
        for one in offered:
            one.input(
                lambda name, *chosen: _told(live, name, *chosen),
                [clip, *offered],
                several,
                show_progress="hidden",
            )
        live.same(
            [clip], lambda name: calls.tracks(name, folder(name)) if name else None
        )
        live.action(find, lambda name: _find(live, name), [clip], note)
    return several


def folder(clip: str) -> str:
    """Returns where the tracks of a clip are kept, relative to the workspace."""
    return f"previews/{clip.removeprefix('clips/')}.tracks"


def who(identity: str | None, several: str | None) -> str | Mapping[int, str]:
    """Returns whose face to render, or that of each track.

    Raises:
        ValueError: Nobody was given, or the text is no list of tracks and people.
    """
    if not (several or "").strip():
        if not identity:
            raise ValueError("No person was given. Choose whose face to render.")
        return identity
    pairs = [part.partition("=") for part in str(several).split(",")]
    try:
        return {int(number): name.strip() for number, _, name in pairs}
    except ValueError:
        raise ValueError(
            f"{several!r} was given. Expected numbers of tracks with names, such as "
            "0=ben, 2=ana. Look at the sheet of the tracks."
        ) from None


def _find(live: Live, clip: str | None) -> str:
    if not clip:
        raise ValueError("No clip was given. Choose one above first.")
    target = live.workspace.folder / folder(clip)
    target.parent.mkdir(parents=True, exist_ok=True)
    return live.add(calls.tracks(clip, folder(clip)))


def _state(live: Live, clip: str | None, model: str | None) -> Any:
    found = live.workspace.folder / folder(clip or "") / "sheet.png"
    return clip, model, found.stat().st_mtime_ns if found.is_file() else 0


def _tracks(live: Live, clip: str | None) -> list[tuple[int, str]]:
    """Returns number and label of each track, the longest first, if they are known."""
    place = live.workspace.folder / folder(clip or "")
    if not (clip and (place / "sheet.png").is_file()):
        return []
    rows = sorted(FaceTracks.open(place).rows(), key=lambda row: -row["frames"])
    return [
        (row["track"], f"Track {row['track']}: frames {row['first']} to {row['last']}")
        for row in rows
    ]


def _sheet(live: Live, clip: str | None, model: str | None) -> list[Any]:
    """Returns the sheet, what becomes of the controls, and an empty text."""
    try:
        tracks = _tracks(live, clip)
    except (MediaError, OSError) as error:
        return [markup.note(error, "bad"), *([gr.skip()] * (_OFFERED + 1))]
    names = [(_KEPT, ""), *((n, n) for n in models.identities(live.workspace, model))]
    controls = [
        gr.update(visible=True, label=label, choices=names, value="")
        for _, label in tracks[:_OFFERED]
    ]
    hidden = [gr.update(visible=False, value="")] * (_OFFERED - len(controls))
    shown = markup.note(_NONE)
    if clip and tracks:
        name = f"The tracks of {Path(clip).name}, one row each"
        shown = markup.image(live.workspace, f"{folder(clip)}/sheet.png", name)
    return [shown, *controls, *hidden, ""]


def _told(live: Live, clip: str | None, *chosen: str | None) -> str:
    """Returns the choices as text."""
    numbers = [number for number, _ in _tracks(live, clip)]
    pairs = sorted((n, name) for n, name in zip(numbers, chosen, strict=False) if name)
    return ", ".join(f"{number}={name}" for number, name in pairs)

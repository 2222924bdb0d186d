"""Convert: one person's face in a clip, with a preview of any frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from deepface_models.core.errors import ProvenanceError
from deepface_models.core.registry import names_in
from deepface_models.core.synthetic import synthetic_tags
from deepface_models.web import calls, markup, models
from deepface_models.web.live import Live
from deepface_models.web.look import WIDE
from deepface_models.web.pages import _people
from deepface_models.web.workspace import check_media

NAME = "Convert"
_CODE = Path(__file__).parents[2] / "conversion"
_DEFAULTS = {"mask": "learned*hull*skin", "color": "reinhard", "blend": "laplacian"}
_TEXT = """<p>Choose a model, whose face to render, and a clip. The consent statement
says who agreed to this use, and where that is written down; it becomes part of the
result, and nothing is converted without it.</p>"""
_NONE = "Nothing was converted yet. The results will be here, to play and to download."
_SHOWN = 6  # results
_SHEET = "previews/preview.png"


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    with gr.Row():
        model = gr.Dropdown([], label="Model", min_width=WIDE)
        identity = gr.Dropdown([], label="Whose face to render", min_width=WIDE)
        clip = gr.Dropdown([], label="Clip or picture", min_width=WIDE)
    live.choices(model, lambda: models.swaps(live.workspace))
    live.choices(clip, lambda: live.workspace.clips())
    model.change(
        lambda name: _identities(live, name), model, identity, show_progress="hidden"
    )
    upload = gr.File(label="Or drop one", height=150)
    consent = gr.Textbox(
        label="Consent (required)",
        info="Who agreed to this use, and where it is written down.",
        placeholder="Ana and Ben, release of 2026-03-01, file 17",
        lines=2,
    )
    several = _people.build(live, model, clip)
    look = _look()
    with gr.Row():
        first = gr.Number(0, precision=0, minimum=0, label="First frame")
        last = gr.Number(
            0, precision=0, minimum=0, label="Frame to stop before (0: the end)"
        )
    inputs = [model, identity, clip, consent, several, *look, first, last]
    frame = _previewing(live, inputs)
    button = gr.Button("Convert", variant="primary")
    note = gr.HTML(elem_classes="studio")
    live.html(lambda: _results(live))
    live.same([frame, *inputs], lambda *given: _lines(live, *given))
    live.action(button, lambda *given: _convert(live, *given), inputs, note)
    taken = gr.HTML(elem_classes="studio")
    event = upload.upload(lambda file: _take(live, file), upload, [taken, upload])
    live.after(event)


def _look() -> list[Any]:
    with gr.Accordion("Appearance", open=False), gr.Row():
        return [
            gr.Dropdown(
                list(dict.fromkeys([default, *names_in(_CODE, f"register_{name}")])),
                value=default,
                label=name.capitalize(),
                min_width=WIDE,
            )
            for name, default in _DEFAULTS.items()
        ]


def _previewing(live: Live, inputs: list[Any]) -> Any:
    with gr.Row():
        frame = gr.Number(0, precision=0, minimum=0, label="Frame of the preview")
        button = gr.Button("Preview this frame")
    note = gr.HTML(elem_classes="studio")
    shown = gr.ImageSlider(
        label="Before and after; drag the line",
        buttons=["fullscreen"],
        interactive=False,
        visible=False,
        elem_id="before-after",
    )

    def show(number: float, *given: Any) -> Any:
        try:
            pair = _preview(live, int(number or 0), *given)
        except (ValueError, OSError, ImportError) as error:
            return markup.note(error, "bad"), gr.update(visible=False)
        return "", gr.update(value=pair, visible=True)

    button.click(show, [frame, *inputs], [note, shown], concurrency_limit=1)
    return frame


def _identities(live: Live, model: str | None) -> Any:
    names = models.identities(live.workspace, model)
    return gr.update(choices=names, value=names[-1] if names else None)


def _take(live: Live, file: str) -> tuple[str, None]:
    try:
        check_media(Path(file))
        taken = live.workspace.take([file], "uploads")
    except (ValueError, OSError) as error:
        return markup.note(error, "bad"), None
    return markup.note(f"{taken[0]} is now among the clips; choose it above."), None


def _given(
    model: str | None,
    identity: str | None,
    clip: str | None,
    consent: str | None,
    several: str | None,
    *look: str,
) -> dict[str, Any]:
    """Returns the arguments of a conversion and its preview, all checked."""
    if not (model and clip):
        raise ValueError("No model or no clip was given. Choose both first.")
    if not (consent or "").strip():
        raise ProvenanceError(
            "No consent was given. Expected who agreed to this use, and where that is "
            "written down. Fill in Consent."
        )
    who = _people.who(identity, several)
    names = zip(_DEFAULTS.items(), look[:3], strict=True)
    changed = {name: value for (name, usual), value in names if value != usual}
    return {
        "source": clip,
        "model": model,
        "who": who,
        "consent": str(consent).strip(),
        "look": changed,
        "tracks": None if isinstance(who, str) else _people.folder(clip),
    }


def _call(live: Live, *given: Any) -> calls.Call:
    *most, first, last = given
    checked = _given(*most)
    clip = Path(checked["source"])
    name = f"{clip.stem}_as_{_names(checked['who'])}"
    suffix = clip.suffix if not _is_video(clip) else ".mp4"
    output = live.workspace.free(f"swaps/{name}{suffix}")
    frames = (int(first or 0), int(last) if last else None)
    return calls.convert(
        output=output.relative_to(live.workspace.folder).as_posix(),
        frames=None if frames == (0, None) else frames,
        **checked,
    )


def _lines(live: Live, frame: float, *given: Any) -> tuple[calls.Call, calls.Call]:
    """Returns the calls of the preview and of the conversion."""
    checked = _given(*given[:-2])
    shown = calls.preview(output=_SHEET, frame=int(frame or 0), **checked)
    return shown, _call(live, *given)


def _names(who: str | Mapping[int, str]) -> str:
    return who if isinstance(who, str) else "_".join(dict.fromkeys(who.values()))


def _is_video(clip: Path) -> bool:
    from deepface_models.media.kinds import VIDEO_SUFFIXES

    return clip.suffix.lower() in VIDEO_SUFFIXES


def _convert(live: Live, *given: Any) -> str:
    return live.add(_call(live, *given))


def _preview(live: Live, frame: int, *given: Any) -> tuple[str, str]:
    """Returns images of a frame before and after: the halves of a preview."""
    from deepface_models.conversion import preview
    from deepface_models.media import write_image

    checked = _given(*given[:-2])
    who, folder = checked["who"], live.workspace.folder
    people = {"identity": who} if isinstance(who, str) else {"people": who}
    if checked["tracks"]:
        people["tracks"] = folder / checked["tracks"]
    sheet = preview(
        folder / checked["source"],
        folder / _SHEET,
        models.loaded(live.workspace, checked["model"]),
        frame=frame,
        consent=checked["consent"],
        progress=False,
        **people,
        **checked["look"],
    )
    half = (sheet.shape[1] - 2) // 2
    pair = folder / "previews" / "before.png", folder / "previews" / "after.png"
    write_image(pair[0], sheet[:, :half])
    write_image(pair[1], sheet[:, -half:], synthetic_tags("a preview of a face swap."))
    return str(pair[0]), str(pair[1])


def _results(live: Live) -> str:
    job, found = live.latest("convert"), live.workspace.swaps()
    shown = "".join(
        markup.media(live.workspace, path, "Synthetic:") for path in found[:_SHOWN]
    )
    card = markup.job_card(job, "" if found else _NONE)
    return f'{card}<div class="pairs">{shown}</div>'

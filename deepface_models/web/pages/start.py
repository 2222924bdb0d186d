"""Start: the demo in one click, and clips to try the other pages with."""

from __future__ import annotations

import shutil

import gradio as gr

from deepface_models.web import calls, markup
from deepface_models.web.live import Live

NAME = "Start"
_OUTPUT = "demo"
_QUICK = "Quick check"
_TEXT = """<p>An autoencoder compresses a face to a few numbers. Two people share one
encoder, and each has a decoder of their own: decoding the numbers of one person with
the decoder of the other swaps the face.</p>
<p>The demo does all of it with clips of two speakers of the GRID corpus (CC BY 4.0),
which come with the package: it finds the faces, trains, converts a clip, measures the
result and verifies its signature.</p>
<h2>Your own clips</h2>
<p>Go through the pages from left to right: <strong>Faces</strong> finds the faces of
each person, <strong>Train</strong> makes a model of them, <strong>Convert</strong>
swaps the face in a clip, and <strong>Verify</strong> says what a file is. Swap faces
only with the consent of both people.</p>"""
_RESULTS = {
    "nobody.mp4": "Without training: the face of a person who does not exist",
    "swap.mp4": "After training: the first speaker with the second one's face",
    "frames.jpg": "Frames of the clip above the same frames of the swap",
    "preview.png": "How the training came along, then reconstructions and swaps",
}


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    size = gr.Radio(
        ["Whole demo", _QUICK],
        value="Whole demo",
        label="The demo",
        info="About 5 minutes on two cores; the quick check takes 2, for rough images.",
    )
    with gr.Row():
        run = gr.Button("Run the demo", variant="primary")
        clips = gr.Button("Use the demo's clips on the other pages")
    note = gr.HTML(elem_classes="studio")
    live.html(lambda: _results(live))
    live.same(
        [size],
        lambda chosen: (calls.demo(_OUTPUT, chosen == _QUICK), calls.clips()),
    )
    live.action(
        run,
        lambda chosen: live.add(calls.demo(_OUTPUT, chosen == _QUICK)),
        [size],
        note,
    )
    live.action(clips, lambda: _copy(live), [], note)


def _results(live: Live) -> str:
    folder = live.workspace.folder / _OUTPUT
    job = live.latest("demo")
    shown = [
        markup.media(live.workspace, folder / name, label)
        for name, label in _RESULTS.items()
        if (folder / name).is_file()
    ]
    empty = "The demo's results will be here."
    card = markup.job_card(job, empty if not shown else "")
    return f'{card}<div class="pairs">{"".join(shown)}</div>'


def _copy(live: Live) -> str:
    from deepface_models.demo import CLIPS, PEOPLE

    for name in PEOPLE:
        target = live.workspace.folder / "clips" / name
        target.mkdir(exist_ok=True)
        for clip in sorted((CLIPS / name).glob("*.mpg")):
            shutil.copy(clip, target / clip.name)
    return f"The clips of {' and '.join(PEOPLE)} are there. Go on with the page Faces."

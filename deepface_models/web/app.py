"""The studio's pages in one application."""

from __future__ import annotations

from typing import Any

import gradio as gr

from deepface_models.web.live import Live
from deepface_models.web.pages import (
    convert,
    faces,
    jobs,
    measure,
    start,
    train,
    verify,
    zoo,
)
from deepface_models.web.pages import live as live_page

_HEAD = """<header><h1>deepface_models studio</h1>
<p>Face swaps of people who agreed, from clips to a signed video. Everything stays on
this computer.</p></header>"""
_PAGES = (start, faces, train, convert, measure, verify, zoo, live_page, jobs)


def build(live: Live) -> Any:
    """Returns the application.

    Args:
        live: Connects the pages with the workspace.
    """
    with gr.Blocks(
        title="deepface_models studio",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(3600, 86400),
    ) as blocks:
        gr.HTML(_HEAD, elem_classes="studio")
        with gr.Tabs():
            for page in _PAGES:
                with gr.Tab(page.NAME, id=page.NAME.lower()):
                    page.build(live)
        live.connect(blocks)
    return blocks

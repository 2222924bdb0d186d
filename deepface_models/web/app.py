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
_PAUSE = 0.1  # seconds between looks for an event
_SELDOM = 2.0  # seconds between looks for progress
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
    _rest(blocks)
    return blocks


def _rest(blocks: Any) -> None:
    """Lets Gradio's queue look for work less often, so that an idle studio rests.

    By default it looks for events each millisecond, and for progress, which no page
    shows by the queue, each ten, which costs 6 and 2 % of a core.
    """
    queue = getattr(blocks, "_queue", None)
    if queue is not None:
        queue.sleep_when_free = _PAUSE
        queue.progress_update_sleep_when_free = _SELDOM

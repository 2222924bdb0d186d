"""Colors, letters and spaces of the pages, for light and dark."""

from __future__ import annotations

from typing import Any

WIDE = 220  # pixels of what holds long names: a row of its own on a phone
_LETTERS = ["system-ui", "sans-serif"]
_CODE = ["ui-monospace", "monospace"]


def theme() -> Any:
    """Returns the theme, which loads no fonts."""
    import gradio as gr

    return gr.themes.Base(
        primary_hue="blue", neutral_hue="slate", font=_LETTERS, font_mono=_CODE
    ).set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
    )


HEAD = '<meta name="robots" content="noindex"><link rel="icon" href="data:,">'

CSS = """
.gradio-container { width: min(100%, 72rem) !important; margin: 0 auto !important; }
.gradio-container .main { padding-inline: clamp(.5rem, 3vw, 2rem) !important; }
.block.studio:has(> .html-container > .prose:empty) { display: none; }
.studio p { margin: .5rem 0; line-height: 1.5; max-width: 46rem; }
.studio h1 { font-size: 1.5rem; font-weight: 600; margin: .2rem 0; }
.studio h2 { font-size: 1.15rem; font-weight: 600; margin: .8rem 0 .2rem; }
.studio img, .studio video { max-width: 100%; height: auto; border-radius: .3rem; }
.studio figure { margin: .6rem 0; }
.studio figcaption { font-size: .9rem; overflow-wrap: anywhere; margin-top: .2rem; }
.studio a { color: #1d4ed8; text-decoration: underline; }
.dark .studio a { color: #93c5fd; }
.studio .note { padding: .5rem .8rem; border-left: .25rem solid #64748b;
  background: #64748b1a; overflow-wrap: anywhere; border-radius: .2rem; }
.studio .note.good { border-color: #15803d; background: #15803d1a; }
.studio .note.bad { border-color: #b91c1c; background: #b91c1c1a; }
.studio pre.code { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem;
  background: #64748b1a; padding: .5rem .8rem; margin: .3rem 0; border-radius: .2rem; }
.studio summary { cursor: pointer; }
.studio progress { width: 100%; height: .8rem; accent-color: #1d4ed8; }
.studio .wide { overflow-x: auto; }
.studio table { border-collapse: collapse; font-size: .9rem; width: 100%; }
.studio th, .studio td { text-align: left; padding: .25rem .6rem; vertical-align: top;
  border-bottom: 1px solid #64748b55; }
.studio dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
.studio dt { opacity: .85; } .studio dd { margin: 0; overflow-wrap: anywhere; }
.studio .pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%,
  18rem), 1fr)); gap: 1rem; align-items: start; }
.studio svg { width: 100%; height: auto; max-width: 36rem; }
.studio svg text { fill: currentColor; font-size: 13px; }
.studio svg .axis { stroke: currentColor; fill: none; opacity: .6; }
.studio svg .dot { fill: #2563eb; }
.studio svg .curve { fill: none; stroke-width: 2; stroke: #2563eb; }
.studio svg .c1 { stroke: #d97706; }
.studio .key::before { content: ""; display: inline-block; width: 1rem; height: .2rem;
  background: #2563eb; margin: 0 .4rem .2rem 0; }
.studio .key.c1::before { background: #d97706; }
.studio iframe { width: 100%; height: min(44rem, 90vh); border: 0;
  border-radius: .3rem; }
.studio .key { margin-right: 1.2rem; }
"""

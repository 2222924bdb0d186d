"""Face swaps in the frames of a camera as they come, and where to watch them."""

from __future__ import annotations

from deepface_models.streaming.label import LABEL
from deepface_models.streaming.page import serve
from deepface_models.streaming.session import LiveFrame, LiveSwap, live
from deepface_models.streaming.stats import LiveStats
from deepface_models.streaming.window import show_window

__all__ = [
    "LABEL",
    "LiveFrame",
    "LiveStats",
    "LiveSwap",
    "live",
    "serve",
    "show_window",
]

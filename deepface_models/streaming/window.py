"""`show_window`: shows a live swap in a window."""

from __future__ import annotations

from typing import Any

from deepface_models.core.errors import MissingDependencyError
from deepface_models.streaming.label import LABEL
from deepface_models.streaming.session import LiveSwap


def show_window(frames: LiveSwap) -> None:
    """Shows a live swap in a window until it ends or the window is closed.

    Args:
        frames: From `live`. It is closed at the end.

    Raises:
        MissingDependencyError: Python has no tkinter here.
        OSError: There is no display.

    Example:
        >>> who = {"identity": "ben", "consent": "Ana and Ben, file 17"}
        >>> frames = live(model, **who)  # doctest: +SKIP
        >>> show_window(frames)  # doctest: +SKIP
    """
    with frames:
        tkinter, window = _window()
        window.protocol("WM_DELETE_WINDOW", frames.stop)
        label = tkinter.Label(window, borderwidth=0)
        label.pack()
        try:
            for frame in frames:
                height, width = frame.image.shape[:2]
                data = b"P6 %d %d 255 " % (width, height) + frame.image.tobytes()
                # The label must hold it, or Python deletes it.
                label.image = tkinter.PhotoImage(data=data, format="PPM")
                label.configure(image=label.image)
                window.update()
        finally:
            window.destroy()


def _window() -> tuple[Any, Any]:
    try:
        import tkinter
    except ImportError as error:
        raise MissingDependencyError(
            "A window was asked for, but Python has no tkinter here. Expected it as a "
            "part of Python. Install it (Debian: apt install python3-tk), or use the "
            'page: pip install "deepface_models[live]"'
        ) from error
    try:
        window = tkinter.Tk()
    except tkinter.TclError as error:
        raise OSError(
            f"A window was asked for, but there is no display ({error}). Expected a "
            'desktop. Use the page instead: pip install "deepface_models[live]"'
        ) from error
    window.title(LABEL)
    return tkinter, window

"""Console output: safe text, warnings and errors as lines, no start-up messages."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from deepface_models.core.display import layout, message

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


class _Lines(logging.Handler):
    """Prints log records to the current `sys.stderr`, which progress bars replace."""

    def emit(self, record: logging.LogRecord) -> None:
        """Prints one record: results as they are, warnings and errors by name."""
        text = message(record.getMessage())
        if record.levelno == logging.INFO:
            echo(text)
            return
        print(f"{record.levelname.lower()}: {text}", file=sys.stderr)


class Parser(argparse.ArgumentParser):
    """An argument parser whose messages escape unsafe characters of file names."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Prints a message, if any, and ends the program."""
        super().exit(status, layout(message) if message else None)


def echo(text: object) -> None:
    """Prints a command's result, with unsafe characters escaped."""
    print(layout(str(text)), flush=True)


@contextmanager
def plain_messages() -> Iterator[None]:
    """Prints the package's log records as lines; escapes what it cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logger, handler = logging.getLogger("deepface_models"), _Lines()
    training = logging.getLogger("deepface_models.training")
    level = training.level
    training.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        training.setLevel(level)


def error(problem: BaseException) -> None:
    """Prints an error as one message."""
    text = str(problem) or type(problem).__name__
    if isinstance(problem, ImportError) and type(problem).__module__ == "builtins":
        text = f"{text}. Run deepface-models doctor to see what is not installed."
    print(f"error: {message(text)}", file=sys.stderr)


def show_traceback() -> None:
    """Prints the traceback of the exception that is being handled."""
    print(layout(traceback.format_exc()), end="", file=sys.stderr)


def import_keras_quietly() -> None:
    """Imports Keras and its backend without their start-up messages.

    Set TF_CPP_MIN_LOG_LEVEL=0 to see them.
    """
    if os.environ.setdefault(_LEVEL, "3") != "0":
        # TensorFlow prints some lines before it reads the variable.
        with _held_back():
            import keras
    else:
        import keras  # noqa: F401


@contextmanager
def _held_back() -> Iterator[None]:
    """Hides what native code writes to standard error, unless an exception occurs."""
    try:
        shown = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            yield
        except Exception:
            hidden.seek(0)
            os.write(shown, hidden.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)

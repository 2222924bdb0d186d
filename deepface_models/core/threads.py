"""How many threads OpenCV and TensorFlow use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

_VARIABLE = "TF_NUM_INTRAOP_THREADS"


def one_tensorflow_thread() -> None:
    """Lets TensorFlow compute an operation in one thread, on one or two cores.

    For one face at a time, the second thread takes more time than it saves where other
    threads use the cores too. It has an effect before the first operation only, and
    none if the environment variable is set already.
    """
    if (os.cpu_count() or 1) <= 2:
        os.environ.setdefault(_VARIABLE, "1")


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Lets OpenCV use one thread for each call, where others share the cores."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)

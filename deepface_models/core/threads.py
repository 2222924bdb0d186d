"""TensorFlow's threads."""

from __future__ import annotations

import os

_VARIABLE = "TF_NUM_INTRAOP_THREADS"


def one_tensorflow_thread() -> None:
    """Lets TensorFlow compute an operation in one thread, on one or two cores.

    For one face at a time, the second thread takes more time than it saves where other
    threads use the cores too. It has an effect before the first operation only, and
    none if the environment variable is set already.
    """
    if (os.cpu_count() or 1) <= 2:
        os.environ.setdefault(_VARIABLE, "1")

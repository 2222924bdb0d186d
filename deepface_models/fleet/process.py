"""The process of a worker of the local engine: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import TextIO

from deepface_models.fleet.rows import Item, Stop
from deepface_models.fleet.worker import Worker, start


def main() -> None:
    """Reads kind and settings, then a clip a line; answers each line with one.

    What libraries print goes to the standard error. The process ends with its input.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started it decides
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape")
    os.dup2(2, 1)
    sys.stdin.reconfigure(  # type: ignore[union-attr]
        encoding="utf-8", errors="surrogateescape"
    )
    worker = start(*json.loads(sys.stdin.readline()))
    _answer(answers, worker if isinstance(worker, Stop) else True)
    if isinstance(worker, Worker):
        try:
            for line in sys.stdin:
                _answer(answers, worker.work(Item(*json.loads(line))))
        finally:
            worker.close()


def _answer(answers: TextIO, value: object) -> None:
    answers.write(f"{json.dumps(value)}\n")
    answers.flush()

"""Face embeddings computed on several CPU cores.

dlib's network holds Python's global interpreter lock while it computes, so threads do
not help. Workers are plain subprocesses instead of a multiprocessing pool, which would
run the user's script again unless it is guarded by `if __name__ == "__main__"`.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import TracebackType

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.helpers import helper_command, helper_environment
from deepface_models.faces.embedding import CHIP_SIZE, embed_chips

_CHIP_BYTES = CHIP_SIZE * CHIP_SIZE * 3


class EmbeddingWorkers:
    """Computes embeddings in helper processes, started on first use.

    Args:
        count: Number of helper processes; below two, this process computes everything.
    """

    def __init__(self, count: int):
        self._count = count
        self._free: queue.Queue[subprocess.Popen[bytes]] = queue.Queue()
        self._all: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def embed(self, chips: Sequence[Array]) -> Array:
        """Returns the embeddings of 150 px RGB uint8 chips, (N, 128) float32."""
        if self._count < 2 or not len(chips):
            return embed_chips(chips)
        helper = self._take()
        try:
            rows = _ask(helper, chips)
        except (OSError, ValueError):
            _close(helper)  # it died: compute here instead
            rows = embed_chips(chips)
        self._free.put(helper)
        return rows

    def _take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._free.empty() and len(self._all) < self._count:
                self._all.append(_start())
                return self._all[-1]
        return self._free.get()

    def __enter__(self) -> EmbeddingWorkers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for helper in self._all:
            _close(helper)


def _close(helper: subprocess.Popen[bytes]) -> None:
    if helper.stdin is not None:
        with contextlib.suppress(OSError):
            helper.stdin.close()
    helper.wait()
    if helper.stdout is not None:
        helper.stdout.close()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        helper_command(__name__, serve.__name__),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=helper_environment(),
    )


def _ask(helper: subprocess.Popen[bytes], chips: Sequence[Array]) -> Array:
    if helper.stdin is None or helper.stdout is None:
        raise OSError("The helper has no pipes.")
    helper.stdin.write(struct.pack("<I", len(chips)))
    for chip in chips:
        helper.stdin.write(np.ascontiguousarray(chip).tobytes())
    helper.stdin.flush()
    data = helper.stdout.read(len(chips) * 512)
    return np.frombuffer(data, "<f4").reshape(len(chips), 128).copy()


def serve() -> None:
    """Reads chips from standard input and writes their embeddings, until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent closes the input
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(4)) == 4:
        (count,) = struct.unpack("<I", head)
        data = np.frombuffer(source.read(count * _CHIP_BYTES), np.uint8)
        chips = data.reshape(count, CHIP_SIZE, CHIP_SIZE, 3)
        target.write(embed_chips(list(chips)).astype("<f4").tobytes())
        target.flush()

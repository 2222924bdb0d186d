"""A worker: loads what is needed once, and turns clips into rows."""

from __future__ import annotations

import errno
import logging
import shutil
import time
from collections.abc import Mapping
from typing import Any

from deepface_models.core.errors import FaceNotFoundError
from deepface_models.core.files import sha256_path
from deepface_models.fleet.addresses import base_name
from deepface_models.fleet.rows import (
    DONE,
    FAILED,
    NO_FACE,
    Item,
    Row,
    Stop,
    message_of,
    new_row,
    stop_of,
)
from deepface_models.fleet.slots import Slot
from deepface_models.fleet.tasks import TASKS, Task
from deepface_models.fleet.transfers import fetched, placed

_log = logging.getLogger("deepface_models")
# Of the machine: the worker would fail with every clip, faster than others succeed.
_FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class Worker:
    """Works on clips, one after the other.

    Args:
        kind: One of `TASKS`.
        spec: The settings of the work, as JSON values; the model may be an object.
        cpus: How many cores to keep to, or None.

    Raises:
        Exception: The model or something else that all clips need cannot be loaded.
    """

    def __init__(self, kind: str, spec: Mapping[str, Any], cpus: int | None) -> None:
        self._slot = Slot(cpus)
        try:
            self._task: Task = TASKS[kind](spec, self._slot.folder)
        except BaseException:
            self.close()
            raise

    def work(self, item: Item) -> Row | Stop:
        """Returns the row of a clip; a `Stop` if no clip could be worked on here."""
        begun = time.monotonic()
        row = new_row(item, DONE)
        try:
            row |= self._run(item)
        except FaceNotFoundError as error:
            row = new_row(item, NO_FACE, self._said(error, item))
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _FATAL:
                return Stop("OSError", f"{row['worker']}: {message_of(error)}")
            if not isinstance(error, ValueError | OSError | ImportError):
                _log.exception("%s", item.source)
            row = new_row(item, FAILED, self._said(error, item))
        row["seconds"] = round(time.monotonic() - begun, 3)
        return row

    def close(self) -> None:
        """Removes copies and gives the cores back."""
        self._slot.close()

    def _said(self, error: BaseException, item: Item) -> str:
        """Returns an error's message, with addresses for paths of their copies."""
        said = message_of(error)
        for name, address in (("source", item.source), ("result", item.output)):
            copy = self._slot.folder / name / base_name(address)
            said = said.replace(str(copy), address)
        return said

    def _run(self, item: Item) -> dict[str, Any]:
        folder = self._slot.folder
        source = fetched(item.source, folder / "source")
        try:
            with placed(item.output, folder / "result") as output:
                facts = self._task.run(source, output, item.source)
                digest = sha256_path(output)
        finally:
            for name in ("source", "result"):
                shutil.rmtree(folder / name, ignore_errors=True)
        return {**facts, "sha256": digest}


def start(kind: str, spec: Mapping[str, Any], cpus: int | None) -> Worker | Stop:
    """Returns a worker, or why there can be none."""
    try:
        return Worker(kind, spec, cpus)
    except Exception as error:
        return stop_of(error)

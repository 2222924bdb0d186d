"""A worker's place on its machine: a folder for copies, and cores of its own."""

from __future__ import annotations

import getpass
import itertools
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from deepface_models.core.errors import InUseError
from deepface_models.core.locks import hold


class Slot:
    """A folder of this machine that nothing else uses, and cores for one worker.

    Both are taken by locks that end with the process. So the next worker finds the
    folder of a killed one, and empties it. On Linux the process is bound to its cores,
    as long as there are free ones: each library would start a thread for each core of
    the machine, in every worker.

    Args:
        cpus: How many cores; None for all of them, with other programs.

    Attributes:
        folder: The folder, empty at first.
        cores: The numbers of the cores; empty if the process is not bound.
    """

    def __init__(self, cpus: int | None) -> None:
        self._held = ExitStack()
        home = _home()
        for number in itertools.count():
            self.folder = home / f"worker-{number}"
            if _take(self.folder, self._held):
                break
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.cores = [] if cpus is None else self._bind(home, cpus)

    def close(self) -> None:
        """Removes the folder and gives the place back."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._held.close()

    def _bind(self, home: Path, cpus: int) -> list[int]:
        os.environ.setdefault("OMP_NUM_THREADS", str(cpus))
        if not hasattr(os, "sched_setaffinity"):
            return []
        cores: list[int] = []
        with ExitStack() as held:
            for core in sorted(os.sched_getaffinity(0)):
                if len(cores) < cpus and _take(home / f"core-{core}", held):
                    cores.append(core)
            if len(cores) < cpus:
                return []
            self._held.push(held.pop_all())
        os.sched_setaffinity(0, cores)
        return cores


def _take(place: Path, held: ExitStack) -> bool:
    try:
        held.enter_context(hold(place))
    except InUseError:
        return False
    return True


def _home() -> Path:
    """Returns this user's folder of slots, which no other user can change.

    Raises:
        PermissionError: Another user has made it.
    """
    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    home = Path(tempfile.gettempdir()) / f"deepface_models-fleet-{user}"
    home.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and home.lstat().st_uid != os.getuid():
        raise PermissionError(
            f"{home} belongs to another user. Expected a folder of your own. Set "
            "TMPDIR to another folder for temporary files."
        )
    return home
